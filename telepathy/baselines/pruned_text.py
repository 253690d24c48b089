"""The receiver reads as many tokens of the text as a bridge has soft tokens.

Either the words that the sender expects least, in their order (Jiang et al. 2023), or the first tokens. No claim that a
bridge compresses a text holds without this.
"""

from pathlib import Path
from typing import Any

from telepathy.baselines.outcome import Fitted
from telepathy.baselines.reading import TextReader, open_reader
from telepathy.baselines.surprisal import pruned, word_surprisals
from telepathy.data.prompts import fit as filled
from telepathy.data.rows import Item
from telepathy.models.frozen import FrozenLM
from telepathy.record import Row


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Open the models; nothing is learned, and a prior comes from texts without content."""
    recipe, budget = spec["recipe"], spec["recipe"]["tokens"]
    by_sender = recipe["criterion"] == "surprisal"
    receiver = open_reader(spec, cache, "receiver")
    sender = open_reader(spec, cache, "sender") if by_sender else None
    prior = receiver.prior() if recipe["calibrated"] else None
    resolved: dict[str, Any] = {"budget": budget}

    def answer(items: list[Item]) -> list[Row]:
        kept = unexpected_words(sender, receiver.model, items, budget) if sender else [item.text for item in items]
        texts = [first_tokens(receiver.model, text, budget) for text in kept]
        lengths = [len(receiver.model.tokens(text)) for text in texts]
        wholes = [len(receiver.model.tokens(item.text)) for item in items]
        shares = [length / whole for length, whole in zip(lengths, wholes, strict=True)]
        resolved["mean_kept_tokens"] = round(sum(lengths) / len(items), 2)
        resolved["mean_kept_share"] = round(sum(shares) / len(items), 4)
        return receiver.answers(items, [receiver.prompt(text) for text in texts], "scored", prior)

    return Fitted(answer, resolved, receiver.model.device, receiver.model.dtype)


def unexpected_words(sender: TextReader, receiver: FrozenLM, items: list[Item], budget: int) -> list[str]:
    """Texts without the words that the sender expects most, so few that the receiver reads at most `budget` tokens.

    A single word that is longer than that stays whole.
    """
    texts = [filled(sender.model, "{text}", item.text, sender.task["max_tokens"]) for item in items]
    surprisals = word_surprisals(sender.model, items, texts)

    def fits(text: str) -> bool:
        return len(receiver.tokens(text)) <= budget

    return [pruned(text.split(), found, fits) for text, found in zip(texts, surprisals, strict=True)]


def first_tokens(reader: FrozenLM, text: str, budget: int) -> str:
    """The longest beginning of a text that ends with one of its tokens and is read as at most `budget` tokens."""
    spans = reader.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    if len(spans) <= budget:
        return text
    # What is left may have other tokens at its end than the whole text had there.
    for _, end in reversed(spans[:budget]):
        if len(reader.tokens(text[:end])) <= budget:
            return text[:end]
    return ""
