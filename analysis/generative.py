"""What of an item reached the output: metrics of answers, each with its shuffled-source control. Pure functions.

A metric is a table `scores[n, n]`: entry (i, j) scores output j against item i. The receiver's prompt does not
depend on the item, so giving row i the soft tokens of row j yields exactly output j. The diagonal is therefore what
was measured, and the mean over all i != j is the control, computed exactly from the archived rows.

Definitions follow the recorded ones, with one repair: thousands separators are joined before anything is read, so
that `385,000` is one number and neither `385` nor `000`.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis import statistics
from analysis.statistics import Interval
from telepathy.record import Row

SHOWN = 100
"""Letters of an output by which two outputs count as the same."""
NOUNS = re.compile(r"\b(?:ducks?|eggs?|chickens?|students?|apples?|friends?|farmers?|market)\b", re.I)
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
WORDS = re.compile(r"\d+\.\d+(?!\w)|\w+")
CHUNK = 1000
FLOAT = np.float32


@dataclass(frozen=True)
class Scores:
    """A metric of one run.

    Attributes:
        table: `[n, n]`, output j (column) scored against item i (row).
        weights: `[n]`, what item i counts: 1 for a share of rows, its number of entities for a transfer rate.
    """

    table: NDArray[np.float32]
    weights: NDArray[np.float64]

    @property
    def own(self) -> NDArray[np.float64]:
        """Each item's score with its own output, `[n]`."""
        return np.diagonal(self.table).astype(float)

    @property
    def others(self) -> NDArray[np.float64]:
        """Each item's mean score with all other outputs, `[n]`; zeros for a single item."""
        n = len(self.table)
        return (self.table.sum(axis=1, dtype=float) - self.own) / (n - 1) if n > 1 else np.zeros(n)


@dataclass(frozen=True)
class Transfer:
    """A metric beside its shuffled-source control, as fractions.

    Attributes:
        own: rate with the items' own outputs.
        control: mean rate with the outputs of other items; None if there is one item only.
        difference: own minus control.
        low: lower end of the difference's bootstrap interval over items.
        high: upper end.
        p: two-sided permutation test that re-pairs outputs and items.
        deviation: standard error of the difference if outputs and items are unrelated.
    """

    own: float
    control: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float
    deviation: float


class Draws:
    """Seeded re-pairings and resamples of `n` items, drawn once and shared by all metrics of a run."""

    def __init__(self, n: int, permutations: int, resamples: int, rng: np.random.Generator) -> None:
        self.n, self.permutations, self.resamples = n, permutations, resamples
        order = np.tile(np.arange(n, dtype=np.int32), (permutations, 1))
        self._permuted = rng.permuted(order, axis=1)
        self._resampled = rng.integers(0, n, (resamples, n), dtype=np.int32)

    def repaired(self) -> Iterator[NDArray[np.int32]]:
        """Chunks `[c, n]`: output of each item, re-paired at random."""
        for start in range(0, self.permutations, CHUNK):
            yield self._permuted[start : start + CHUNK]

    def resampled(self) -> Iterator[NDArray[np.int32]]:
        """Chunks `[c, n]`: items drawn with replacement."""
        for start in range(0, self.resamples, CHUNK):
            yield self._resampled[start : start + CHUNK]


def transfer(scores: Scores, draws: Draws, confidence: float) -> Transfer | None:
    """A metric's rate, control, difference, interval and permutation test; None if no item counts."""
    total = float(scores.weights.sum())
    if total <= 0:
        return None
    own, others, n = scores.own, scores.others, len(scores.own)
    if n < 2:
        return Transfer(float(own.sum()) / total, None, None, None, None, 1.0, 0.0)
    differences = own - others
    bounds = _difference_interval(scores, draws, confidence)
    if not _flat(differences, scores.weights) and _flat(own, scores.weights):
        # No own score differs from another, such as 0 hits of 10: resampling cannot show what went unseen.
        bounds = _widened(bounds, n, confidence)
    deviation = math.sqrt(_permutation_variance(scores.table)) / total * n / (n - 1)
    return Transfer(
        own=float(own.sum()) / total,
        control=float(others.sum()) / total,
        difference=float(differences.sum()) / total,
        low=bounds.low,
        high=bounds.high,
        p=permutation_p(scores.table, draws),
        deviation=deviation,
    )


def permutation_p(table: NDArray[np.float32], draws: Draws) -> float:
    """Two-sided test that outputs have nothing to do with their items: (1 + count) / (1 + re-pairings).

    The statistic is the sum of scores; its mean over all re-pairings is known exactly.
    """
    n = len(table)
    flat, offsets = table.ravel(), np.arange(n, dtype=np.int64) * n
    expected = table.sum(dtype=float) / n
    observed = abs(np.diagonal(table).sum(dtype=float) - expected)
    count = 0
    for chunk in draws.repaired():
        sums = flat.take(chunk + offsets).sum(axis=1, dtype=float)
        count += int(np.sum(np.abs(sums - expected) >= observed - 1e-6))
    return (1 + count) / (1 + draws.permutations)


def ratio_interval(
    values: NDArray[np.float64], weights: NDArray[np.float64], draws: Draws, confidence: float
) -> Interval:
    """Percentile bootstrap interval over items of `sum(values) / sum(weights)`.

    Where no item differs from the overall ratio every resample is the same; then the interval is widened by what
    could have gone unseen: the Wilson bound of an event that none of the n items showed.
    """
    ratio = float(values.sum() / weights.sum())
    if _flat(values, weights):
        return _widened(Interval(ratio, ratio), len(values), confidence)
    found = []
    for chunk in draws.resampled():
        below = weights.take(chunk).sum(axis=1)
        found.append(np.divide(values.take(chunk).sum(axis=1), below, out=np.full(len(below), ratio), where=below > 0))
    low, high = np.quantile(np.concatenate(found), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _difference_interval(scores: Scores, draws: Draws, confidence: float) -> Interval:
    """Percentile bootstrap interval of own minus control; an item is drawn with its output, as it was observed.

    A resample that holds item i c_i times has own = sum c_i·t_ii / sum c_i·w_i, and as its control the same over all
    pairs of different items.
    """
    weights, n = scores.weights, len(scores.weights)
    crossed = scores.table.copy()
    np.fill_diagonal(crossed, 0)
    own = scores.own
    if _flat(own - scores.others, weights):
        return ratio_interval(own - scores.others, weights, draws, confidence)
    found = []
    for chunk in draws.resampled():
        offsets = np.arange(len(chunk))[:, None] * n
        counts = np.bincount((chunk + offsets).ravel(), minlength=len(chunk) * n).reshape(len(chunk), n)
        pairs = ((counts.astype(FLOAT) @ crossed) * counts).sum(axis=1)
        below, paired = counts @ weights, (counts * (n - counts)) @ weights
        fine = (below > 0) & (paired > 0)
        found.append((counts @ own)[fine] / below[fine] - pairs[fine] / paired[fine])
    low, high = np.quantile(np.concatenate(found), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _flat(values: NDArray[np.float64], weights: NDArray[np.float64]) -> bool:
    """Whether no item's score differs from the overall ratio."""
    return np.allclose(values, values.sum() / weights.sum() * weights, atol=1e-9)


def _widened(bounds: Interval, n: int, confidence: float) -> Interval:
    unseen = statistics.wilson(0, n, confidence).high or 0.0
    return Interval(max(-1.0, (bounds.low or 0.0) - unseen), min(1.0, (bounds.high or 0.0) + unseen))


def sign_flip_p(values: NDArray[np.float64], permutations: int, rng: np.random.Generator) -> float:
    """Two-sided test that paired differences `[n]` are symmetric about 0: (1 + count) / (1 + flips)."""
    observed, count, left = abs(values.sum()), 0, permutations
    while left > 0:
        signs = rng.integers(0, 2, (min(CHUNK, left), len(values)), dtype=np.int8) * 2 - 1
        count += int(np.sum(np.abs(signs @ values) >= observed - 1e-9))
        left -= CHUNK
    return (1 + count) / (1 + permutations)


def detectable(deviation: float, alpha: float, power: float) -> float | None:
    """Smallest difference found with `power` given its standard error under no effect; None if nothing can vary."""
    if deviation <= 0:
        return None
    return float(deviation * (stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)))


def score(rows: Sequence[Row]) -> Iterator[tuple[str, Scores]]:
    """All metrics that a run's rows allow, by name: accuracy always, the others for open answers with a source."""
    right = _right(rows)
    ones = np.ones(len(rows))
    yield "accuracy", Scores(right.astype(FLOAT), ones)
    if not rows or any(row.source is None for row in rows):
        return
    for version, found in (("v1", _overlap_v1(rows)), ("v2", _overlap_v2(rows))):
        yield f"partial_{version}", Scores((~right & found).astype(FLOAT), ones)
        yield f"failed_{version}", Scores((~right & ~found).astype(FLOAT), ones)
    exact = all(row.entities is not None for row in rows)
    if exact:
        classes = {name: matches(rows, lambda row, c=name: row.entities[c], exact_words) for name in ENTITIES}
        yield from _classes("entities", classes)
    for version, readers in (("v10", V10), ("v12", V12)):
        classes = {name: _shared(rows, read) for name, read in readers.items()}
        yield from _classes(f"entities_{version}", classes)
        if version == "v12" and not exact:
            yield from _classes("entities", classes)


def distinct(rows: Sequence[Row]) -> int:
    """Number of distinct outputs by their first letters; of distinct predictions for closed label sets."""
    return len({(row.output[:SHOWN] if row.output is not None else row.prediction) for row in rows})


def plain(text: str) -> str:
    """The text with thousands separators joined: `$385,000` -> `$385000`."""
    return THOUSANDS.sub("", text)


def numbers_v10(text: str) -> list[str]:
    """Whole numbers, as phases 10 and 11 counted them."""
    return re.findall(r"\b\d+\b", plain(text))


def numbers_v12(text: str) -> list[str]:
    """The first ten numbers, as phases 12 to 15 counted them."""
    return re.findall(r"\b\d+(?:\.\d+)?\b", plain(text))[:10]


def names_v10(text: str) -> list[str]:
    """Capitalised words; the first word of a sentence counts too."""
    return re.findall(r"\b[A-Z][a-z]+\b", text)


def names_v12(text: str) -> list[str]:
    """The first ten of them."""
    return names_v10(text)[:10]


def nouns_v10(text: str) -> list[str]:
    """Nouns of a fixed list."""
    return [noun.lower() for noun in NOUNS.findall(text)]


def exact_words(text: str) -> str:
    """A text's words between single blanks, for looking up a phrase: lower case, numbers in one spelling."""
    return f" {' '.join(_word(word) for word in WORDS.findall(plain(text)))} "


ENTITIES = ("numbers", "names", "things")
V10: dict[str, Callable[[str], list[str]]] = {"numbers": numbers_v10, "names": names_v10, "nouns": nouns_v10}
V12: dict[str, Callable[[str], list[str]]] = {"numbers": numbers_v12, "names": names_v12}


def matches(rows: Sequence[Row], wanted: Callable[[Row], Iterable[str]], read: Callable[[str], str]) -> Scores:
    """How many of each item's entities occur, as whole words, in each output."""
    items = [{read(entity) for entity in wanted(row)} - {"  "} for row in rows]
    known = sorted(set().union(*items))
    texts = [read(row.output or "") for row in rows]
    outputs = [{entity for entity in known if entity in text} for text in texts]
    return Scores(_incidence(items, outputs), np.array([len(item) for item in items], dtype=float))


def _word(word: str) -> str:
    return f"{Decimal(word).normalize():f}" if re.fullmatch(r"[0-9]+(\.[0-9]+)?", word) else word.lower()


def _shared(rows: Sequence[Row], read: Callable[[str], list[str]]) -> Scores:
    """Sizes of the intersections of what `read` finds in each item and in each output."""
    items = [set(read(row.source or "")) for row in rows]
    outputs = [set(read(row.output or "")) for row in rows]
    return Scores(_incidence(items, outputs), np.array([len(item) for item in items], dtype=float))


def _classes(name: str, classes: dict[str, Scores]) -> Iterator[tuple[str, Scores]]:
    """The sum over all classes of entities first, then each."""
    tables, weights = zip(*((s.table, s.weights) for s in classes.values()), strict=True)
    yield name, Scores(np.sum(tables, axis=0, dtype=FLOAT), np.sum(weights, axis=0))
    for key, scores in classes.items():
        yield f"{name}.{key}", scores


def _right(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Whether prediction j is the gold answer of item i; `[n, n]`."""
    codes: dict[str, int] = {}
    gold = np.array([codes.setdefault(row.gold, len(codes)) for row in rows])
    given = np.array(
        [codes.get(row.prediction, -1) if row.parsed and row.prediction is not None else -1 for row in rows]
    )
    return gold[:, None] == given[None, :]


def _overlap_v1(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Any of the first five words of the question is a part of the output; both in lower case."""
    outputs = [(row.output or "").lower() for row in rows]
    found: dict[str, NDArray[np.bool_]] = {}
    table = np.zeros((len(rows), len(rows)), dtype=bool)
    for i, row in enumerate(rows):
        for word in set((row.source or "").lower().split()[:5]):
            if word not in found:
                found[word] = np.array([word in output for output in outputs], dtype=bool)
            table[i] |= found[word]
    return table


def _overlap_v2(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """At least two of the first ten words of the question are words of the output; both in lower case."""
    items = [set((row.source or "").lower().split()[:10]) for row in rows]
    outputs = [set((row.output or "").lower().split()) for row in rows]
    return _incidence(items, outputs) >= 2


def _incidence(items: Sequence[set[str]], outputs: Sequence[set[str]]) -> NDArray[np.float32]:
    """|items[i] & outputs[j]| for all i and j, through 0/1 tables over the items' vocabulary."""
    words = {word: place for place, word in enumerate(sorted(set().union(*items)))}
    tables = []
    for sets in (items, outputs):
        table = np.zeros((len(sets), max(1, len(words))), dtype=FLOAT)
        for i, found in enumerate(sets):
            table[i, [words[word] for word in found if word in words]] = 1
        tables.append(table)
    return tables[0] @ tables[1].T


def _permutation_variance(table: NDArray[np.float32]) -> float:
    """Variance of the sum of scores over all re-pairings (Hoeffding 1951)."""
    exact = table.astype(float)
    centred = exact - exact.mean(axis=1, keepdims=True) - exact.mean(axis=0, keepdims=True) + exact.mean()
    return float((centred**2).sum() / (len(table) - 1))
