"""What differs between two builds of a study: values, verdicts, cells of tables, runs.

Each side is a results folder (results/<preset>), or such a folder in a commit (REV:path, as for `git show`; the path
starts at the top of the repository). Read are values.json, statistics/comparisons.json and tables/*.csv; times
(tables/speed.csv) are left out, as they differ from build to build. Of a side that holds raw runs only, such as an
archive, the rows are hashed, and only runs are compared.
Exit status: 0 no difference, 1 some, 2 bad input.
"""

import argparse
import json
import sys
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from analysis import formats
from analysis.snapshots import Snapshot, read_snapshot
from analysis.study import parser
from telepathy.errors import run_stage

EXAMPLE = "python -m analysis.diff HEAD~1:results/archive/quick results/archive/quick"
VERDICTS = ("verdict", "against_chance", "result")
"""Last words of the ids of values that are verdicts."""
FAR = 40
"""Lines of each kind in the terminal, unless all are asked for."""
NAME = 30
"""Columns that a name keeps in a narrow terminal."""
WIDE = 120
"""Columns of a terminal that shows intervals too."""
MEANING = {False: "NO", True: "yes", None: ""}
"""Whether a new value lies within the old interval; in the order of their weight."""

Changes = dict[str, Any]
Lines = list[list[str]]


def main() -> None:
    """Command line."""
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("old", metavar="A", help="results folder or REV:path, the old side")
    arguments.add_argument("new", metavar="B", help="results folder or REV:path, the new side")
    arguments.add_argument("--json", action="store_true", help="write the differences as JSON")
    arguments.add_argument("--all", action="store_true", help=f"show every line, not the first {FAR} of each kind")
    raise SystemExit(show(arguments.parse_args(), Console(highlight=False)))


def show(options: argparse.Namespace, console: Console) -> int:
    """Print the differences that the options ask for; return the exit status."""
    old, new = read_snapshot(options.old), read_snapshot(options.new)
    found = difference(old, new)
    if options.json:
        json.dump(found, sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
        print()
    else:
        console.print(rendered(found, None if options.all else FAR, console.width >= WIDE))
    return 0 if found["same"] else 1


def difference(old: Snapshot, new: Snapshot) -> Changes:
    """All differences of two snapshots.

    Returns:
        `values`: `added` and `removed` ids, and `changed` with id, unit, old and new value and text, the intervals on
        both sides and whether the new value lies within the old interval (None where there is none). `verdicts`: those
        changed values that are verdicts. `tables`: `added`, `removed`, and `changed` with the lines added and removed
        and the cells (line, column, old, new). `runs`: `added`, `removed` and `changed`, with id, path and sha256 of
        the rows. `same`: whether there is nothing of all this. `raw`: sides that hold raw runs only; with one, no more
        than runs can be compared.

    """
    raw = [side.title for side in (old, new) if side.values is None]
    empty: Changes = {"added": [], "removed": [], "changed": []}
    found: Changes = {
        "old": old.title,
        "new": new.title,
        "raw": raw,
        "values": empty if raw else _values(old.values or {}, new.values or {}),
        "tables": empty if raw else _tables(old.tables, new.tables),
        "runs": _runs(old.runs, new.runs),
    }
    changed = found["values"]["changed"]
    found["verdicts"] = [change for change in changed if change["id"].rpartition(".")[2] in VERDICTS]
    parts = (found[kind][how] for kind in ("values", "tables", "runs") for how in ("added", "removed", "changed"))
    return found | {"same": not any(parts)}


def _sets(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """Keys only in the new, only in the old, in both; in their own order."""
    return [key for key in new if key not in old], [key for key in old if key not in new], [k for k in old if k in new]


def _values(old: dict[str, Any], new: dict[str, Any]) -> Changes:
    added, removed, both = _sets(old, new)
    changed = []
    for name in both:
        a, b = old[name], new[name]
        if all(a[key] == b[key] for key in ("value", "text", "unit")):
            continue
        before, after = _interval(old, name), _interval(new, name)
        number = isinstance(b["value"], int | float)
        changed.append(
            {
                "id": name,
                "unit": b["unit"],
                "old": a["value"],
                "new": b["value"],
                "old_text": a["text"],
                "new_text": b["text"],
                "old_interval": before,
                "new_interval": after,
                "within_old_interval": before[0] <= b["value"] <= before[1] if before and number else None,
            }
        )
    return {"added": added, "removed": removed, "changed": changed}


def _interval(values: dict[str, Any], name: str) -> list[float] | None:
    """The interval that belongs to a value: `x.y_interval`, for accuracies and differences also `x.interval`."""
    stem, _, key = name.rpartition(".")
    names = [f"{name}_interval", *([f"{stem}.interval"] if key in ("accuracy", "difference") else [])]
    found = next((values[candidate]["value"] for candidate in names if candidate in values), None)
    return found if found and None not in found else None


def _tables(old: dict[str, Lines], new: dict[str, Lines]) -> Changes:
    added, removed, both = _sets(old, new)
    changed = [{"table": name, **_cells(old[name], new[name])} for name in both if old[name] != new[name]]
    return {"added": added, "removed": removed, "changed": changed}


def _cells(old: Lines, new: Lines) -> Changes:
    """Differing cells of two tables; their lines are matched by the fewest leading columns that tell them apart."""
    (old_head, *old_lines), (new_head, *new_lines) = old, new
    shared = next((i for i, (x, y) in enumerate(zip(old_head, new_head, strict=False)) if x != y), len(old_head))
    a, b = _keyed(old_lines, new_lines, shared)
    added, removed, both = _sets(a, b)
    cells = []
    for key in both:
        before, after = dict(zip(old_head, a[key], strict=False)), dict(zip(new_head, b[key], strict=False))
        for column in dict.fromkeys([*old_head, *new_head]):
            x, y = before.get(column), after.get(column)
            if x != y:
                cells.append({"line": key, "column": column, "old": x, "new": y})
    return {"added": added, "removed": removed, "cells": cells}


def _keyed(old: Lines, new: Lines, shared: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Lines by a key that is unique on both sides: some of the leading columns that they share, else their number."""
    for size in range(1, shared + 1):
        first, second = ({" / ".join(line[:size]): line for line in lines} for lines in (old, new))
        if len(first) == len(old) and len(second) == len(new):
            return first, second
    first, second = ({str(number): line for number, line in enumerate(lines, start=1)} for lines in (old, new))
    return first, second


def _runs(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> Changes:
    added, removed, both = _sets(old, new)
    changed = [
        {"id": run, "path": new[run]["path"], "old": old[run]["sha256"], "new": new[run]["sha256"]}
        for run in both
        if old[run]["sha256"] != new[run]["sha256"]
    ]
    return {
        "added": [{"id": run, **new[run]} for run in added],
        "removed": [{"id": run, **old[run]} for run in removed],
        "changed": changed,
    }


def rendered(found: Changes, limit: int | None, wide: bool = True) -> Group:
    """The differences for a terminal, at most `limit` lines of each kind; values outside their old interval first."""
    title = f"{escape(found['old'])} → {escape(found['new'])}"
    parts: list[Any] = [
        f"{escape(side)} holds raw runs only, so that nothing but the rows of runs is compared" for side in found["raw"]
    ]
    if found["same"]:
        return Group(*parts, f"{title}: no difference")
    values, tables, runs = found["values"], found["tables"], found["runs"]
    parts.append(f"[bold]{title}[/]")
    flips = [(c["id"], c["old_text"], c["new_text"]) for c in found["verdicts"]]
    parts += _table("Verdicts that changed", ("Verdict", "Old", "New"), flips, limit)
    numbers = [c for c in values["changed"] if c not in found["verdicts"]]
    numbers.sort(key=lambda c: list(MEANING).index(c["within_old_interval"]))
    lines = [
        (
            c["id"],
            *_texts(c),
            *((_bounds(c, "old_interval"), _bounds(c, "new_interval")) if wide else ()),
            MEANING[c["within_old_interval"]],
        )
        for c in numbers
    ]
    head = ("Value", "Old", "New", *(("Old interval", "New interval") if wide else ()), "Within old")
    parts += _table("Values that changed", head, lines, limit)
    for word in ("added", "removed"):
        parts += _table(f"Values {word}", ("Value",), [(name,) for name in values[word]], limit)
    cells = [
        (change["table"], cell["line"], cell["column"], _cell(cell["old"]), _cell(cell["new"]))
        for change in tables["changed"]
        for cell in change["cells"]
    ]
    parts += _table("Cells that changed", ("Table", "Line", "Column", "Old", "New"), cells, limit)
    for word in ("added", "removed"):
        wholes = [(name, "all") for name in tables[word]]
        wholes += [(change["table"], line) for change in tables["changed"] for line in change[word]]
        parts += _table(f"Lines of tables {word}", ("Table", "Line"), wholes, limit)
    ordered = [(t["table"],) for t in tables["changed"] if not (t["cells"] or t["added"] or t["removed"])]
    parts += _table("Tables whose lines are in another order", ("Table",), ordered, limit)
    changed = [(run["path"], run["old"][:12], run["new"][:12]) for run in runs["changed"]]
    parts += _table("Runs whose rows changed", ("Rows", "Old sha256", "New sha256"), changed, limit)
    for word in ("added", "removed"):
        listed = [(run["path"], run["sha256"][:12]) for run in runs[word]]
        parts += _table(f"Runs {word}", ("Rows", "sha256"), listed, limit)
    outside = sum(c["within_old_interval"] is False for c in numbers)
    come, gone = (len(runs[word]) for word in ("added", "removed"))
    parts.append(
        f"{len(numbers)} values changed, {outside} of them to outside their old interval; {len(flips)} verdicts, "
        f"{len(cells)} cells of tables, rows of {len(changed)} runs changed; {come} runs added, {gone} removed"
    )
    return Group(*parts)


def _table(title: str, head: tuple[str, ...], lines: list[tuple[str, ...]], limit: int | None) -> list[Any]:
    """A table under its title; nothing where there are no lines."""
    if not lines:
        return []
    table = Table(*head, box=box.SIMPLE_HEAD)
    table.columns[0].overflow = "fold"
    table.columns[0].min_width = min(NAME, max(len(line[0]) for line in lines))
    for line in lines[:limit]:
        table.add_row(*map(escape, line))
    hidden = len(lines) - (len(lines) if limit is None else min(limit, len(lines)))
    return [f"\n{title}: {len(lines)}", table, *([f"  … and {hidden} more (--all)"] if hidden else [])]


def _texts(change: Changes) -> tuple[str, str]:
    """Both texts; where they are the same, the numbers behind them."""
    if change["old_text"] != change["new_text"]:
        return change["old_text"], change["new_text"]
    return str(change["old"]), str(change["new"])


def _bounds(change: Changes, key: str) -> str:
    """An interval as the paper prints it."""
    return formats.interval(*change[key], sign=change["unit"] == "points") if change[key] else ""


def _cell(text: str | None) -> str:
    return formats.MISSING if text is None else text


if __name__ == "__main__":
    run_stage(main)
