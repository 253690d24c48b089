"""Effect sizes and spreads. Every standard deviation here has ddof 1."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.paired import paired_differences


def varies(values: NDArray[np.float64]) -> bool:
    """Whether values differ by more than rounding; 0.8 - 0.7 and 0.9 - 0.8 do not."""
    return float(np.ptp(values)) > 1e-12 * max(1.0, float(np.abs(values).max()))


def cohen_d_paired(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's d of paired data `[n]`: mean difference / standard deviation of the differences.

    Raises:
        ValueError: unpaired arrays, fewer than two pairs, or differences that are all equal (d would be infinite).
    """
    difference = paired_differences(first, second)
    if difference.size < 2 or not varies(difference):
        raise ValueError(f"no effect size: {difference.size} differences without spread")
    return float(np.mean(difference)) / float(np.std(difference, ddof=1))


def cohen_d_pooled(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's d of two independent groups: difference of means / pooled standard deviation.

    Args:
        first: values of one group `[n]`.
        second: values of the other `[m]`.

    Raises:
        ValueError: a group with fewer than two values, or no spread within either.
    """
    groups = [np.asarray(values, dtype=float) for values in (first, second)]
    if any(group.ndim != 1 or group.size < 2 for group in groups):
        raise ValueError(f"no effect size: groups of shape {groups[0].shape} and {groups[1].shape}")
    if not any(varies(group) for group in groups):
        raise ValueError("no effect size: no spread within either group")
    return float(groups[0].mean() - groups[1].mean()) / _pooled(groups)


def effect_size(first: ArrayLike, second: ArrayLike) -> float | None:
    """`cohen_d_paired` for tables: None where it is not defined."""
    difference = paired_differences(first, second)
    return cohen_d_paired(first, second) if difference.size > 1 and varies(difference) else None


def pooled_deviation(groups: Sequence[Sequence[float]]) -> float | None:
    """Standard deviation within groups, pooled by degrees of freedom; None if no group has two values."""
    several = [np.asarray(group, dtype=float) for group in groups if len(group) > 1]
    if not several:
        return None
    return _pooled(several)


def _pooled(groups: Sequence[NDArray[np.float64]]) -> float:
    squares = sum(float(np.sum((group - group.mean()) ** 2)) for group in groups)
    return math.sqrt(squares / sum(group.size - 1 for group in groups))
