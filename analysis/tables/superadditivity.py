"""Super-additivity: is the reference better than the better one of its parts?"""

from typing import Any

from analysis import formats
from analysis.study import Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, Text, empty, stage, traced

DATA = [
    "experiment", "task", "pair", "seed", "reference", "parts", "runs", "n", "accuracy", "best", "best_accuracy",
    "difference", "low", "high", "p", "p_holm", "family", "verdict",
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by experiment and task; the CSV holds fractions, unrounded."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in study.comparisons["superadditivity"]:
        if entry["experiment"] in study.shown_in("superadditivity"):
            found.setdefault((entry["experiment"], entry["task"]), []).append(entry)
    several = len({experiment for experiment, _ in found}) > 1
    groups = []
    for (experiment, task), entries in found.items():
        title = study.plan["experiments"][experiment]["title"]
        heading = (f"{title}: " if several else "") + study.task(task)
        groups.append(_common.Group(heading, [_row(study, entry) for entry in entries]))
    return Table(
        columns=["Method", "Accuracy", "Better part", "Accuracy", "Difference", "Interval", "p (Holm)", "Verdict"],
        align="@{}lrlrrlrl@{}",
        groups=groups,
        notes=[_notes(study, [entry for entries in found.values() for entry in entries])] if found else [],
        data=[[empty(entry[key]) for key in DATA] for entries in found.values() for entry in entries],
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def _row(study: Study, entry: dict[str, Any]) -> list[Cell]:
    shown: Cell = formats.points(entry["difference"])
    if entry["verdict"] == "above":
        shown = Text(str(shown), rf"\textbf{{{formats.latex(str(shown))}}}")
    return [
        study.label(entry | {"method": entry["reference"], "setting": None, "trained_on": None}),
        traced(formats.percent(entry["accuracy"]), study.super_id(entry)),
        study.method(entry["best"]),
        traced(formats.percent(entry["best_accuracy"]), study.super_id(entry)),
        traced(shown, study.super_id(entry)),
        formats.interval(entry["low"], entry["high"], sign=True),
        formats.p_value(entry["p_holm"]),
        entry["verdict"],
    ]


def _notes(study: Study, entries: list[dict[str, Any]]) -> str:
    settings = study.comparisons["statistics"]
    confidence = formats.latex(formats.percent(settings["confidence"], 0))
    parts = dict.fromkeys(part for entry in entries for part in entry["parts"])
    names = formats.latex(formats.series([study.method(part) for part in parts]))
    return (
        f"Parts: {names}; the better one on the test rows is shown. Difference: the method minus it, in points, with "
        f"{confidence} bootstrap interval over rows ({formats.count(settings['resamples'])} resamples, the better part "
        "picked anew in each). $p$: the largest exact McNemar $p$ over the parts, 1 unless the method is above each of "
        "them, Holm-adjusted over the experiment. \\emph{Above}: adjusted $p$ under "
        f"{settings['alpha']}; \\emph{{below}}: the whole interval lies under zero."
    )


if __name__ == "__main__":
    stage("superadditivity", __doc__, build)
