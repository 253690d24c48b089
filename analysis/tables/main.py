"""Main table: accuracy of every method on every task, with its difference from the reference."""

from analysis import formats
from analysis.study import Cell, Comparison, Study
from analysis.tables._common import Group, Table, Text, stage

DATA = [
    "experiment", "task", "method", "pair", "seed", "run", "n", "correct", "accuracy", "low", "high",
    "unparsed", "constant", "chance", "against_chance", "reference", "difference", "p_holm", "family",
    "detectable", "verdict",
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by experiment and task; the CSV holds fractions, unrounded."""
    groups, data = [], []
    for experiment in study.grids:
        for task in study.tasks_of(experiment):
            rows = []
            for cell in study.cells_of(experiment, task):
                comparison = study.comparison_of(cell)
                rows.append(_row(study, cell, comparison))
                merged = (comparison or {}) | cell
                data.append([merged.get(key, "") for key in DATA])
            groups.append(Group(_heading(study, experiment, task), rows))
    return Table(
        columns=["Method", "n", "Accuracy", "Interval", "Unparsed", "Difference", "p (Holm)", "Detectable"],
        align="@{}lrrlrrrr@{}",
        groups=groups,
        notes=[_notes(study)],
        data=data,
        data_columns=DATA,
    )


def _heading(study: Study, experiment: str, task: str) -> str:
    level = next(cell["chance"] for cell in study.cells_of(experiment, task))
    chance = f"chance {formats.percent(level)}" if level is not None else "open answers, no chance level"
    title = study.plan["experiments"][experiment]["title"]
    several = len(study.grids) > 1
    return (f"{title}: " if several else "") + f"{study.task(task)} ({chance})"


def _row(study: Study, cell: Cell, comparison: Comparison | None) -> list[str | Text]:
    flags = ("†" if cell["below_chance"] else "") + ("‡" if cell["constant"] else "")
    marks = flags.replace("†", r"\textsuperscript{\textdagger}")
    marks = marks.replace("‡", r"\textsuperscript{\textdaggerdbl}")
    accuracy = formats.percent(cell["accuracy"])
    row: list[str | Text] = [
        study.label(cell),
        formats.count(cell["n"]),
        Text(accuracy + flags, formats.latex(accuracy) + (rf"\rlap{{{marks}}}" if marks else "")),
        formats.interval(cell["low"], cell["high"]),
        formats.count(cell["unparsed"]),
    ]
    if comparison is None:
        reference = study.plan["experiments"][cell["experiment"]]["reference"]
        return [*row, "reference" if cell["method"] == reference else formats.MISSING, "", ""]
    difference = formats.points(comparison["difference"])
    text = formats.latex(difference)
    if comparison["verdict"] != "no evidence":
        text = rf"\textbf{{{text}}}" if "$" not in text else rf"\boldmath\textbf{{{text}}}"
    return [
        *row,
        Text(difference, text),
        formats.p_value(comparison["p_holm"]),
        formats.points(comparison["detectable"], sign=False),
    ]


def _notes(study: Study) -> str:
    families = "; ".join(
        f"{formats.latex(study.plan['experiments'][name]['title'])}: {content['size']}"
        for name, content in study.comparisons["families"].items()
        if name != study.series
    )
    settings = study.comparisons["statistics"]
    confidence = formats.latex(formats.percent(settings["confidence"], 0))
    power = formats.latex(formats.percent(settings["power"], 0))
    return (
        f"Accuracy in percent with {confidence} Wilson interval. Difference: reference minus method, in "
        "points, paired by row; bold where the Holm-adjusted exact McNemar test finds it at level "
        f"{settings['alpha']}. Comparisons in each Holm family: {families}. Detectable: smallest difference "
        f"found with power {power} at the observed discordance and the family's strictest level; -- where "
        "none is. "
        r"\textdagger{} below chance. \textdaggerdbl{} the same answer for every row."
    )


if __name__ == "__main__":
    stage("main", __doc__, build)
