"""Choose the rows of each split: no text twice, no test text in training, stratified, whatever the order."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from telepathy.config.tasks import Rows
from telepathy.data.items import squeeze
from telepathy.data.rows import Item
from telepathy.errors import fail

SEED = 0  # fixed: another seed would be another benchmark


@dataclass
class Counts:
    """Why rows were left out.

    Attributes:
        duplicates: rows whose text an earlier row has, with the same label.
        conflicting: rows whose text stands with different labels; all of them are left out.
        in_test: training rows whose text is in the source's test split.
    """

    duplicates: int = 0
    conflicting: int = 0
    in_test: int = 0


@dataclass
class Chosen:
    """The rows of each split in their fixed order, and the account of what was left out."""

    splits: dict[str, list[Item]]
    counts: Counts
    available: dict[str, int] = field(default_factory=dict)


def key(text: str) -> str:
    """What makes two texts equal: white space and case are folded."""
    return squeeze(text).casefold()


def rank(item: Item) -> str:
    """An item's place in the fixed pseudo-random order; it depends on the text alone."""
    return hashlib.sha256(f"{SEED}\n{key(item.text)}".encode()).hexdigest()


def choose(train: list[Item], test: list[Item] | None, rows: Rows, by_label: bool) -> Chosen:
    """Choose the rows of train, validation and test.

    Test rows are the first of each label in the fixed order, then come the validation rows; training rows are
    taken from the other end. So another number of training rows never changes which rows are tested.

    Args:
        train: items of the source's training split, or all items.
        test: items of the source's test split; None where all three splits are cut from `train`.
        rows: how many rows of each split.
        by_label: whether to keep the shares of the labels (closed label sets).

    Raises:
        UserError: fewer rows than asked for.
    """
    counts = Counts()
    tested = {key(item.text) for item in test or []}
    fresh = [item for item in train if key(item.text) not in tested]
    counts.in_test = len(train) - len(fresh)
    pool = _strata(_unique(fresh, counts), by_label)
    if test is None:
        available = {"all": _size(pool)}
        asked = rows.train + rows.validation + rows.test
        _enough("", _size(pool), asked, "train + validation + test", counts)
        picked_test = _take(pool, rows.test)
    else:
        official = _strata(_unique(test, counts), by_label)
        available = {"train": _size(pool), "test": _size(official)}
        asked = rows.train + rows.validation
        _enough(" for training and validation", _size(pool), asked, "train + validation", counts)
        _enough(" for the test", _size(official), rows.test, "test", counts)
        picked_test = _take(official, rows.test)
    picked_validation = _take(pool, rows.validation)
    for stratum in pool.values():
        stratum.reverse()
    picked_train = _take(pool, rows.train)
    splits = {"train": picked_train, "validation": picked_validation, "test": picked_test}
    return Chosen({name: sorted(items, key=rank) for name, items in splits.items()}, counts, available)


def _enough(what_for: str, there: int, asked: int, name: str, counts: Counts) -> None:
    if there < asked:
        reasons = {name.replace("_", " "): number for name, number in vars(counts).items()}
        left_out = [f"{number} {reason}" for reason, number in reasons.items() if number]
        why = f" ({', '.join(left_out)} left out)" if left_out else ""
        what = f"there are {there} usable rows{what_for}{why}, but {name} ask for {asked}"
        raise fail("rows", what, "lower the task's `rows` in the preset, or give more data")


def _unique(items: Iterable[Item], counts: Counts) -> list[Item]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item.text)].append(item)
    kept = []
    for group in groups.values():
        if len({item.gold for item in group}) > 1:
            counts.conflicting += len(group)
            continue
        counts.duplicates += len(group) - 1
        kept.append(group[0])
    return kept


def _strata(items: list[Item], by_label: bool) -> dict[str, list[Item]]:
    group: Callable[[Item], str] = (lambda item: item.gold) if by_label else (lambda item: "")
    strata: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=rank):
        strata[group(item)].append(item)
    return dict(sorted(strata.items()))


def _size(strata: dict[str, list[Item]]) -> int:
    return sum(map(len, strata.values()))


def _take(strata: dict[str, list[Item]], number: int) -> list[Item]:
    """Remove the first rows of each stratum, in proportion to the strata's sizes."""
    taken: list[Item] = []
    for name, quota in apportion({name: len(items) for name, items in strata.items()}, number).items():
        taken += strata[name][:quota]
        del strata[name][:quota]
    return taken


def apportion(sizes: dict[str, int], number: int) -> dict[str, int]:
    """Share `number` seats by the method of the largest remainder; ties go to the earlier name.

    Examples:
        >>> apportion({"a": 6, "b": 3, "c": 1}, 5)
        {'a': 3, 'b': 2, 'c': 0}
    """
    total = sum(sizes.values())
    quotas = {name: number * size // total for name, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: (-(number * sizes[name] % total), name))
    for name in by_remainder[: number - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def label_counts(items: Iterable[Item], names: Iterable[str]) -> dict[str, int]:
    """Rows of each label, zero included."""
    found = Counter(item.gold for item in items)
    return {name: found[name] for name in names}
