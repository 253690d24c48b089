"""The numbers that the documents report, each with what this build has beside it and its verdict."""

from analysis import documents, formats
from analysis.claims import ABSENT, OTHER
from analysis.documents import SIGNS, Ledger
from analysis.study import Study
from analysis.tables._common import Cell, Group, Table, Text, empty, stage, traced
from analysis.verdicts import CONTRADICTORY, Judged, judge

DATA = [
    "id", "level", "experiment", "dataset", "method", "metric", "value", "unit", "bound", "n", "correct", "seeds",
    "soft_tokens", "step", "std", "low", "high", "evidence", "documents", "conflict", "note", "cell", "setting",
    "rebuilt", "rebuilt_low", "rebuilt_high", "rebuilt_unit", "verdict",
]  # fmt: skip
SHORT = {CONTRADICTORY: "disputed", ABSENT: "not rebuilt", "contradicted": "denied"}
"""Words of the printed table, whose lines are full."""
MARK = "‡"


def build(study: Study, ledger: Ledger | None = None) -> Table:
    """Groups by experiment of the research, headline numbers only; the CSV has all.

    Args:
        study: with its comparisons and, if it has a series, the statistics of the phases.
        ledger: the reported numbers; those of `paper/documents/` if None.
    """
    judged = judge(study, documents.load() if ledger is None else ledger)
    shown: dict[str, list[list[Cell]]] = {}
    for one in judged:
        if one.number.level == "headline":
            shown.setdefault(one.number.experiment, []).append(_row(one))
    groups = [Group(experiment.replace("_", " "), list(rows)) for experiment, rows in shown.items()]
    return Table(
        columns=["Number", "Reported", "n", "Evidence", "Here", "Verdict"],
        align="@{}lrrlll@{}",
        groups=groups,
        notes=[_notes()] if groups else [],
        data=[_data(one) for one in judged],
        data_columns=DATA,
        long=True,
    )


def rebuilt(one: Judged) -> str:
    """The rebuilt value as text, marked where its setting is another; a dash where there is none."""
    if one.found is None:
        return formats.MISSING
    if one.unit == "percent":
        text = formats.percent(one.found.value)
    elif one.unit == "pp":
        text = formats.points(one.found.value)
    else:
        text = formats.number(one.found.value) + SIGNS.get(one.unit, f" {one.unit}")
    return text + (MARK if one.setting == OTHER else "")


def _row(one: Judged) -> list[Cell]:
    number = one.number
    name = number.id.removeprefix(f"{number.experiment}.").removeprefix("-.")
    # Without ligatures, so that the check of the finished PDF finds the row.
    return [
        Text(name, rf"\texttt{{{formats.latex(name)}}}"),
        number.text,
        formats.MISSING if number.n is None else formats.count(number.n),
        SHORT.get(number.evidence, number.evidence),
        rebuilt(one) if one.cell is None else traced(rebuilt(one), one.cell),
        SHORT.get(one.verdict, one.verdict),
    ]


def _data(one: Judged) -> list[object]:
    printed = one.number.uncertainty
    found = {key: getattr(one.number, key) for key in DATA if key in type(one.number).model_fields}
    found |= {"cell": one.cell, "setting": one.setting, "verdict": one.verdict}
    for key in ("std", "low", "high"):
        found[key] = getattr(printed, key) if printed is not None else None
    for key, name in (("value", "rebuilt"), ("low", "rebuilt_low"), ("high", "rebuilt_high")):
        found[name] = None if one.found is None else getattr(one.found, key)
    found["rebuilt_unit"] = None if one.found is None else one.unit
    return [empty(found[key]) for key in DATA]


def _notes() -> str:
    return (
        "Number: data set, method, metric and what tells it from others. $n$: evaluated rows. Evidence: a run file "
        "gives the value (raw), none does (stated), one gives another (denied). Here: the value of this build, "
        "\\textdaggerdbl{} with other models or data, which judges nothing. Verdict: on the same models and data, "
        "\\emph{agrees} if the intervals overlap or the only one holds the other number, else \\emph{differs}; without "
        "such a value, \\emph{disputed} if documents or run files give different values, else \\emph{not "
        "rebuilt} here. The CSV file of the table has all reported numbers with their documents."
    )


if __name__ == "__main__":
    stage("claims", __doc__, build, phases=True)
