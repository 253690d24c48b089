"""Two methods on the same rows: differences, the table of discordant rows, McNemar's test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels

EXACT_BELOW = 25
"""Discordant rows from which on the source documents take the chi-square form of McNemar's test."""


@dataclass(frozen=True)
class PairedTable:
    """Rows on which exactly one of two methods is right: `b` only the first, `c` only the second."""

    b: int
    c: int

    @property
    def discordant(self) -> int:
        """Number of rows on which the methods differ in correctness."""
        return self.b + self.c


def paired_differences(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Row-wise difference of two arrays `[n]`; of two correctness arrays, in {-1, 0, 1}.

    Raises:
        ValueError: unequal shapes, more than one axis, or no rows.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or a.size == 0:
        raise ValueError(f"paired arrays must be equally long and not empty, got {a.shape} and {b.shape}")
    return a - b


def paired_table(first: ArrayLike, second: ArrayLike) -> PairedTable:
    """Count the discordant rows of two correctness arrays `[n]`."""
    difference = paired_differences(first, second)
    return PairedTable(int(np.sum(difference > 0)), int(np.sum(difference < 0)))


def pool_tables(tables: Sequence[PairedTable]) -> PairedTable:
    """Sum of the tables of several seeds, for one McNemar test of all of them.

    The test then takes every (seed, row) for a fact of its own. Seeds that are scored on the same rows tend to be right
    on the same ones, so its p-value is too small: it describes. An interval that knows of this resamples rows with all
    their seeds: `paired_bootstrap(..., clusters=row of each entry)`.

    Raises:
        ValueError: no tables.
    """
    if not tables:
        raise ValueError("no tables to pool")
    return PairedTable(sum(table.b for table in tables), sum(table.c for table in tables))


def mcnemar(table: PairedTable) -> float:
    """Two-sided exact McNemar p-value (McNemar 1947): binomial test of b against c; 1 if both are 0."""
    if table.discordant == 0:
        return 1.0
    return min(1.0, float(stats.binomtest(min(table.b, table.c), table.discordant, 0.5).pvalue))


def mcnemar_documented(table: PairedTable) -> float:
    """McNemar p-value by the rule of the source documents, to rebuild their numbers; ours is the exact `mcnemar`.

    Exact below 25 discordant rows; from there on chi-square with continuity correction, `(|b - c| - 1)^2 / (b + c)`,
    one degree of freedom (Edwards 1948).
    """
    if table.discordant < EXACT_BELOW:
        return mcnemar(table)
    return float(mcnemar_of_statsmodels([[0, table.b], [table.c, 0]], exact=False, correction=True).pvalue)
