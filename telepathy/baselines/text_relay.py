"""Text relay: the sender writes a summary, the receiver answers from it (phases 20 to 24).

The receiver reads its ordinary prompt, with the class names in it, around the summary instead of the text. The
record's later script left the class names out, which is what its relay scores measured.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from telepathy.baselines.outcome import Outcome
from telepathy.data.prompts import continuation, fit, reading
from telepathy.data.rows import Item, read_split
from telepathy.data.verbalizer import make_verbalizer
from telepathy.device import deterministic, pick_device
from telepathy.evaluation.scoring import Batch, batches, label_rows, score_labels, text_rows
from telepathy.models.frozen import FrozenLM, frozen
from telepathy.receiver import decode


def run(spec: dict[str, Any], cache: Path) -> Outcome:
    """Evaluate on the test rows."""
    deterministic()
    task, recipe = spec["task"], spec["recipe"]
    sender, receiver = (
        frozen(cache / "models" / spec["models"][role], spec["compute"], pick_device())
        for role in ("sender", "receiver")
    )
    items = read_split(cache / "data" / spec["data"], "test")
    summaries = summarise(sender, items, recipe, task["max_tokens"])
    template = task["zero_shot_prompt"] or task["sender_prompt"]
    prompts = [fit(receiver, template, summary, task["max_tokens"]) for summary in summaries]
    by_id = dict(zip((item.id for item in items), prompts, strict=True))

    def prepare(chosen: list[Item]) -> tuple[list[list[int]], None]:
        return [reading(receiver, by_id[item.id]) for item in chosen], None

    source: Iterator[Batch] = batches(items, prepare)
    resolved = {"mean_summary_characters": round(sum(map(len, summaries)) / len(summaries), 1)}
    if not task["labels"]:
        rows = text_rows(receiver, items, task, source, prompts)
        return Outcome(rows, receiver.device, receiver.dtype, resolved)
    labels = {label: receiver.tokens(continuation(template, label)) for label in task["labels"]}
    verbalizer = make_verbalizer(labels, receiver.tokenizer.eos_token_id)
    scores = score_labels(receiver, items, verbalizer, source)
    return Outcome(label_rows(items, verbalizer.labels, scores, prompts), receiver.device, receiver.dtype, resolved)


def summarise(sender: FrozenLM, items: Sequence[Item], recipe: dict[str, Any], max_tokens: int) -> list[str]:
    """Greedy summaries by the sender, their white space folded, one for each item."""
    summaries = [""] * len(items)

    def prepare(chosen: list[Item]) -> tuple[list[list[int]], None]:
        return [reading(sender, fit(sender, recipe["prompt"], item.text, max_tokens)) for item in chosen], None

    for chosen, prefixes, _ in batches(items, prepare):
        for index, text in zip(chosen, decode(sender, prefixes, None, recipe["max_new_tokens"]), strict=True):
            summaries[index] = " ".join(text.split())
    return summaries
