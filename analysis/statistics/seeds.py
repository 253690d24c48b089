"""Several seeds of one comparison: a t-test of matched seeds, and ways to combine the seeds' own tests.

A few seeds describe; below `CLAIM_FROM` seeds nothing here carries a claim of significance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.statistics.effects import varies

T_FROM = 3
"""Matched seeds that a t-test needs at least."""
CLAIM_FROM = 6
"""Seeds below which a test across seeds only describes."""


@dataclass(frozen=True)
class PairedT:
    """A paired t-test across seeds.

    Attributes:
        difference: mean of first minus second.
        low: lower end of its confidence interval.
        high: upper end.
        t: statistic.
        df: degrees of freedom, seeds - 1.
        p: two-sided.
        descriptive: whether there are too few seeds for a claim.
    """

    difference: float
    low: float
    high: float
    t: float
    df: int
    p: float
    descriptive: bool


def paired_t(first: Mapping[int, float], second: Mapping[int, float], confidence: float) -> PairedT:
    """Paired t-test of two methods' metrics across seeds (Student 1908).

    Args:
        first: seed -> metric of one method.
        second: seed -> metric of the other, for the same seeds.
        confidence: of the interval, such as 0.95.

    Raises:
        ValueError: seeds that only one side has, fewer than three, or a side or differences without any spread (a
            deterministic method has one run, not several equal ones).
    """
    if unmatched := set(first) ^ set(second):
        raise ValueError(f"unmatched seed sets: {sorted(unmatched)} on one side only")
    if len(first) < T_FROM:
        raise ValueError(f"a t-test across seeds needs {T_FROM} matched seeds, got {len(first)}")
    seeds = sorted(first)
    a, b = (np.array([side[seed] for seed in seeds], dtype=float) for side in (first, second))
    for name, values in (("first side", a), ("second side", b), ("difference", a - b)):
        if not varies(values):
            raise ValueError(f"the {name} is the same for all seeds: no variance to test by")
    result = stats.ttest_rel(a, b)
    bounds = result.confidence_interval(confidence)
    return PairedT(
        float(np.mean(a - b)),
        float(bounds.low),
        float(bounds.high),
        float(result.statistic),
        int(result.df),
        float(result.pvalue),
        len(seeds) < CLAIM_FROM,
    )


def fisher(p_values: Sequence[float]) -> float:
    """Combined p-value of independent tests, `-2 sum(ln p)` on chi-square with 2k degrees of freedom (Fisher 1925).

    Two-sided p-values know no direction: seeds that contradict each other add up to evidence, which `stouffer` avoids.
    Seeds scored on the same rows are not independent, so the result is too small: it describes.

    Raises:
        ValueError: no p-values, or one outside (0, 1].
    """
    _check(p_values)
    return float(stats.combine_pvalues(p_values, method="fisher").pvalue)


def stouffer(p_values: Sequence[float], differences: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Combined two-sided p-value of independent two-sided tests with directions (Stouffer 1949; weights: Liptak 1958).

    Each p-value becomes `z = sign(difference) * z(1 - p/2)`, so that opposite findings cancel. (scipy takes one-sided
    p-values, in which a strong finding against the direction rounds to 1.) Dependence: see `fisher`.

    Args:
        p_values: of the tests, in (0, 1].
        differences: whose signs are the directions.
        weights: one for each test, such as the root of its discordant rows; equal if not given.

    Raises:
        ValueError: no p-values or one outside (0, 1], unequal lengths, or weights that are not positive.
    """
    _check(p_values)
    weights = [1.0] * len(p_values) if weights is None else weights
    if not len(p_values) == len(differences) == len(weights) or min(weights) <= 0:
        raise ValueError("each p-value needs a difference and a positive weight")
    z = np.sign(differences) * stats.norm.isf(np.asarray(p_values) / 2)
    combined = np.dot(weights, z) / np.linalg.norm(weights)
    return min(1.0, 2 * float(stats.norm.sf(abs(combined))))


def _check(p_values: Sequence[float]) -> None:
    if not p_values or not all(0 < p <= 1 for p in p_values):
        raise ValueError(f"p-values to combine must lie in (0, 1], got {list(p_values)}")
