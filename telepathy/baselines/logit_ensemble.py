"""Sender and receiver both read the text; their label scores are mixed, with no bridge between them.

The score of a label is share·log p(sender) + (1 - share)·log p(receiver), renormalised: a geometric mean. The share is
the first with the best validation accuracy.
"""

from pathlib import Path
from typing import Any

from torch import Tensor

from telepathy.baselines.outcome import Fitted
from telepathy.baselines.reading import open_reader
from telepathy.data.rows import Item, read_split
from telepathy.evaluation.scoring import label_accuracy, label_rows
from telepathy.record import Row


def mixed(sender: Tensor, receiver: Tensor, share: float) -> Tensor:
    """Mix log-probabilities `[items, labels]`."""
    return (share * sender + (1 - share) * receiver).log_softmax(-1)


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Choose the sender's share on validation rows."""
    recipe, labels = spec["recipe"], spec["task"]["labels"]
    readers = [open_reader(spec, cache, role) for role in ("sender", "receiver")]
    priors = [reader.prior() if recipe["calibrated"] else None for reader in readers]

    def read(items: list[Item]) -> tuple[list[list[str]], list[Tensor]]:
        prompts = [[reader.prompt(item.text) for item in items] for reader in readers]
        parts = zip(readers, prompts, priors, strict=True)
        return prompts, [reader.scores(items, shown, prior) for reader, shown, prior in parts]

    held_out = read_split(cache / "data" / spec["data"], "validation")
    _, (sender, receiver) = read(held_out)
    accuracies = [label_accuracy(held_out, labels, mixed(sender, receiver, share)) for share in recipe["shares"]]
    share = recipe["shares"][accuracies.index(max(accuracies))]

    def answer(items: list[Item]) -> list[Row]:
        prompts, (sender, receiver) = read(items)
        shown = ["\0".join(both) for both in zip(*prompts, strict=True)]
        return label_rows(items, labels, mixed(sender, receiver, share), shown)

    resolved = {"share": share, "validation_accuracy": max(accuracies)}
    return Fitted(answer, resolved, readers[1].model.device, readers[1].model.dtype)
