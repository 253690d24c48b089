"""Alarms: runs, or data, in which something points to a fault rather than to a result."""

from typing import Any

from analysis import formats
from analysis.alarms import KINDS
from analysis.study import Study
from analysis.tables import _common
from analysis.tables._common import Table, empty, stage

DATA = ["kind", "task", "methods", "runs", "count", "n"]
NAMED = 4
"""Methods that a row names; of more, it gives the number."""


def build(study: Study) -> Table:
    """Groups by kind, one row for each task and method; the CSV has a row for each alarm, with its runs."""
    alarms = study.comparisons["alarms"]
    groups = []
    for kind, title in KINDS.items():
        found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for alarm in alarms:
            if alarm["kind"] == kind:
                found.setdefault((alarm["task"], *alarm["methods"]), []).append(alarm)
        if found:
            rows = [_row(study, same) for same in found.values()]
            groups.append(_common.Group(title[0].upper() + title[1:], rows))
    return Table(
        columns=["Task", "Method", "Alarms", "Runs", "Count", "of"],
        align=r"@{}lp{0.4\linewidth}rrrr@{}",
        groups=groups,
        notes=[_notes()] if groups else [],
        data=[[empty(alarm[key]) for key in DATA] for alarm in alarms],
        data_columns=DATA,
        long=_common.overlong(groups),
    )


def _row(study: Study, alarms: list[dict[str, Any]]) -> list[str]:
    names = [study.method(name) for name in alarms[0]["methods"]]
    more = len(names) - NAMED
    listed = [*names[:NAMED], f"{formats.count(more)} more"] if more > 0 else names
    return [
        study.task(alarms[0]["task"]),
        formats.series(listed) or "all",
        formats.count(len(alarms)),
        formats.count(len({run for alarm in alarms for run in alarm["runs"]})),
        formats.count(sum(alarm["count"] for alarm in alarms)),
        formats.count(sum(alarm["n"] for alarm in alarms)),
    ]


def _notes() -> str:
    return (
        "Count: below chance, rows answered correctly, of those that could be read; the same or no answer, such rows; "
        "near-duplicates, such test rows; runs that are the same, the runs, beside their rows. Seeds and settings of a "
        "method are added up. The series of phases is checked in its own table, and here for runs that are the same."
    )


if __name__ == "__main__":
    stage("alarms", __doc__, build)
