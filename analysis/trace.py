"""Where a number of the paper comes from: value -> function -> runs -> configuration -> rows, data, weights, code.

    python -m analysis.trace main.rotten_tomatoes.bridge.accuracy
    python -m analysis.trace 81.0%                            every value that is printed so
    python -m analysis.trace main.rotten_tomatoes.bridge.accuracy --json

Each value is also computed again from the rows, on the spot.
"""

import argparse
import importlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.tree import Tree

from analysis import formats
from analysis.study import Comparison, Study, read_study
from analysis.value import Value
from analysis.values import registry
from analysis.verify import recomputed, unlike
from telepathy.errors import UserError, fail, run_stage
from telepathy.files import file_sha256, read_json
from telepathy.record import RawRun

ROOT = Path(__file__).resolve().parents[1]
MOST = 12
"""Values that a printed number is traced to in full; of more, only the ids are given."""


def main() -> None:
    """Command line."""
    arguments = argparse.ArgumentParser(
        description=inspect.cleandoc(__doc__ or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("what", help="a value's id, or a number as printed")
    arguments.add_argument("--preset", default="quick", help="default: quick")
    arguments.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    arguments.add_argument("--json", action="store_true", help="the chain as JSON")
    options = arguments.parse_args()
    folder = options.results / options.preset
    study = open_study(folder)
    values = {entry["id"]: Value(**entry) for entry in read_json(folder / "values.json", "`snakemake`")}
    names = find(options.what, values)
    if len(names) > MOST and not options.json:
        Console().print(f"{len(names)} values are printed as {options.what}:", *names, sep="\n  ", markup=False)
        return
    fresh = registry(recomputed(study))
    chains = [chain(study, values[name], fresh.get(name)) for name in names]
    if options.json:
        print(json.dumps(chains, indent=1, ensure_ascii=False))
        return
    for one in chains:
        Console().print(tree(one))


def open_study(folder: Path) -> Study:
    """The study of a preset's results.

    Raises:
        UserError: it is not built, or damaged.
    """
    phases = folder / "statistics" / "phases.json"
    comparisons = folder / "statistics" / "comparisons.json"
    return read_study(folder / "plan" / "overview.json", comparisons, None, phases if phases.exists() else None)


def find(what: str, values: dict[str, Value]) -> list[str]:
    """Ids of the values that a user means: by id, or by printed text (`81.0`, `81.0%`, `-4.0`).

    Raises:
        UserError: nothing of that name or text.
    """
    if what in values:
        return [what]
    wanted = {what, what.replace("-", formats.MINUS), f"{what}%", f"+{what}", f"p = {what}"}
    names = [name for name, value in values.items() if value.text in wanted]
    if names:
        return names
    close = get_close_matches(what, values, n=3)
    known = f"did you mean {formats.series(close, 'or')}?" if close else "values.json lists all of them"
    raise UserError(f"{what}: no value has this id, and none is printed so; {known}")


def chain(study: Study, value: Value, fresh: Value | None) -> dict[str, Any]:
    """All that a value rests on, from its text down to the sha256 of weights, data and code."""
    return {
        "value": asdict(value),
        "function": {"name": value.function, "where": place(value.function)},
        "recomputed": {
            "text": None if fresh is None else fresh.text,
            "value": None if fresh is None else fresh.value,
            "same": fresh is not None and fresh.text == value.text and not unlike(value.value, fresh.value),
        },
        "comparisons": [
            {key: c[key] for key in ("experiment", "task", "reference", "method", "against", "pair", "seed", "b", "c")}
            for c in compared(study, value.runs)
        ],
        "runs": [run_facts(study, run, study.read(run)) for run in value.runs],
    }


def compared(study: Study, runs: Sequence[str]) -> list[Comparison]:
    """The comparisons that were made between some runs of a list."""
    if len(runs) < 2:
        return []
    among = set(runs)
    return [c for c in study.comparisons["comparisons"] if among.issuperset(c["runs"])]


@cache
def place(function: str) -> str:
    """`file:line` of a function's definition.

    Raises:
        UserError: values were made by a function that is no longer there.
    """
    module, _, name = function.rpartition(".")
    try:
        found = inspect.unwrap(getattr(importlib.import_module(module), name))
        lines, line = inspect.getsourcelines(found)
        # After its decorators.
        line += next(i for i, text in enumerate(lines) if text.lstrip().startswith(("def ", "class ")))
        return f"{Path(inspect.getsourcefile(found) or '').relative_to(ROOT)}:{line}"
    except (ImportError, AttributeError, ValueError):
        raise fail("values.json", f"`{function}` is not in the code", "build again (`snakemake`)") from None


def run_facts(study: Study, run: str, raw: RawRun) -> dict[str, Any]:
    """What identifies a run, `raw` being its files: configuration, rows with sha256, hashes of what went in, commit."""
    rows = raw.folder / "rows.jsonl.gz"
    sha256 = file_sha256(rows)
    environment = raw.folder / "environment.json"
    return {
        "id": run,
        "task": study.plan["runs"][run]["task"],
        "method": study.plan["runs"][run]["method"],
        "configuration": raw.record["spec"],
        "resolved": raw.record.get("resolved", {}),
        "rows": {"path": str(rows), "sha256": sha256, "n": len(raw.rows), "correct": sum(r.correct for r in raw.rows)},
        "as_compared": study.comparisons["rows"].get(run, {}).get("sha256") == sha256,
        "inputs": raw.record.get("inputs", {}),
        "commit": read_json(environment, "`snakemake`").get("commit") if environment.exists() else None,
    }


def tree(found: dict[str, Any]) -> Tree:
    """A chain for a terminal."""
    value, made = found["value"], found["recomputed"]
    root = Tree(f"[bold]{value['id']}[/] = [bold]{value['text']}[/]  ({value['value']!r} {value['unit']})".rstrip())
    root.add(f"made by {found['function']['name']}, {found['function']['where']}")
    root.add("made again from the rows: " + ("[green]the same[/]" if made["same"] else f"[red]{made['text']}[/]"))
    for c in found["comparisons"]:
        where = f"{c['experiment']}, {c['task']}"
        root.add(f"comparison {c['reference']} - {c['method']} ({where}): b = {c['b']}, c = {c['c']}")
    for run in found["runs"]:
        branch = root.add(f"run {run['id']}: {run['method']} on {run['task']}")
        rows = run["rows"]
        same = "" if run["as_compared"] else " [red](not those that were compared)[/]"
        branch.add(f"rows {rows['path']}: {rows['correct']} of {rows['n']} correct, sha256 {rows['sha256']}{same}")
        branch.add(f"configuration {json.dumps(run['configuration']['recipe'], sort_keys=True)}")
        for kind, content in sorted(run["inputs"].items()):
            branch.add(f"{kind} {json.dumps(content, sort_keys=True)}")
        if run["commit"]:
            branch.add(f"commit {run['commit']}")
    return root


if __name__ == "__main__":
    run_stage(main)
