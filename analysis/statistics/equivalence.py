"""Evidence that two methods are equally good: two one-sided tests of a paired difference of proportions.

The tests are score tests with the restricted maximum-likelihood estimate (Tango 1998, Stat. Med. 17:891-908; as TOST:
Liu, Hsueh, Hsieh and Chen 2002, Stat. Med. 21:231-245). A t-test of the differences would call any two methods
equivalent that happen not to differ on a few rows, since its standard error is then 0.
"""

import math
from dataclasses import dataclass

from scipy import optimize, stats

from analysis.statistics.paired import PairedTable
from analysis.statistics.power import detectable_difference
from analysis.statistics.proportions import Interval


@dataclass(frozen=True)
class Equivalence:
    """Outcome of an equivalence test.

    Attributes:
        difference: (b - c) / n.
        low: lower end of the score interval of confidence 1 - 2 alpha.
        high: upper end.
        p: the larger of the two one-sided p-values.
        equivalent: whether p is below alpha: the interval lies within (-margin, margin).
        margin: differences below it do not matter.
        detectable_margin: smallest margin that this many rows would have shown with the wanted power for two methods
            without any difference; None where that cannot be said.
        detectable_difference: smallest difference that McNemar's test at level alpha would have found; None likewise.
    """

    difference: float
    low: float
    high: float
    p: float
    equivalent: bool
    margin: float
    detectable_margin: float | None
    detectable_difference: float | None


def equivalence(table: PairedTable, n: int, margin: float, alpha: float, power: float) -> Equivalence:
    """Test whether two methods' accuracies differ by less than a margin, on paired rows.

    Args:
        table: discordant rows.
        n: all rows.
        margin: smallest difference of interest as a fraction, chosen before looking.
        alpha: level of each one-sided test, and so of both.
        power: wanted power, for what could have been found.

    Raises:
        ValueError: a margin outside (0, 1), or more discordant rows than rows.
    """
    if not 0 < margin < 1:
        raise ValueError(f"a margin must lie in (0, 1), got {margin}")
    _check(table, n)
    p = max(float(stats.norm.sf(_score(table, n, -margin))), float(stats.norm.cdf(_score(table, n, margin))))
    low, high = _ends(table, n, 1 - 2 * alpha)
    rate = table.discordant / n
    return Equivalence(
        (table.b - table.c) / n,
        low,
        high,
        p,
        p < alpha,
        margin,
        detectable_margin(n, rate, alpha, power),
        detectable_difference(n, rate, alpha, power),
    )


def score_interval(table: PairedTable, n: int, confidence: float) -> Interval:
    """Score interval of a paired difference of proportions (Tango 1998); defined without discordant rows as well.

    Args:
        table: discordant rows.
        n: all rows.
        confidence: such as 0.95.

    Raises:
        ValueError: more discordant rows than rows, or none at all.
    """
    _check(table, n)
    return Interval(*_ends(table, n, confidence))


def detectable_margin(n: int, discordant_rate: float, alpha: float, power: float) -> float | None:
    """Smallest margin that an equivalence test shows with `power` if the two methods do not differ at all.

    `(z(1 - alpha) + z((1 + power) / 2)) * sqrt(r / n)`, r the discordant rate: the normal approximation of two
    one-sided tests at no difference (Julious 2004, Stat. Med. 23:1921-1986).

    Args:
        n: number of pairs.
        discordant_rate: r, in [0, 1].
        alpha: level of each one-sided test.
        power: wanted power.

    Returns:
        The margin as a fraction; None without discordant rows to judge by, or if it is 1 or more.
    """
    margin = (stats.norm.ppf(1 - alpha) + stats.norm.ppf((1 + power) / 2)) * math.sqrt(discordant_rate / n)
    return float(margin) if 0 < margin < 1 else None


def _check(table: PairedTable, n: int) -> None:
    if n < 1 or table.discordant > n or min(table.b, table.c) < 0:
        raise ValueError(f"{table.b} + {table.c} discordant rows of {n} are no table")


def _ends(table: PairedTable, n: int, confidence: float) -> tuple[float, float]:
    z, edge = float(stats.norm.ppf((1 + confidence) / 2)), 1 - 1e-12

    def end(level: float, open_side: float) -> float:
        # The score falls from +inf to -inf, but for tables that reach an end of the scale.
        if (_score(table, n, open_side * edge) - level) * open_side >= 0:
            return open_side
        return float(optimize.brentq(lambda d: _score(table, n, d) - level, -edge, edge, xtol=1e-10))

    return end(z, -1.0), end(-z, 1.0)


def _score(table: PairedTable, n: int, delta: float) -> float:
    """Tango's score statistic of the hypothesis that the difference is `delta`."""
    b, c = table.b, table.c
    # Share of rows that only the second has right, at its most likely under the hypothesis: root of a quadratic.
    middle = (2 * n - b + c) * delta - b - c
    share = (math.sqrt(max(0.0, middle**2 + 8 * n * c * delta * (1 - delta))) - middle) / (4 * n)
    variance = n * (2 * share + delta * (1 - delta))
    excess = b - c - n * delta
    if variance <= 0:
        return math.copysign(math.inf, excess) if excess else 0.0
    return excess / math.sqrt(variance)
