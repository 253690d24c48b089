"""Means and deviations over seeds."""

from collections.abc import Iterator

import numpy as np

from analysis.audit import keys
from analysis.audit.finding import Hit, Severity, rule
from analysis.audit.model import Audit, Result, Spread


@rule(
    "mean_of_seeds",
    Severity.ERROR,
    "The mean is not that of the seeds beside it: compute it again from all seeds, and name those that were left out.",
)
def mean_of_seeds(audit: Audit) -> Iterator[Hit]:
    """The reported mean is not the mean of the seeds' values."""
    for one in audit.spreads:
        values = _values(audit, one)
        if one.mean is None or len(values) < 2:
            continue
        mean = float(np.mean(values))
        if abs(mean - one.mean) > one.step[0] * 1.02 + 1e-9 * max(1.0, abs(mean)):
            what = f"mean {one.mean:g} is not that of the {len(values)} values ({mean:.6g})"
            yield Hit(one.place, what, {"mean": one.mean, "computed": mean, "values": list(values)})


@rule(
    "population_deviation",
    Severity.WARNING,
    "Dividing by the number of seeds makes the spread look smaller (18 % for 3 seeds): divide by one less (ddof = 1).",
)
def population_deviation(audit: Audit) -> Iterator[Hit]:
    """The reported standard deviation is that of a population (ddof 0), not of a sample (ddof 1)."""
    for one, values, sample, population in _deviations(audit):
        told_apart = sample - population > 2 * one.step[1]
        if told_apart and _same(one, population) and not _same(one, sample):
            what = f"deviation {one.deviation:g} of {len(values)} values has ddof = 0; with ddof = 1 it is {sample:.4g}"
            yield Hit(one.place, what, {"reported": one.deviation, "ddof0": population, "ddof1": sample})


@rule(
    "deviation_of_seeds",
    Severity.ERROR,
    "The deviation is not that of the seeds beside it: compute it again from all of them.",
)
def deviation_of_seeds(audit: Audit) -> Iterator[Hit]:
    """The reported standard deviation is neither the sample's nor the population's."""
    for one, values, sample, population in _deviations(audit):
        error = sample / np.sqrt(len(values))
        if not _same(one, population) and not _same(one, sample):
            hint = "; it is the standard error" if _same(one, float(error)) else ""
            what = f"deviation {one.deviation:g} is not that of the {len(values)} values ({sample:.4g}){hint}"
            yield Hit(one.place, what, {"reported": one.deviation, "ddof1": sample, "ddof0": population})


@rule(
    "deterministic_spread",
    Severity.WARNING,
    "A method that no seed changes has no spread over seeds: run it once, and say that it is deterministic.",
)
def deterministic_spread(audit: Audit) -> Iterator[Hit]:
    """A deterministic baseline is reported over several seeds: by its name, or as all its seeds are the same."""
    said: set[tuple[str, str, str]] = set()
    for one in audit.spreads:
        seeds = max(one.count or 0, len(one.values))
        if seeds < 2 or one.deviation is None or not one.accuracy:
            continue
        same = one.deviation == 0 and (one.mean is None or one.mean not in (0.0, 1.0, 100.0))
        if same or keys.has(one.method, "deterministic"):
            said.add((one.place.file, one.method, one.task))
            what = f"{one.method or 'the result'} has a deviation of {one.deviation:g} over {seeds} seeds"
            yield Hit(one.place, what, {"deviation": one.deviation, "seeds": seeds})
    for group in _by_seed(audit):
        first = group[0]
        counts = {one.correct if one.correct is not None else one.accuracy.value for one in group if one.accuracy}
        name = (first.place.file, first.method, first.task)
        if len(counts) == 1 and keys.has(first.method, "deterministic") and name not in said:
            seeds = [one.seed for one in group]
            what = f"{first.name.partition(' seed')[0]} has the same result for {len(group)} seeds"
            yield Hit(
                first.place, what, {"seeds": seeds, "accuracy": first.accuracy.written if first.accuracy else None}
            )


def _deviations(audit: Audit) -> Iterator[tuple[Spread, tuple[float, ...], float, float]]:
    for one in audit.spreads:
        values = _values(audit, one)
        if one.deviation is not None and len(values) >= 2:
            with np.errstate(over="ignore", invalid="ignore"):
                sample, population = float(np.std(values, ddof=1)), float(np.std(values))
            yield one, values, sample, population


def _same(one: Spread, value: float) -> bool:
    return one.deviation is not None and abs(one.deviation - value) <= one.step[1] * 1.02 + 1e-9 * max(1.0, abs(value))


def _values(audit: Audit, one: Spread) -> tuple[float, ...]:
    """Values of the seeds, from beside the mean or from the results of the same file; in the mean's unit."""
    if one.values:
        return () if one.count is not None and one.count != len(one.values) else one.values
    if not one.accuracy or not one.count:
        return ()
    for group in _by_seed(audit):
        first = group[0]
        if (first.place.file, first.method, first.task) != (one.place.file, one.method, one.task):
            continue
        if len(group) == one.count and all(member.accuracy is not None for member in group):
            return tuple(member.accuracy.written for member in group if member.accuracy is not None)
    return ()


def _by_seed(audit: Audit) -> list[list[Result]]:
    """Results of one file, method and task, one for each seed."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for one in audit.results:
        if one.seed is not None and one.accuracy is not None and not one.over_seeds:
            groups.setdefault((one.place.file, one.method, one.task), []).append(one)
    found = []
    for group in groups.values():
        if len(group) >= 2 and len({one.seed for one in group}) == len(group):
            found.append(group)
    return found
