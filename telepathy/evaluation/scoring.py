"""Turn label scores or generated text into rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from telepathy.data.answers import final_answer, label_of
from telepathy.data.rows import Item
from telepathy.data.verbalizer import Verbalizer
from telepathy.files import text_sha256
from telepathy.models.frozen import FrozenLM
from telepathy.models.prefix import SharedPrefix
from telepathy.progress import progress
from telepathy.receiver import decode, label_scores
from telepathy.record import Row

Batch = tuple[list[int], list[list[int]], Tensor | None]
"""Indices of items, their token prefixes, and soft tokens `[B, K, d]` or None."""

BATCH_ROWS = 32


def batches(
    items: Sequence[Item], prepare: Callable[[list[Item]], tuple[list[list[int]], Tensor | None]]
) -> Iterator[Batch]:
    """Cut items into batches of similar text length (fast), remembering their places."""
    order = sorted(range(len(items)), key=lambda index: (len(items[index].text), items[index].id))
    for start in progress("evaluate", range(0, len(order), BATCH_ROWS), unit="batch"):
        chosen = order[start : start + BATCH_ROWS]
        yield chosen, *prepare([items[index] for index in chosen])


def score_labels(
    model: FrozenLM,
    items: Sequence[Item],
    verbalizer: Verbalizer,
    source: Iterator[Batch],
    prior: Tensor | None = None,
    shared: SharedPrefix | None = None,
) -> Tensor:
    """Log-probabilities of labels, `[items, labels]`; with a prior `[labels]`, divided by it and renormalised.

    With `shared`, the source's prefixes are what follows that beginning.
    """
    scores = torch.zeros(len(items), len(verbalizer.labels))
    for chosen, prefixes, soft in source:
        scores[chosen] = label_scores(model, prefixes, verbalizer, soft, shared)
    return scores if prior is None else calibrated(scores, prior)


def calibrated(scores: Tensor, prior: Tensor) -> Tensor:
    """Label scores `[items, labels]` divided by a prior `[labels]` and renormalised, all as logarithms."""
    return (scores - prior).log_softmax(-1)


def label_accuracy(items: Sequence[Item], labels: Sequence[str], scores: Tensor) -> float:
    """Share of items whose label of the highest score (first of equals) is the gold one."""
    best = [labels[line.index(max(line))] for line in scores.tolist()]
    return sum(label == item.gold for label, item in zip(best, items, strict=True)) / len(items)


def label_rows(items: Sequence[Item], labels: Sequence[str], scores: Tensor, prompts: Sequence[str]) -> list[Row]:
    """Rows of a closed label set: the prediction is the label of the highest score (first of equals)."""
    rows = []
    for item, line, prompt in zip(items, scores.tolist(), prompts, strict=True):
        shown = {label: float(f"{score:.6g}") for label, score in zip(labels, line, strict=True)}
        best = labels[line.index(max(line))]
        rows.append(Row(item.id, item.text_sha256, text_sha256(prompt), item.gold, best, True, shown, None))
    return rows


def text_rows(
    model: FrozenLM,
    items: Sequence[Item],
    task: dict[str, Any],
    source: Iterator[Batch],
    prompts: Sequence[str],
) -> list[Row]:
    """Rows of open answers: greedy decoding, then the one parser."""
    outputs = written(model, len(items), source, task["max_new_tokens"])
    rows = []
    for item, output, prompt in zip(items, outputs, prompts, strict=True):
        found = final_answer(output, task["final"], task["pattern"], task["stop"])
        keys = (item.id, item.text_sha256, text_sha256(prompt), item.gold)
        rows.append(Row(*keys, found, found is not None, None, output, item.text, item.entities))
    return rows


def written_rows(
    model: FrozenLM,
    items: Sequence[Item],
    labels: Sequence[str],
    source: Iterator[Batch],
    prompts: Sequence[str],
    max_new_tokens: int,
) -> list[Row]:
    """Rows of a closed label set that the model answers in writing: greedy decoding, then `label_of`.

    A row whose output names no label, or more than one, is not parsed and has no prediction.
    """
    outputs = written(model, len(items), source, max_new_tokens)
    rows = []
    for item, output, prompt in zip(items, outputs, prompts, strict=True):
        found = label_of(output, labels)
        rows.append(
            Row(item.id, item.text_sha256, text_sha256(prompt), item.gold, found, found is not None, None, output)
        )
    return rows


def written(model: FrozenLM, count: int, source: Iterator[Batch], max_new_tokens: int) -> list[str]:
    """Greedy outputs of `count` items, in their order."""
    outputs = [""] * count
    for chosen, prefixes, soft in source:
        for index, text in zip(chosen, decode(model, prefixes, soft, max_new_tokens), strict=True):
            outputs[index] = text
    return outputs
