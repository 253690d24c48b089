"""Controls: what is left of the bridge where it can know nothing of the row, beside the bridge and beside no input."""

from analysis import formats
from analysis.study import Group, Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, empty, evidence, stage, traced, turned
from analysis.tables._over_seeds import FOUND, about_means, about_tests, mean_cells, outcome

DATA = [
    "experiment", "task", "pair", "method", "seeds", "runs", "n", "unparsed", "accuracy", "sd", "low", "high", "chance",
    "against_chance", "difference",
    "difference_low", "difference_high", *(f"reference_{name}" for name in FOUND), "null", "over_null", "over_null_low",
    "over_null_high", *(f"null_{name}" for name in FOUND),
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by task; one row for each control, the mean over its seeds; the CSV holds fractions, unrounded."""
    groups, data = [], []
    shown = study.shown_in("controls")
    for experiment in shown:
        for task in study.tasks_of(experiment):
            found = study.groups_of(experiment, task)
            level = found[0]["chance"]
            chance = f"chance {formats.percent(level)}" if level is not None else "open answers, no chance level"
            groups.append(_common.Group(f"{study.task(task)} ({chance})", [_row(study, group) for group in found]))
            data += [_data(study, group) for group in found]
    return Table(
        columns=["Control", "Runs", "Accuracy", "SD", "Interval", "Chance", "Left", "p", "Over null", "p"],
        align="@{}lrrrllrrrr@{}",
        groups=groups,
        notes=[_notes(study, shown)] if shown else [],
        data=data,
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def _row(study: Study, group: Group) -> list[Cell]:
    reference = study.comparisons_in(group)
    null = turned(study.comparisons_in(group, "null"))
    return [
        study.label(group),
        *mean_cells(study, group),
        group["against_chance"] or formats.MISSING,
        traced(_common.difference(group["difference"], reference), study.cell_id(group)),
        evidence(reference),
        traced(_common.difference(_negative(group["null_difference"]), null), study.cell_id(group)),
        evidence(null),
    ]


def _data(study: Study, group: Group) -> list[object]:
    null = turned(study.comparisons_in(group, "null"))
    content = group | outcome(study.comparisons_in(group), "reference_") | outcome(null, "null_")
    content |= {
        "null": study.plan["experiments"][group["experiment"]]["null"],
        "over_null": _negative(group["null_difference"]),
        "over_null_low": _negative(group["null_difference_high"]),
        "over_null_high": _negative(group["null_difference_low"]),
    }
    return [empty(content[key]) for key in DATA]


def _negative(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def _notes(study: Study, shown: list[str]) -> str:
    nulls = {study.plan["experiments"][experiment]["null"] for experiment in shown} - {None}
    null = formats.latex(formats.series(sorted(study.method(name) for name in nulls)))
    families = study.comparisons["families"]
    sizes = [(families[e]["size"], families.get(f"{e}/null", {"size": 0})["size"]) for e in shown]
    counted = "; ".join(f"{first} and {second}" for first, second in sizes)
    return (
        f"{about_means(study)} Chance: where that interval lies. Left: the reference minus the control, in points. "
        f"Over null: the control minus the method without information ({null or 'none here'}). "
        f"{about_tests(study, 'the first')} Comparisons in the two Holm families: {counted}."
    )


if __name__ == "__main__":
    stage("controls", __doc__, build)
