"""Text relay: the sender writes about the text, the receiver answers from that (phases 20 to 24).

The receiver reads its ordinary prompt, with the class names in it, around the sender's words instead of the text. The
record's later script left the class names out, which is what its relay scores measured.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telepathy.baselines.memo import Memo
from telepathy.baselines.outcome import Fitted
from telepathy.baselines.reading import WRITTEN_TOKENS, TextReader, open_reader
from telepathy.data.prompts import fill, name_labels, reading
from telepathy.data.prompts import fit as filled
from telepathy.data.rows import Item
from telepathy.evaluation.scoring import batches, written
from telepathy.record import Row

SUMMARIES: Memo[list[str]] = Memo(4)
"""What senders of this process wrote: receivers that score and receivers that write answer from the same words."""


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Open both models; nothing is learned."""
    recipe, task = spec["recipe"], spec["task"]
    sender, receiver = (open_reader(spec, cache, role) for role in ("sender", "receiver"))
    prompt, way = name_labels(recipe["prompt"], task["labels"]), recipe["answer"]
    resolved: dict[str, Any] = {"decoding": {"greedy": True, "max_new_tokens": recipe["max_new_tokens"]}}
    if task["labels"] and way == "written":
        resolved["answer_decoding"] = {"greedy": True, "max_new_tokens": WRITTEN_TOKENS}

    def answer(items: list[Item]) -> list[Row]:
        summaries = summarise(sender, items, prompt, recipe["max_new_tokens"])
        resolved["mean_summary_characters"] = round(sum(map(len, summaries)) / len(summaries), 1)
        return receiver.answers(items, [receiver.prompt(summary) for summary in summaries], way)

    return Fitted(answer, resolved, receiver.model.device, receiver.model.dtype)


def summarise(sender: TextReader, items: Sequence[Item], prompt: str, max_new_tokens: int) -> list[str]:
    """Greedy texts by the sender, their white space folded, one for each item; written once a process."""
    model = sender.model
    # As much of the text as in the task's own prompt, however long the question around it is.
    asked, ordinary = (len(model.tokens(fill(template, ""))) for template in (prompt, sender.template))
    limit = sender.task["max_tokens"] + asked - ordinary

    def prepare(chosen: list[Item]) -> tuple[list[list[int]], None]:
        return [reading(model, filled(model, prompt, item.text, limit)) for item in chosen], None

    def write() -> list[str]:
        return [" ".join(text.split()) for text in written(model, len(items), batches(items, prepare), max_new_tokens)]

    settings = [str(sender.folder), str(model.device), str(model.dtype), prompt, limit, max_new_tokens]
    return SUMMARIES.get([settings, [[item.id, item.text_sha256] for item in items]], write)
