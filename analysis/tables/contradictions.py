"""Contradictions: each question that documents answer in more than one way, with all values and where they stand."""

from collections import Counter

from analysis import documents, formats
from analysis.documents import Group, Ledger
from analysis.study import Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, Text, empty, stage

DATA = [
    "conflict", "kind", "title", "disagree", "entries", "values", "low", "high", "unit", "raw", "stated",
    "contradicted", "documents", "claims",
]  # fmt: skip


def build(study: Study, ledger: Ledger | None = None) -> Table:
    """Groups by kind, a row for each question whose values differ; the CSV also has those whose values do not.

    Args:
        study: not needed; contradictions do not depend on a build.
        ledger: the reported numbers; those of `paper/documents/` if None.
    """
    ledger = documents.load() if ledger is None else ledger
    groups = []
    for name, kind in ledger.kinds.items():
        rows = [_row(group, ledger) for group in ledger.groups if group.kind == name and group.disagree]
        if rows:
            groups.append(_common.Group(kind.title, rows))
    return Table(
        columns=["Question", "Values", "From", "Numbers"],
        align=r"@{}lp{0.26\linewidth}p{0.19\linewidth}r@{}",
        groups=groups,
        notes=[_notes()] if groups else [],
        data=[_data(group) for group in ledger.groups],
        data_columns=DATA,
        long=True,
    )


def _row(group: Group, ledger: Ledger) -> list[Cell]:
    evidence = Counter(number.evidence for number in group.numbers)
    written = ", ".join(name.replace("_", " ") for name in _written(group, ledger))
    values = "; ".join(group.values)
    linked = formats.traced(f"documents.question.{group.slug}", formats.latex(values))
    return [
        group.title[0].upper() + group.title[1:],
        Text(values, rf"\raggedright {linked}"),
        Text(written, rf"\raggedright {formats.latex(written)}"),
        "/".join(formats.count(evidence[kind]) for kind in ("raw", "stated", "contradicted")),
    ]


def _written(group: Group, ledger: Ledger) -> list[str]:
    """Documents in the narrow sense, and one word for all folders of run files, which stands last."""
    names = [name for name in group.documents if ledger.sources[name].about != documents.RUN_FILES]
    return names + (["run files"] if len(names) < len(group.documents) else [])


def _data(group: Group) -> list[object]:
    evidence = Counter(number.evidence for number in group.numbers)
    low, high = group.span or (None, None)
    units = dict.fromkeys(number.unit for number in group.numbers)
    found = [
        group.slug, group.kind, group.title, group.disagree, len(group.numbers), "; ".join(group.values), low, high,
        list(units), *(evidence[kind] for kind in ("raw", "stated", "contradicted")), group.documents,
        [number.id for number in group.numbers],
    ]  # fmt: skip
    return [empty(value) for value in found]


def _notes() -> str:
    return (
        "Values: all different ones, by unit. From: the documents, and run files. Numbers: with a run file that gives "
        "the value / only stated / with a run file that gives another value. A question collects what bears upon it, "
        "so not every pair of its values contradicts. Intervals and deviations as printed."
    )


if __name__ == "__main__":
    stage("contradictions", __doc__, build)
