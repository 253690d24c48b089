"""Which training rows a run uses, and the control that breaks their labels."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from telepathy.data.rows import Item
from telepathy.data.splits import apportion
from telepathy.errors import fail


def some(items: Sequence[Item], number: int | None, by_label: bool) -> list[Item]:
    """The first rows of each label, in proportion, in their order; all of them if `number` is None.

    Smaller selections are parts of larger ones, up to the rounding of the labels' shares.

    Raises:
        UserError: more rows than there are.
    """
    if number is None:
        return list(items)
    if number > len(items):
        what = f"{number} training rows asked for, {len(items)} prepared"
        raise fail("training.rows", what, "raise the task's `rows.train` in the preset, or ask for fewer")
    if not by_label:
        return list(items[:number])
    left = Counter(apportion(dict(sorted(Counter(item.gold for item in items).items())), number))
    chosen = []
    for item in items:
        if left[item.gold] > 0:
            left[item.gold] -= 1
            chosen.append(item)
    return chosen


def permuted(items: Sequence[Item], seed: int) -> list[Item]:
    """The same rows and the same labels, put together at random once and for all."""
    golds = [(item.gold, item.target) for item in items]
    random.Random(f"labels {seed}").shuffle(golds)
    return [replace(item, gold=gold, target=target) for item, (gold, target) in zip(items, golds, strict=True)]
