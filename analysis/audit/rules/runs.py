"""Settings and speed of runs."""

from collections.abc import Iterator

from analysis.audit.finding import Hit, Severity, rule
from analysis.audit.model import Audit

OFF = 0.2
"""Share by which times may miss each other."""


@rule(
    "configuration_overridden",
    Severity.WARNING,
    "The run did not use the setting that is reported: report the one in use, or run again with the declared one.",
)
def configuration_overridden(audit: Audit) -> Iterator[Hit]:
    """A setting has one value where it is declared (above, beside, in the name) and another where it is used."""
    for one in audit.overrides:
        what = f"{one.setting} is {one.declared} in {one.where}, but {one.used} here"
        severity = Severity.ERROR if one.firm else None
        yield Hit(one.place, what, {"setting": one.setting, "declared": one.declared, "used": one.used}, severity)


@rule(
    "timing_inconsistent",
    Severity.WARNING,
    "The speeds were measured on other work, or in other units: measure all of them in one run and state the batch.",
)
def timing_inconsistent(audit: Audit) -> Iterator[Hit]:
    """Throughput, time of a row, rows and time in all do not fit together, whatever the batch."""
    for one in audit.timings:
        evidence = {"throughput": one.throughput, "seconds_per_row": one.latency, "seconds": one.wall, "n": one.n}
        batches = [1] + ([one.batch] if one.batch else [])
        if one.throughput and one.latency:
            found = one.throughput * one.latency
            sizes = [*batches, *([one.n] if one.n else [])]
            if not any(_near(found, size) for size in sizes):
                what = f"{one.throughput:g} rows/s at {one.latency:g} s a row: their product is {found:.3g}, not 1"
                yield Hit(one.place, what, evidence | {"product": found, "batch": one.batch})
                continue
        if one.throughput and one.wall and one.n and not _near(one.throughput * one.wall, one.n):
            what = f"{one.throughput:g} rows/s for {one.wall:g} s is {one.throughput * one.wall:.4g} rows, not {one.n}"
            yield Hit(one.place, what, evidence)
        elif one.latency and one.wall and one.n:
            least = one.latency * one.n / max(batches)
            if one.wall < least * (1 - OFF):
                what = f"{one.n} rows at {one.latency:g} s each do not fit into {one.wall:g} s"
                yield Hit(one.place, what, evidence | {"least": least})


def _near(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= OFF * wanted
