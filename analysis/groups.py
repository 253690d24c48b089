"""Runs of several seeds in one place of a grid, and what varied settings differ by: descriptions, not tests.

The interval of a group is a hierarchical bootstrap over runs and rows. With a handful of seeds it says how far the
runs lie apart, and no more; the tests of this project are about rows, each on one pair of runs.
"""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import statistics
from analysis.statistics import Interval
from analysis.study import PLACE, Cell, Comparison, Group

Settings = dict[str, Any]
Draw = Callable[[Sequence[str]], np.random.Generator]
"""Run ids -> a generator that depends on the preset's seed and on them alone."""
Matrix = Callable[[Sequence[str]], NDArray[np.bool_]]
"""Run ids -> correctness `[runs, n]` on the same rows, in the first run's order."""


def groups(
    cells: list[Cell], comparisons: list[Comparison], matrix: Matrix, draw: Draw, settings: Settings
) -> list[Group]:
    """One group for each experiment, task, method, pair, setting and training task, in order of first appearance.

    Args:
        cells: all cells, with their statistics.
        comparisons: all comparisons; they give a group its paired differences.
        matrix: correctness of runs on the same rows.
        draw: seeded generators.
        settings: statistics section of the plan, with `alpha`.

    Returns:
        Groups with accuracy, deviation between runs and interval; `difference` is reference minus group, and
        `null_difference` null minus group, paired by seed and row, with their own intervals (None where there is no
        such comparison).

    Raises:
        UserError: runs of a group were not scored on the same rows.
    """
    members: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        members.setdefault(tuple(cell[key] for key in PLACE), []).append(cell)
    compared: dict[tuple[Any, ...], list[Comparison]] = {}
    for c in comparisons:
        compared.setdefault((c["against"], *(c[key] for key in PLACE)), []).append(c)
    made = []
    for place, found in members.items():
        group = _group(found, matrix, draw, settings)
        for against, prefix in (("reference", ""), ("null", "null_")):
            mean, span = _difference(compared.get((against, *place), []), matrix, draw, settings)
            ends = {f"{prefix}difference_low": span.low, f"{prefix}difference_high": span.high}
            group |= {f"{prefix}difference": mean} | ends
        made.append(group)
    return made


def _group(cells: list[Cell], matrix: Matrix, draw: Draw, settings: Settings) -> Group:
    runs = {cell["run"]: cell for cell in reversed(cells)}
    distinct = [runs[run] for run in dict.fromkeys(cell["run"] for cell in cells)]
    first = distinct[0]
    accuracies = [cell["accuracy"] for cell in distinct]
    bounds = Interval(first["low"], first["high"])
    if len(distinct) > 1:
        names = [cell["run"] for cell in distinct]
        bounds = statistics.hierarchical_bootstrap(
            matrix(names), settings["confidence"], settings["resamples"], draw(names)
        )
    return {
        **{key: first[key] for key in PLACE},
        "seeds": [cell["seed"] for cell in cells],
        "runs": [cell["run"] for cell in distinct],
        "n": first["n"],
        "unparsed": sum(cell["unparsed"] for cell in distinct),
        "accuracy": float(np.mean(accuracies)),
        "sd": statistics.pooled_deviation([accuracies]),
        "low": bounds.low,
        "high": bounds.high,
        "chance": first["chance"],
        "against_chance": None if first["chance"] is None else statistics.side(bounds, first["chance"]),
        "parameters": first["parameters"],
        "lr": sorted({cell["lr"] for cell in distinct if cell["lr"] is not None}),
    }


def _difference(
    comparisons: list[Comparison], matrix: Matrix, draw: Draw, settings: Settings
) -> tuple[float | None, Interval]:
    """Mean paired difference over the seeds' comparisons and its interval."""
    if not comparisons:
        return None, Interval(None, None)
    mean = float(np.mean([c["difference"] for c in comparisons]))
    if len(comparisons) == 1:
        return mean, Interval(comparisons[0]["low"], comparisons[0]["high"])
    references = list(dict.fromkeys(c["runs"][0] for c in comparisons))
    others = list(dict.fromkeys(c["runs"][1] for c in comparisons))
    place = {run: i for i, run in enumerate([*references, *others])}
    correct = matrix(list(place)).astype(float)
    values = np.stack([correct[place[c["runs"][0]]] - correct[place[c["runs"][1]]] for c in comparisons])
    rng = draw([run for c in comparisons for run in c["runs"]])
    return mean, statistics.hierarchical_bootstrap(values, settings["confidence"], settings["resamples"], rng)


def grids(found: list[Group], comparisons: list[Comparison], accuracy: dict[str, float], settings: Settings) -> list:
    """One entry for each experiment, task, pair and varied key: how far seeds differ, and what could be found.

    Args:
        found: all groups.
        comparisons: all comparisons.
        accuracy: run id -> accuracy.
        settings: statistics section of the plan, with `alpha`.
    """
    keys: dict[tuple[str, str, str, str], list[Group]] = {}
    for group in found:
        if group["setting"] is not None:
            place = (group["experiment"], group["task"], group["pair"], varied(group["setting"])[0])
            keys.setdefault(place, []).append(group)
    return [_grid(place, groups, found, comparisons, accuracy, settings) for place, groups in keys.items()]


def _grid(
    place: tuple[str, str, str, str],
    groups: list[Group],
    found: list[Group],
    comparisons: list[Comparison],
    accuracy: dict[str, float],
    settings: Settings,
) -> dict[str, Any]:
    experiment, task, pair, key = place
    methods = {group["method"] for group in groups}
    base = [
        g
        for g in found
        if (g["experiment"], g["task"], g["pair"]) == place[:3]
        and g["method"] in methods
        and g["setting"] is None
        and g["trained_on"] is None
    ]
    # The value that the recipe has anyway is the base cell itself: its runs count once.
    cells = list({tuple(group["runs"]): group["runs"] for group in [*base, *groups]}.values())
    deviation = statistics.pooled_deviation([[accuracy[run] for run in runs] for runs in cells])
    replicates = min(len(runs) for runs in cells)
    rates = [
        (c["discordant"] / c["n"], c["n"])
        for c in comparisons
        if (c["experiment"], c["task"], c["pair"]) == place[:3]
        and c["against"] == "reference"
        and c["setting"] is not None
        and varied(c["setting"])[0] == key
    ]
    alpha, power = settings["alpha"], settings["power"]
    return {
        "experiment": experiment,
        "task": task,
        "pair": pair,
        "key": key,
        "replicate_sd": deviation,
        "replicates": replicates,
        "detectable": None
        if deviation is None
        else statistics.detectable_between_means(deviation, replicates, alpha, power),
        "detectable_rows": statistics.detectable_difference(rates[0][1], median(r for r, _ in rates), alpha, power)
        if rates
        else None,
    }


def varied(setting: str) -> tuple[str, str]:
    """Key and value of a setting.

    Examples:
        >>> varied("body.depth=2")
        ('body.depth', '2')
    """
    key, _, value = setting.partition("=")
    return key, value
