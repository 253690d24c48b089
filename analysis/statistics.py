"""Statistics of accuracies and paired comparisons: pure functions on arrays, no files.

Everything is paired by example. `correct` arrays are boolean, shape `[n]`, one entry for each test row; a
probability or proportion is a fraction in [0, 1], never a percentage.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import proportion_confint

CHUNK = 200_000
"""Numbers that a bootstrap draws at a time: few enough for a processor's cache."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval, as fractions; both ends are None where the method is not defined."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class PairedTable:
    """Rows on which exactly one of two methods is right: `b` only the first, `c` only the second."""

    b: int
    c: int

    @property
    def discordant(self) -> int:
        """Number of rows on which the methods differ in correctness."""
        return self.b + self.c


def wilson(correct: int, n: int, confidence: float) -> Interval:
    """Wilson score interval of one proportion (Wilson 1927).

    Args:
        correct: number of successes, 0..n.
        n: number of rows, at least 1.
        confidence: such as 0.95.

    Raises:
        ValueError: n below 1, or `correct` outside 0..n.
    """
    if n < 1 or not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} is no proportion")
    low, high = proportion_confint(correct, n, alpha=1 - confidence, method="wilson")
    return Interval(max(0.0, float(low)), min(1.0, float(high)))


def side(interval: Interval, constant: float) -> str:
    """Where an interval lies: `above` or `below` the constant, or `no evidence` if it holds it."""
    if interval.low is not None and interval.low > constant:
        return "above"
    if interval.high is not None and interval.high < constant:
        return "below"
    return "no evidence"


def paired_differences(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Row-wise difference of two correctness arrays `[n]`, in {-1, 0, 1}.

    Raises:
        ValueError: unequal shapes, more than one axis, or no rows.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or a.size == 0:
        raise ValueError(f"paired arrays must be equally long and not empty, got {a.shape} and {b.shape}")
    return a - b


def paired_bootstrap(
    first: ArrayLike, second: ArrayLike, confidence: float, resamples: int, rng: np.random.Generator
) -> Interval:
    """BCa bootstrap interval (Efron 1987) of the mean paired difference, resampling rows.

    Where all differences are equal the bootstrap cannot say how uncertain their mean is (every resample is
    the same), so the interval is undefined: both ends are None, rather than a falsely exact [d, d].

    Args:
        first: correctness `[n]` of one method.
        second: correctness `[n]` of the other, in the same row order.
        confidence: such as 0.95.
        resamples: number of bootstrap samples.
        rng: seeded generator.
    """
    difference = paired_differences(first, second)
    if np.ptp(difference) == 0:
        return Interval(None, None)
    result = stats.bootstrap(
        (difference,),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        batch=min(resamples, 500),
        method="BCa",
        vectorized=True,
        rng=rng,
    )
    low, high = float(result.confidence_interval.low), float(result.confidence_interval.high)
    return Interval(low, high) if math.isfinite(low) and math.isfinite(high) else Interval(None, None)


def hierarchical_bootstrap(values: ArrayLike, confidence: float, resamples: int, rng: np.random.Generator) -> Interval:
    """Percentile bootstrap interval of the mean over runs and rows: each resample draws runs, then rows.

    The rows are crossed with the runs (all runs are scored on the same rows), so a resample draws one set of rows
    for all its runs. From a few runs the interval is too narrow, as a resample can only repeat the runs that there
    are: it describes, and no claim of significance may rest on it. (Davison and Hinkley 1997, section 3.8.)

    Args:
        values: correctness or paired differences `[runs, n]`, columns in the same row order.
        confidence: such as 0.95.
        resamples: number of bootstrap samples.
        rng: seeded generator.

    Returns:
        The interval; undefined where every resample has the same mean.

    Raises:
        ValueError: not two axes, or an empty one.
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"values must be runs by rows and not empty, got {table.shape}")
    runs, n = table.shape
    drawn = rng.integers(0, runs, (resamples, runs))
    shares = (drawn[:, :, None] == np.arange(runs)).sum(axis=1) / runs
    means = np.empty(resamples)
    for part in _chunks(resamples, n):
        rows = rng.integers(0, n, (part.stop - part.start, n))
        rows += np.arange(len(rows))[:, None] * n
        means[part] = (shares[part] @ table).take(rows).mean(axis=1)
    return _percentiles(means, confidence)


def excess_over_best(
    first: ArrayLike, others: ArrayLike, confidence: float, resamples: int, rng: np.random.Generator
) -> Interval:
    """Percentile bootstrap interval, over rows, of an accuracy minus the best of several others' accuracies.

    The best is picked anew in each resample, so that the interval knows of the choice.

    Args:
        first: correctness `[n]`.
        others: correctness `[methods, n]` in the same row order.
        confidence: such as 0.95.
        resamples: number of bootstrap samples.
        rng: seeded generator.

    Raises:
        ValueError: shapes that do not fit, or nothing to compare with.
    """
    a, rest = np.asarray(first, dtype=float), np.asarray(others, dtype=float)
    if a.ndim != 1 or rest.ndim != 2 or rest.size == 0 or rest.shape[1] != a.size:
        raise ValueError(f"one accuracy against several needs [n] and [methods, n], got {a.shape} and {rest.shape}")
    differences = np.empty(resamples)
    for part in _chunks(resamples, a.size):
        rows = rng.integers(0, a.size, (part.stop - part.start, a.size))
        best = np.max([one[rows].mean(axis=1) for one in rest], axis=0)
        differences[part] = a[rows].mean(axis=1) - best
    return _percentiles(differences, confidence)


def _chunks(resamples: int, n: int) -> list[slice]:
    """Parts of the resamples that fit into memory; the draws do not depend on where they are cut."""
    size = max(1, CHUNK // n)
    return [slice(start, min(start + size, resamples)) for start in range(0, resamples, size)]


def _percentiles(found: NDArray[np.float64], confidence: float) -> Interval:
    if np.ptp(found) < 1e-12:
        return Interval(None, None)
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def pooled_deviation(groups: Sequence[Sequence[float]]) -> float | None:
    """Standard deviation within groups, pooled by degrees of freedom; None if no group has two values."""
    several = [np.asarray(group, dtype=float) for group in groups if len(group) > 1]
    if not several:
        return None
    squares = sum(float(np.sum((group - group.mean()) ** 2)) for group in several)
    return math.sqrt(squares / sum(group.size - 1 for group in several))


def detectable_between_means(deviation: float, replicates: int, alpha: float, power: float) -> float | None:
    """Smallest difference of two means of `replicates` runs each that a two-sided t-test finds with `power`.

    Args:
        deviation: standard deviation between replicates.
        replicates: runs on each side.
        alpha: two-sided level.
        power: wanted power.

    Returns:
        The difference in units of `deviation`'s; None below two replicates or without any deviation to judge by.
    """
    if replicates < 2 or deviation <= 0:
        return None
    test = TTestIndPower()

    def missing(effect: float) -> float:
        # One tail at half the level: a finding in the wrong direction is no find, and its tail has no numbers far out.
        return float(test.power(effect, replicates, alpha / 2, alternative="larger")) - power

    high = 1.0
    while missing(high) < 0:
        high *= 1.5
    return float(optimize.brentq(missing, 1e-9, high)) * deviation


def paired_table(first: ArrayLike, second: ArrayLike) -> PairedTable:
    """Count the discordant rows of two correctness arrays `[n]`."""
    difference = paired_differences(first, second)
    return PairedTable(int(np.sum(difference > 0)), int(np.sum(difference < 0)))


def mcnemar(table: PairedTable) -> float:
    """Two-sided exact McNemar p-value (McNemar 1947): binomial test of b against c; 1 if both are 0."""
    if table.discordant == 0:
        return 1.0
    return min(1.0, float(stats.binomtest(min(table.b, table.c), table.discordant, 0.5).pvalue))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjusted p-values (Holm 1979) of one family, in the given order; an empty family stays empty."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def effect_size(first: ArrayLike, second: ArrayLike) -> float | None:
    """Cohen's d of paired data: mean difference / its standard deviation (ddof 1); None where that is 0."""
    difference = paired_differences(first, second)
    if difference.size < 2:
        return None
    deviation = float(np.std(difference, ddof=1))
    return float(np.mean(difference)) / deviation if deviation > 0 else None


def detectable_difference(n: int, discordant_rate: float, alpha: float, power: float) -> float | None:
    """Minimum detectable difference of two paired proportions, two-sided, as a fraction.

    Solves the sample-size formula of Connor (1987, Biometrics 43:207-211; also Miettinen 1968) for d:
    `d * sqrt(n) = z(1 - alpha/2) * sqrt(r) + z(power) * sqrt(r - d^2)`, with r the discordant rate. A
    difference cannot exceed r, so there is no answer (None) if even d = r would be found too rarely.

    Args:
        n: number of pairs.
        discordant_rate: r, share of rows on which the methods differ in correctness, in [0, 1].
        alpha: two-sided level of the test.
        power: wanted probability of finding the difference.
    """
    if discordant_rate <= 0:
        return None
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)

    def excess(d: float) -> float:
        return (
            d * math.sqrt(n)
            - z_alpha * math.sqrt(discordant_rate)
            - z_power * math.sqrt(max(0.0, discordant_rate - d * d))
        )

    if excess(discordant_rate) < 0:
        return None
    return float(optimize.brentq(excess, 0.0, discordant_rate))


def detectable_excess(n: int, constant: float, alpha: float, power: float) -> float | None:
    """Minimum excess of one proportion over a constant such as chance, found with `power`, as a fraction.

    Solves `d * sqrt(n) = z(1 - alpha/2) * sqrt(p0 q0) + z(power) * sqrt(p1 q1)` with `p1 = p0 + d`, the
    normal approximation of Fleiss, Levin and Paik (2003, chapter 2). None if even p1 = 1 is found too rarely.

    Args:
        n: number of rows.
        constant: p0, inside (0, 1).
        alpha: two-sided level.
        power: wanted power.
    """
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)

    def excess(d: float) -> float:
        p = min(1.0, constant + d)
        return d * math.sqrt(n) - z_alpha * math.sqrt(constant * (1 - constant)) - z_power * math.sqrt(p * (1 - p))

    if excess(1 - constant) < 0:
        return None
    return float(optimize.brentq(excess, 0.0, 1 - constant))
