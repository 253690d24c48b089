"""The pages of raw runs: rows with their sha256, configuration, what went in, training curves, values made from it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from analysis import formats
from analysis.report import curves
from analysis.report.chains import searchable
from analysis.report.links import Links
from analysis.study import Study
from analysis.trace import run_facts
from analysis.value import place as stem

Context = dict[str, Any]


def facts(study: Study) -> dict[str, Context]:
    """What identifies each run of the plan, as `analysis.trace` says it, with its curves; each run is read once."""
    found = {}
    for run in study.plan["runs"]:
        raw = study.read(run)
        found[run] = run_facts(study, run, raw) | {"curves": curves.svg(raw.training)}
    return found


def overview(links: Links, runs: Mapping[str, Context]) -> list[Context]:
    """A row for each run."""
    study = links.study
    return [
        {
            "link": links.run(run),
            "task": study.task(found["task"]),
            "method": study.method(found["method"]),
            "seed": found["configuration"].get("seed", ""),
            "n": found["rows"]["n"],
            "correct": found["rows"]["correct"],
            "sha256": found["rows"]["sha256"],
            "find": searchable(f"{run} {study.task(found['task'])} {study.method(found['method'])}"),
        }
        for run, found in runs.items()
    ]


def page(links: Links, run: str, found: Context, phases: Iterable[str]) -> Context:
    """One run.

    Args:
        links: links of a page in a folder.
        run: its id.
        found: its facts.
        phases: the phases that have pages.
    """
    study, rows = links.study, found["rows"]
    folder = study.plan["runs"][run]["folder"]
    entries = [entry for entry in study.entries if entry["run"] == run and entry["phase"] in phases]
    used = {cell["experiment"]: None for cell in study.plan["cells"] if cell["run"] == run}
    return {
        "title": f"Run {run}",
        "run": run,
        "method": study.method(found["method"]),
        "about": study.plan["methods"][found["method"]]["about"],
        "task": study.task(found["task"]),
        "rows": f"{folder}/rows.jsonl.gz",
        "record": f"{folder}/run.json",
        "sha256": rows["sha256"],
        "as_compared": found["as_compared"],
        "n": formats.count(rows["n"]),
        "correct": formats.count(rows["correct"]),
        "commit": found["commit"],
        "seed": found["configuration"].get("seed"),
        "configuration": flat(found["configuration"]),
        "resolved": flat(found["resolved"]),
        "inputs": flat(found["inputs"]),
        "curves": Markup(found["curves"]),  # noqa: S704 - our own numbers, names escaped
        "experiments": [(name, study.plan["experiments"][name]["title"]) for name in used if name in study.grids],
        "phases": list(dict.fromkeys(entry["phase"] for entry in entries)),
    }


def resting(links: Links) -> dict[str, list[Context]]:
    """For each run, the chains that rest on it, each with its number of values."""
    counts: dict[str, dict[str, list[str]]] = {}
    for value in links.values.values():
        for run in value.runs:
            counts.setdefault(run, {}).setdefault(stem(value.id), []).append(value.id)
    return {
        run: [
            {"name": name, "href": links.chain(name, ids[0]), "count": formats.count(len(ids))}
            for name, ids in found.items()
        ]
        for run, found in counts.items()
    }


def flat(content: Any, at: str = "") -> list[tuple[str, str]]:
    """A nested configuration as lines: dotted key, JSON."""
    if isinstance(content, dict) and content:
        return [line for key in sorted(content) for line in flat(content[key], f"{at}.{key}".lstrip("."))]
    text = content if isinstance(content, str) else json.dumps(content, sort_keys=True, ensure_ascii=False)
    return [(at, text)] if at else []
