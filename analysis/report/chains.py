"""The pages of values: each value in its line, and below its lines the function, comparisons and runs they rest on."""

import inspect
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from analysis import formats
from analysis.report.links import Links, page
from analysis.study import Comparison, Study
from analysis.trace import compared, place
from analysis.value import Value
from analysis.value import place as stem

Context = dict[str, Any]
SHOWN = 6
"""Runs or comparisons that are listed at once; more of them unfold."""


def overview(study: Study, values: Mapping[str, Value]) -> Context:
    """The pages with their numbers of values, and every id with its text for the search."""
    pages = list(dict.fromkeys(page(study, name) for name in values))
    found = [[value.id, value.text, pages.index(page(study, value.id))] for value in values.values()]
    counts = [sum(entry[2] == i for entry in found) for i in range(len(pages))]
    return {
        "pages": [
            {"name": name, "title": title(study, name), "count": formats.count(n)}
            for name, n in zip(pages, counts, strict=True)
        ],
        "search": {"pages": pages, "values": found},
        "count": formats.count(len(found)),
    }


def groups(links: Links, runs: Mapping[str, Context]) -> dict[str, Context]:
    """Content of each page of values, by its name.

    Args:
        links: links of a page in a folder.
        runs: what `analysis.trace.run_facts` says of each run.
    """
    study = links.study
    stems: dict[str, dict[str, list[Value]]] = {}
    for value in links.values.values():
        stems.setdefault(page(study, value.id), {}).setdefault(stem(value.id), []).append(value)
    cache: dict[tuple[str, ...], list[Comparison]] = {}
    found = {}
    for name, chains in stems.items():
        content = [_chain(links, one, values, runs, cache) for one, values in chains.items()]
        count = sum(len(values) for values in chains.values())
        about = {"title": title(study, name), "count": formats.count(count), "most": SHOWN}
        found[name] = about | {"chains": content}
    return found


def title(study: Study, name: str) -> str:
    """Title of a page of values."""
    first, _, task = name.partition(".")
    if first in study.grids:
        about = study.plan["experiments"][first]["title"]
        return f"{about}: {study.task(task)}" if task else about
    return {
        "plan": "The plan",
        "lead": "The leading bridge",
        "headline": "The headline",
        "super": "Super-additivity",
        "alarms": "Alarms",
        "run": "Training",
        "series": "The series of phases",
        "phase": "Phases",
        "claim": "Reported numbers of the phases",
        "documents": "What the documents report",
    }.get(first, first)


def code(values: Mapping[str, Value]) -> list[Context]:
    """The functions that made the values, with their text and where it stands."""
    found = []
    for function in sorted({value.function for value in values.values()}):
        module, _, name = function.rpartition(".")
        text = inspect.getsource(inspect.unwrap(getattr(import_module(module), name)))
        found.append({"name": function, "where": place(function), "text": inspect.cleandoc(text)})
    return found


def _chain(
    links: Links,
    name: str,
    values: Sequence[Value],
    runs: Mapping[str, Context],
    cache: dict[tuple[str, ...], list[Comparison]],
) -> Context:
    """A section: the values of a stem, in blocks that share a function and runs."""
    blocks: dict[tuple[str, ...], list[Value]] = {}
    for value in values:
        blocks.setdefault((value.function, *value.runs), []).append(value)
    content = []
    for (function, *used), members in blocks.items():
        key = tuple(used)
        if key not in cache:
            cache[key] = compared(links.study, key)
        content.append(
            {
                "function": function,
                "where": place(function),
                "lines": [_line(value, name) for value in members],
                "comparisons": [_comparison(links, c) for c in _own(links.study, name, cache[key])],
                "runs": [_run(links, runs[run]) for run in used],
            }
        )
    return {"name": name, "blocks": content}


def _own(study: Study, name: str, found: list[Comparison]) -> list[Comparison]:
    """Of the comparisons among some runs, those that a stem is about: the same two runs may meet in other families."""
    if own := [c for c in found if study.comparison_id(c) == name]:
        return own
    first, *rest = name.split(".")
    experiment, against = study.headline if first == "headline" else first, "null" if "null" in rest else "reference"
    return [c for c in found if (c["experiment"], c["against"]) == (experiment, against)] or found


def _line(value: Value, name: str) -> Context:
    end = value.id.removeprefix(f"{name}.")
    return {
        "id": value.id,
        "end": end,
        "text": value.text,
        "raw": json.dumps(value.value, ensure_ascii=False),
        "unit": value.unit,
        "n": "" if value.n is None else formats.count(value.n),
        "find": searchable(f"{value.id} {value.text}"),
    }


def searchable(text: str) -> str:
    """Text as a person would type it: lower case, with the hyphen of the keyboard for a minus."""
    return text.lower().replace(formats.MINUS, "-")


def _comparison(links: Links, c: Comparison) -> Context:
    study, name = links.study, links.study.comparison_id(c)
    known = f"{name}.difference" in links.values
    pair = study.pair(c["pair"])
    return {
        "title": f"{study.method(c['reference'])} − {study.label(c)}",
        "where": f"{study.plan['experiments'][c['experiment']]['title']}, {study.task(c['task'])}, {pair}",
        "href": links.chain(name, f"{name}.difference") if known else None,
        "b": formats.count(c["b"]),
        "c": formats.count(c["c"]),
        "n": formats.count(c["n"]),
    }


def _run(links: Links, facts: Context) -> Context:
    rows = facts["rows"]
    return {
        "link": links.run(facts["id"]),
        "about": f"{links.study.method(facts['method'])} on {links.study.task(facts['task'])}",
        "correct": f"{formats.count(rows['correct'])} of {formats.count(rows['n'])} rows right",
        "sha256": rows["sha256"],
    }
