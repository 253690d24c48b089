"""Confidence intervals of single accuracies."""

from collections.abc import Iterator

from scipy import stats

from analysis import statistics
from analysis.audit.finding import Hit, Severity, rule
from analysis.audit.model import Audit, Result

OFF = 0.25
"""Share by which a half-width may differ from Wilson's."""


@rule(
    "interval_excludes_value",
    Severity.ERROR,
    "The interval belongs to another number: compute both from the same rows.",
)
def interval_excludes_value(audit: Audit) -> Iterator[Hit]:
    """The accuracy lies outside its own interval, or the ends are the wrong way round."""
    for one, low, high in _intervals(audit):
        value = one.accuracy
        if value is None:
            continue
        slack = value.step * 2 + 1e-9
        if low > high + 1e-12 or not low - slack <= value.value <= high + slack:
            what = f"accuracy {value.value:.2%} lies outside its interval, {low:.2%} to {high:.2%}"
            yield Hit(one.place, what, {"accuracy": value.value, "low": low, "high": high})


@rule(
    "interval_width",
    Severity.WARNING,
    "An interval made with another n, or over seeds, misstates the uncertainty: use Wilson's with the rows evaluated.",
)
def interval_width(audit: Audit) -> Iterator[Hit]:
    """The half-width is off by more than a quarter from that of the Wilson interval with the given n."""
    for one, low, high in _intervals(audit):
        n = one.n or (len(one.examples.rows) if one.examples and not one.examples.chosen else None)
        value = one.accuracy
        if value is None or not n or one.over_seeds or low > high:
            continue
        correct = one.correct if one.correct is not None and one.correct <= n else round(value.value * n)
        bounds = statistics.wilson(correct, n, one.confidence)
        if bounds.low is None or bounds.high is None:
            continue
        wanted, found = (bounds.high - bounds.low) / 2, (high - low) / 2
        if abs(found / wanted - 1) > OFF:
            evidence = {"half_width": found, "wilson": wanted, "n": n, "fits_n": _fits(value.value, found, one)}
            fits = f", as if n were about {evidence['fits_n']}" if evidence["fits_n"] else ""
            what = f"half-width {found:.2%} instead of {wanted:.2%} for n = {n}{fits}"
            yield Hit(one.place, what, evidence)


def _fits(p: float, half: float, one: Result) -> int | None:
    """The n to which a half-width belongs, by the normal approximation."""
    if half <= 0 or not 0 < p < 1:
        return None
    return round(float(stats.norm.ppf((1 + one.confidence) / 2)) ** 2 * p * (1 - p) / half**2)


@rule(
    "interval_beyond_range",
    Severity.WARNING,
    "No accuracy is below 0 or above 100 %: a symmetric interval does not hold near the ends; use Wilson's.",
)
def interval_beyond_range(audit: Audit) -> Iterator[Hit]:
    """An end of the interval is below 0 or above 100 %."""
    for one, low, high in _intervals(audit):
        if low < -1e-9 or high > 1 + 1e-9:
            yield Hit(one.place, f"the interval goes from {low:.2%} to {high:.2%}", {"low": low, "high": high})


def _intervals(audit: Audit) -> Iterator[tuple[Result, float, float]]:
    for one in audit.results:
        if one.interval is not None and one.interval.low is not None and one.interval.high is not None:
            yield one, one.interval.low, one.interval.high
