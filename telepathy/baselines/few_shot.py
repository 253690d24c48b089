"""One model reads solved training rows before the text (Brown et al. 2020)."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telepathy.baselines.outcome import Fitted
from telepathy.baselines.reading import open_reader
from telepathy.data.prompts import after_shots
from telepathy.data.rows import Item, read_split
from telepathy.evaluation.scoring import label_rows
from telepathy.record import Row


def draw(items: Sequence[Item], labels: Sequence[str], shots: int, seed: int) -> list[Item]:
    """Rows to show, in a random order: `shots` of each class, or all where a class has fewer."""
    chance = random.Random(seed)
    shown = []
    for label in labels:
        of_class = [item for item in items if item.gold == label]
        shown += chance.sample(of_class, min(shots, len(of_class)))
    chance.shuffle(shown)
    return shown


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Draw the rows to show."""
    recipe, labels = spec["recipe"], spec["task"]["labels"]
    reader = open_reader(spec, cache, "reader")
    train = read_split(cache / "data" / spec["data"], "train")
    shown = draw(train, labels, recipe["shots"], spec["seed"])
    shots = [(reader.prompt(item.text, recipe["max_tokens"]), item.gold) for item in shown]

    def answer(items: list[Item]) -> list[Row]:
        prompts = [after_shots(reader.template, shots, reader.prompt(item.text)) for item in items]
        return label_rows(items, labels, reader.scores_after_shots(items, prompts), prompts)

    counts = Counter(item.gold for item in shown)
    resolved = {"shown": [item.id for item in shown], "shots": {label: counts[label] for label in labels}}
    return Fitted(answer, resolved, reader.model.device, reader.model.dtype)
