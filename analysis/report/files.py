"""The built tables and figures as pages: CSV files as tables that sort, pictures with their data."""

import csv
import math
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from analysis.report.about import about
from analysis.report.chains import searchable
from analysis.report.links import Links
from analysis.study import Study

Context = dict[str, Any]


def title(name: str) -> str:
    """Title of a table or figure: its name in words."""
    return name.replace("_", " ").capitalize()


def table(links: Links, path: Path) -> Context:
    """A CSV file as a table; runs link to their pages, numbers are cut to four digits and keep all for sorting.

    Args:
        links: links of a page in a folder.
        path: a table of `analysis.tables`.
    """
    with open(path, encoding="utf-8", newline="") as file:
        columns, *lines = list(csv.reader(file))
    numeric = [all(_float(line[i]) is not None for line in lines if line[i]) for i in range(len(columns))]
    runs = links.study.plan["runs"]
    return {
        "name": path.stem,
        "title": title(path.stem),
        "about": about("tables", path.stem),
        "columns": [{"title": name.replace("_", " "), "number": numeric[i]} for i, name in enumerate(columns)],
        "rows": [
            {
                "cells": [_cell(links, text, numeric[i], runs) for i, text in enumerate(line)],
                "find": searchable(" ".join(line)),
            }
            for line in lines
        ],
    }


def figure(study: Study, path: Path) -> Context:
    """A picture with what it shows and the experiments that show it."""
    used = study.shown_in(path.stem, "figures")
    return {
        "name": path.stem,
        "title": title(path.stem),
        "about": about("figures", path.stem),
        "experiments": [(name, study.plan["experiments"][name]["title"]) for name in used],
    }


def listed(study: Study, pages: Sequence[Context]) -> list[Context]:
    """The tables for their overview."""
    found = []
    for content in pages:
        used = study.shown_in(content["name"])
        shown = [(name, study.plan["experiments"][name]["title"]) for name in used]
        found.append({key: content[key] for key in ("name", "title", "about")})
        found[-1] |= {"count": len(content["rows"]), "experiments": shown}
    return found


def _cell(links: Links, text: str, number: bool, runs: Collection[str]) -> Context:
    if number:
        return {"text": short(text), "raw": text}
    words = text.split()
    if words and all(word in runs for word in words):
        return {"text": links.runs(words), "raw": None}
    return {"text": text, "raw": None}


def short(text: str) -> str:
    """A number with at most four digits after the point that matter: `0.31` for 0.31000000000000005."""
    value = _float(text)
    if value is None or not math.isfinite(value) or re.fullmatch(r"[+-]?\d+", text):
        return text
    return min(f"{value:.4g}", text, key=len)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
