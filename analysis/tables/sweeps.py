"""Sweeps: one setting varied at a time, with what could have been found below each grid."""

from typing import Any

from analysis import formats, settings
from analysis.groups import varied
from analysis.study import Group, Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, empty, stage
from analysis.tables._over_seeds import FOUND, about_differences, about_means, difference_cells, mean_cells, outcome

DATA = [
    "experiment", "task", "pair", "method", "key", "value", "unchanged", "seeds", "runs", "n", "parameters", "accuracy",
    "sd", "low", "high", "difference", "difference_low", "difference_high", *FOUND, "replicate_sd", "replicates",
    "detectable", "detectable_rows",
]  # fmt: skip
UNCHANGED = "as in the recipe"


def build(study: Study) -> Table:
    """One group for each grid: experiment, task, pair and varied key; the CSV holds fractions, unrounded."""
    groups, data = [], []
    shown = study.shown_in("sweeps")
    for grid in study.comparisons["grids"]:
        if grid["experiment"] in shown:
            found = members(study, grid)
            rows = [_row(study, grid, group, value) for value, group in found]
            groups.append(_common.Group(_heading(study, grid), rows, _below(grid)))
            data += [_data(study, grid, group, value) for value, group in found]
    return Table(
        columns=["Value", "Runs", "Accuracy", "SD", "Interval", "Difference", "Interval", "p"],
        align="@{}lrrrlrlr@{}",
        groups=groups,
        notes=[_notes(study)] if groups else [],
        data=data,
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def members(study: Study, grid: dict[str, Any]) -> list[tuple[str, Group]]:
    """Values of a grid with their groups, in the order of the configuration.

    The unchanged recipe comes first if none of the values is its own.
    """
    here = [
        group
        for group in study.groups_of(grid["experiment"], grid["task"])
        if group["pair"] == grid["pair"] and group["trained_on"] is None
    ]
    changed = [g for g in here if g["setting"] is not None and varied(g["setting"])[0] == grid["key"]]
    methods = {group["method"] for group in changed}
    known = [group["runs"] for group in changed]
    base = [g for g in here if g["setting"] is None and g["method"] in methods and g["runs"] not in known]
    return [(UNCHANGED, group) for group in base] + [(varied(group["setting"])[1], group) for group in changed]


def _unchanged(study: Study, group: Group) -> bool:
    """Whether a group's runs are those of the unchanged recipe."""
    base = study.groups_of(group["experiment"], group["task"])
    keys = ("pair", "method", "runs")
    return any(g["setting"] is None and all(g[key] == group[key] for key in keys) for g in base)


def _heading(study: Study, grid: dict[str, Any]) -> str:
    experiment = study.plan["experiments"][grid["experiment"]]
    place = [study.task(grid["task"])] + ([study.pair(grid["pair"])] if len(experiment["pairs"]) > 1 else [])
    return f"{experiment['title']}: {settings.title(grid['key'])} ({', '.join(place)})"


def _row(study: Study, grid: dict[str, Any], group: Group, value: str) -> list[Cell]:
    methods = {g["method"] for _, g in members(study, grid)}
    name = f"{study.method(group['method'])}, {value}" if len(methods) > 1 else value
    return [name, *mean_cells(study, group), *difference_cells(study, group, _unchanged(study, group))]


def _below(grid: dict[str, Any]) -> str:
    """What the grid could have found."""
    if grid["replicate_sd"] is None:
        seeds = "one seed: nothing is known of the spread between seeds"
    else:
        deviation = formats.points(grid["replicate_sd"], sign=False)
        found = formats.points(grid["detectable"], sign=False)
        seeds = f"between seeds: SD {deviation}, detectable {found} with {grid['replicates']} runs a value"
    return f"{seeds}; from rows alone: detectable {formats.points(grid['detectable_rows'], sign=False)}"


def _data(study: Study, grid: dict[str, Any], group: Group, value: str) -> list[object]:
    content = group | grid
    content |= {
        "value": "" if value == UNCHANGED else value,
        "unchanged": _unchanged(study, group),
    } | outcome(study.comparisons_in(group))
    return [empty(content[key]) for key in DATA]


def _notes(study: Study) -> str:
    power = formats.latex(formats.percent(study.comparisons["statistics"]["power"], 0))
    return (
        f"{about_means(study)} {about_differences(study, 'the unchanged recipe', 'the value')} Below each grid: "
        "standard deviation between seeds, pooled over the values, and the smallest difference of two means that a "
        f"$t$-test finds with power {power}; from rows alone, that of a McNemar test of two single runs at the median "
        "discordance. Both in points, without adjustment; smaller differences mean nothing. --: not known, or no "
        "difference could be found."
    )


if __name__ == "__main__":
    stage("sweeps", __doc__, build)
