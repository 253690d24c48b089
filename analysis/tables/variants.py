"""Variants of the bridge: trained parameters, chosen learning rate, accuracy, difference from the reference."""

from analysis import formats
from analysis.study import Group, Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, empty, stage
from analysis.tables._over_seeds import FOUND, about_differences, about_means, difference_cells, mean_cells, outcome

DATA = [
    "experiment", "task", "pair", "method", "parameters", "lr", "seeds", "runs", "n", "accuracy", "sd", "low", "high",
    "difference", "difference_low", "difference_high", *FOUND,
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by experiment and task; the CSV holds fractions, unrounded."""
    groups, data = [], []
    shown = study.shown_in("variants")
    for experiment in shown:
        for task in study.tasks_of(experiment):
            found = study.groups_of(experiment, task)
            title = study.plan["experiments"][experiment]["title"]
            heading = (f"{title}: " if len(shown) > 1 else "") + study.task(task)
            groups.append(_common.Group(heading, [_row(study, group) for group in found]))
            for group in found:
                content = group | outcome(study.comparisons_in(group))
                data.append([empty(content[key]) for key in DATA])
    return Table(
        columns=[
            "Variant", "Parameters", "Rate", "Runs", "Accuracy", "SD", "Interval", "Difference", "p",
        ],
        align="@{}lrrrrrlrr@{}",
        groups=groups,
        notes=[_notes(study)] if shown else [],
        data=data,
        data_columns=DATA,
        long=_common.overlong(groups),
    )  # fmt: skip


def _row(study: Study, group: Group) -> list[Cell]:
    reference = study.plan["experiments"][group["experiment"]]["reference"]
    difference, _, found = difference_cells(study, group, group["method"] == reference)
    return [
        study.label(group),
        formats.MISSING if group["parameters"] is None else formats.count(group["parameters"]),
        formats.series([formats.number(lr) for lr in group["lr"]], "or") or formats.MISSING,
        *mean_cells(study, group),
        difference,
        found,
    ]


def _notes(study: Study) -> str:
    return (
        "Parameters: trained ones. Rate: the learning rate, chosen on validation rows; several where seeds differ. "
        f"{about_means(study)} {about_differences(study, 'the reference', 'the variant')}"
    )


if __name__ == "__main__":
    stage("variants", __doc__, build)
