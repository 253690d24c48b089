"""Intervals, and the Wilson interval of one proportion."""

from dataclasses import dataclass

from statsmodels.stats.proportion import proportion_confint


@dataclass(frozen=True)
class Interval:
    """A confidence interval, as fractions; both ends are None where the method is not defined."""

    low: float | None
    high: float | None


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
