"""Pairs of models: directions, and a model with itself, each against the first pair of its experiment."""

from analysis.study import Group, Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, empty, stage
from analysis.tables._over_seeds import FOUND, about_differences, about_means, difference_cells, mean_cells, outcome

DATA = [
    "experiment", "task", "method", "pair", "sender", "receiver", "same", "seeds", "runs", "n", "accuracy", "sd", "low",
    "high", "chance", "against_chance", "difference", "difference_low", "difference_high", *FOUND,
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by experiment, task and method; the CSV holds fractions, unrounded."""
    groups, data = [], []
    shown = study.shown_in("pairs")
    for experiment in shown:
        content = study.plan["experiments"][experiment]
        for task in study.tasks_of(experiment):
            for method in dict.fromkeys(g["method"] for g in study.groups_of(experiment, task)):
                found = [g for g in study.groups_of(experiment, task) if g["method"] == method]
                several = len(content["methods"]) > 1
                heading = study.task(task) + (f", {study.method(method)}" if several else "")
                groups.append(_common.Group(heading, [_row(study, group) for group in found]))
                data += [_data(study, group) for group in found]
    return Table(
        columns=["Pair", "Models", "Runs", "Accuracy", "SD", "Interval", "Difference", "Interval", "p"],
        align=r"@{}p{0.29\linewidth}lrrrlrlr@{}",
        groups=groups,
        notes=[_notes(study)] if groups else [],
        data=data,
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def _same(study: Study, group: Group) -> bool:
    pair = study.plan["pairs"][group["pair"]]
    return pair["sender"] == pair["receiver"]


def _row(study: Study, group: Group) -> list[Cell]:
    first = study.plan["experiments"][group["experiment"]]["pairs"][0]
    return [
        study.pair(group["pair"]),
        "same" if _same(study, group) else "two",
        *mean_cells(study, group),
        *difference_cells(study, group, group["pair"] == first),
    ]


def _data(study: Study, group: Group) -> list[object]:
    content = group | study.plan["pairs"][group["pair"]] | {"same": _same(study, group)}
    content |= outcome(study.comparisons_in(group))
    return [empty(content[key]) for key in DATA]


def _notes(study: Study) -> str:
    return (
        "Sender and receiver; two models, or the same one twice. "
        f"{about_means(study)} {about_differences(study, 'the first pair', 'this one')}"
    )


if __name__ == "__main__":
    stage("pairs", __doc__, build)
