"""Transfer: a bridge trained on one task (rows) and scored on another (columns)."""

from analysis import formats
from analysis.study import Group, Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, empty, stage
from analysis.tables._over_seeds import FOUND, outcome

DATA = [
    "experiment", "method", "pair", "trained_on", "task", "seeds", "runs", "n", "accuracy", "sd", "low", "high",
    "chance", "against_chance", "difference", "difference_low", "difference_high", *FOUND,
]  # fmt: skip


def build(study: Study) -> Table:
    """One matrix for each experiment, method and pair; the CSV holds fractions, unrounded."""
    shown = study.shown_in("transfer")
    tasks = list(dict.fromkeys(task for experiment in shown for task in study.tasks_of(experiment)))
    groups, data = [], []
    for experiment in shown:
        matrices: dict[tuple[str, str], list[Group]] = {}
        for group in study.groups_of(experiment):
            matrices.setdefault((group["method"], group["pair"]), []).append(group)
        for (method, pair), found in matrices.items():
            several = len(matrices) > 1 or len(shown) > 1
            title = study.plan["experiments"][experiment]["title"]
            heading = f"{title}: {study.method(method)}, {study.pair(pair)}" if several else ""
            groups.append(_common.Group(heading, _matrix(study, found, tasks)))
            for group in found:
                content = group | {"trained_on": group["trained_on"] or group["task"]}
                content |= outcome(study.comparisons_in(group))
                data.append([empty(content[key]) for key in DATA])
    return Table(
        columns=["Trained on", *(f"on {study.task(task)}" for task in tasks)],
        align="@{}l" + "r" * len(tasks) + "@{}",
        groups=groups,
        notes=[_notes(study)] if groups else [],
        data=data,
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def _matrix(study: Study, found: list[Group], tasks: list[str]) -> list[list[Cell]]:
    cells = {(group["trained_on"] or group["task"], group["task"]): group for group in found}
    trained = [task for task in tasks if any(first == task for first, _ in cells)]
    rows: list[list[Cell]] = [
        [study.task(first), *(_cell(study, cells.get((first, second))) for second in tasks)] for first in trained
    ]
    levels = {group["task"]: group["chance"] for group in found}
    return [*rows, ["chance", *(formats.percent(levels.get(task)) for task in tasks)]]


def _cell(study: Study, group: Group | None) -> Cell:
    if group is None:
        return formats.MISSING
    runs = len(group["runs"])
    spread = f" ± {formats.points(group['sd'], sign=False)}" if group["sd"] is not None else ""
    return _common.traced(f"{formats.percent(group['accuracy'])}{spread} ({runs})", study.cell_id(group))


def _notes(study: Study) -> str:
    return (
        "Accuracy: mean over runs, with the standard deviation between them in points, and the number of runs in "
        "brackets, one for each seed. On the diagonal the bridge is scored on the task that trained it."
    )


if __name__ == "__main__":
    stage("transfer", __doc__, build)
