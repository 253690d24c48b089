"""Main table: accuracy of every method on every task, with its difference from the reference.

With several seeds, one row for each method: the mean over its runs. The CSV has a row for each seed either way.
"""

from analysis import formats
from analysis.study import Cell, Comparison, Group, Study
from analysis.tables import _common
from analysis.tables._common import Table, Text, stage
from analysis.tables._over_seeds import about_differences, about_means, difference_cells, mean_cells

DATA = [
    "experiment", "task", "method", "pair", "setting", "trained_on", "seed", "run", "n", "correct", "accuracy", "low",
    "high", "unparsed", "parsed_accuracy", "constant", "chance", "against_chance", "reference", "difference", "p_holm",
    "family", "detectable", "verdict",
]  # fmt: skip
ONE = ["Method", "n", "Accuracy", "Interval", "Unparsed", "Difference", "p (Holm)", "Detectable"]
SEVERAL = ["Method", "n", "Runs", "Accuracy", "SD", "Interval", "Unparsed", "Difference", "Interval", "p"]


def build(study: Study) -> Table:
    """Groups by experiment and task; the CSV holds fractions, unrounded."""
    shown = study.shown_in("main")
    several = any(len(study.plan["experiments"][experiment]["seeds"]) > 1 for experiment in shown)
    groups, data = [], []
    for experiment in shown:
        for task in study.tasks_of(experiment):
            for cell in study.cells_of(experiment, task):
                merged = (study.comparison_of(cell) or {}) | cell
                data.append([_common.empty(merged.get(key)) for key in DATA])
            if several:
                rows = [_mean_row(study, group) for group in study.groups_of(experiment, task)]
            else:
                cells = study.cells_of(experiment, task)
                rows = [_row(study, cell, study.comparison_of(cell)) for cell in cells]
            groups.append(_common.Group(_heading(study, shown, experiment, task), rows))
    return Table(
        columns=SEVERAL if several else ONE,
        align="@{}lrrrrlrrlr@{}" if several else "@{}lrrlrrrr@{}",
        groups=groups,
        notes=[_notes(study, shown, several)] if shown else [],
        data=data,
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def _heading(study: Study, shown: list[str], experiment: str, task: str) -> str:
    level = next(cell["chance"] for cell in study.cells_of(experiment, task))
    chance = f"chance {formats.percent(level)}" if level is not None else "open answers, no chance level"
    title = study.plan["experiments"][experiment]["title"]
    return (f"{title}: " if len(shown) > 1 else "") + f"{study.task(task)} ({chance})"


def _row(study: Study, cell: Cell, comparison: Comparison | None) -> list[str | Text]:
    row: list[str | Text] = [
        study.label(cell),
        formats.count(cell["n"]),
        _common.traced(_flagged(cell["accuracy"], [cell]), study.cell_id(cell)),
        formats.interval(cell["low"], cell["high"]),
        formats.count(cell["unparsed"]),
    ]
    if comparison is None:
        reference = study.plan["experiments"][cell["experiment"]]["reference"]
        return [*row, "reference" if cell["method"] == reference else formats.MISSING, "", ""]
    return [
        *row,
        _common.traced(_common.difference(comparison["difference"], [comparison]), study.comparison_id(comparison)),
        formats.p_value(comparison["p_holm"]),
        formats.points(comparison["detectable"], sign=False),
    ]


def _mean_row(study: Study, group: Group) -> list[str | Text]:
    runs, _, *spread = mean_cells(study, group)
    accuracy = _common.traced(_flagged(group["accuracy"], study.cells_in(group)), study.cell_id(group))
    reference = study.plan["experiments"][group["experiment"]]["reference"]
    return [
        study.label(group),
        formats.count(group["n"]),
        runs,
        accuracy,
        *spread,
        formats.count(group["unparsed"]),
        *difference_cells(study, group, group["method"] == reference),
    ]


def _flagged(accuracy: float, cells: list[Cell]) -> Text:
    """An accuracy with the marks that any of its cells earns."""
    flags = ("†" if any(c["below_chance"] for c in cells) else "") + ("‡" if any(c["constant"] for c in cells) else "")
    marks = flags.replace("†", r"\textsuperscript{\textdagger}")
    marks = marks.replace("‡", r"\textsuperscript{\textdaggerdbl}")
    plain = formats.percent(accuracy)
    return Text(plain + flags, formats.latex(plain) + (rf"\rlap{{{marks}}}" if marks else ""))


def _notes(study: Study, shown: list[str], several: bool) -> str:
    families = "; ".join(
        f"{formats.latex(study.plan['experiments'][name]['title'])}: {study.comparisons['families'][name]['size']}"
        for name in shown
    )
    settings = study.comparisons["statistics"]
    confidence = formats.latex(formats.percent(settings["confidence"], 0))
    power = formats.latex(formats.percent(settings["power"], 0))
    marks = (
        r"\textdagger{} below chance among the answers that could be read. "
        r"\textdaggerdbl{} the same answer for every row."
    )
    if several:
        return (
            f"{about_means(study)} Unparsed: rows of all runs. "
            f"{about_differences(study, 'the reference', 'the method')} "
            f"Comparisons in each Holm family: {families}. {marks}"
        )
    return (
        f"Accuracy in percent with {confidence} Wilson interval. Difference: reference minus method, in "
        "points, paired by row; bold where the Holm-adjusted exact McNemar test finds it at level "
        f"{settings['alpha']}. Comparisons in each Holm family: {families}. Detectable: smallest difference "
        f"found with power {power} at the observed discordance and the family's strictest level; -- where "
        f"none is. {marks}"
    )


if __name__ == "__main__":
    stage("main", __doc__, build)
