"""Values of what the documents report: counts of numbers, questions and verdicts, and the range of each question."""

from collections import Counter

from analysis import claims, documents, formats
from analysis.claims import ABSENT, AGREES, DIFFERS, OPEN
from analysis.documents import SIGNS, Group, Ledger
from analysis.study import Study
from analysis.value import Value
from analysis.verdicts import CONTRADICTORY, judge

KEYS = {
    AGREES: "agree",
    DIFFERS: "differ",
    OPEN: "open",
    CONTRADICTORY: "contradictory",
    ABSENT: "absent",
}
"""Verdicts as they stand in ids."""
READ, JUDGED = "analysis.documents.load", "analysis.verdicts.judge"
"""What counts are of: the ledger alone, or this build's verdicts on it."""


def claim_values(study: Study, ledger: Ledger | None = None) -> list[Value]:
    """Values with ids that start with `documents.`; every preset has the same ids.

    Args:
        study: with its comparisons and, if it has a series, the statistics of the phases.
        ledger: the reported numbers; those of `paper/documents/` if None.
    """
    ledger = documents.load() if ledger is None else ledger
    judged = judge(study, ledger)
    disagreeing = [group for group in ledger.groups if group.disagree]
    counts = {
        "all": (len(ledger.numbers), "numbers"),
        "headline": (sum(number.level == "headline" for number in ledger.numbers), "numbers"),
        "talk": (sum(number.level == "talk" for number in ledger.numbers), "numbers"),
        "sources": (len(ledger.sources), "documents"),
        "repeated": (sum(len(number.documents) > 1 for number in ledger.numbers), "numbers"),
        "questions": (len(ledger.groups), "questions"),
        "disagreeing": (len(disagreeing), "questions"),
        "entries": (sum(len(group.numbers) for group in disagreeing), "numbers"),
        "mapped": (len(_mapped(ledger)), "numbers"),
    }
    evidence = Counter(number.evidence for number in ledger.numbers)
    for kind in ("raw", "stated", "contradicted"):
        counts[kind] = (evidence[kind], "numbers")
    for kind in ledger.kinds:
        same = [group for group in disagreeing if group.kind == kind]
        counts[f"kind.{kind}"] = (len(same), "questions")
        counts[f"kind.{kind}.entries"] = (sum(len(group.numbers) for group in same), "numbers")
    verdicts = Counter(one.verdict for one in judged)
    found = {key: verdicts[verdict] for verdict, key in KEYS.items()}
    found["beside"] = sum(one.found is not None for one in judged)
    values = [Value(f"documents.{key}", n, formats.count(n), unit, READ) for key, (n, unit) in counts.items()]
    values += [Value(f"documents.{key}", n, formats.count(n), "numbers", JUDGED) for key, n in found.items()]
    return values + [value for group in ledger.groups for value in _group_values(group)]


def _mapped(ledger: Ledger) -> set[str]:
    """Numbers that a cell of preset `paper` rebuilds, in a grid or in the series of phases."""
    grids = {name for rebuild in ledger.rebuilds if rebuild.same for name in rebuild.claims}
    return grids | ({claim.id for claim in claims.load()} & {number.id for number in ledger.numbers})


def _group_values(group: Group) -> list[Value]:
    """Entries and different values of a question and, where they have one unit, the smallest and the largest."""
    name, where = f"documents.question.{group.slug}", "analysis.documents.Group"
    values = [
        Value(f"{name}.entries", len(group.numbers), formats.count(len(group.numbers)), "numbers", where),
        Value(f"{name}.values", len(group.values), formats.count(len(group.values)), "values", where),
    ]
    if group.span is not None:
        unit = group.numbers[0].unit
        for key, end in zip(("low", "high"), group.span, strict=True):
            text = documents.amount(end) + SIGNS.get(unit, f" {unit}")
            values.append(Value(f"{name}.{key}", end, text, unit, where))
    return values
