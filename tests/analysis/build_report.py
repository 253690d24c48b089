"""A whole results folder of fabricated runs, and the report of it."""

import csv
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fabricate import fabricate
from test_outputs import render

from analysis.claims import load
from analysis.comparisons import compare
from analysis.phases import evaluate
from analysis.report import __main__ as command
from analysis.study import Study, read_study
from analysis.values import registry
from telepathy.files import write_json

VOID = {"meta", "br", "hr", "img", "link", "line", "polyline", "input"}


class Checker(HTMLParser):
    """Collects links, ids and texts of links to values, and fails on what a page must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.values: dict[str, set[str]] = {}
        self.level = 0
        self.value: str | None = None
        self.captioned = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert not [key for key in found if key.startswith("on")]
        assert tag != "script" or "src" not in found
        self.links += [value for key, value in attrs if key in ("href", "src") and value != "data:,"]
        self.ids += [found["id"]] if "id" in found else []
        self.value = found["href"] if found.get("class") == "value" else self.value
        if tag == "img":
            assert found["alt"]
        if tag == "th":
            assert found["scope"] in ("row", "col")
        assert self.captioned or tag == "caption", "a table without a caption"
        self.captioned = tag != "table"
        if tag in ("h1", "h2", "h3"):
            assert int(tag[1]) <= self.level + 1
            self.level = int(tag[1])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if self.value is not None:
            self.values.setdefault(self.value, set()).add(data)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.value = None if tag == "a" else self.value


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    return checker


def write_results(plan: dict[str, Any], folder: Path, outputs: Sequence[str]) -> Study:
    """Everything of a preset's results that the report reads, with some tables and figures, by module."""
    path = fabricate(plan, folder)
    statistics = folder / "statistics"
    write_json(statistics / "comparisons.json", compare(read_study(path)))
    study = read_study(path, statistics / "comparisons.json")
    write_json(statistics / "phases.json", evaluate(study, load()))
    study = read_study(path, statistics / "comparisons.json", phases=statistics / "phases.json")
    write_json(folder / "values.json", [vars(value) for value in registry(study).values()])
    for name in outputs:
        kind, _, stem = name.removeprefix("analysis.").partition(".")
        (folder / kind).mkdir(exist_ok=True)
        render(name, study, folder / kind / stem)
    return study


def write_report(folder: Path, out: Path) -> Path:
    """The report of a results folder, as the rule writes it."""
    statistics = folder / "statistics"
    words: list[object] = ["--plan", folder / "plan" / "overview.json", "--values", folder / "values.json"]
    words += ["--comparisons", statistics / "comparisons.json", "--phases", statistics / "phases.json", "--out", out]
    words += ["--tables", *sorted(folder.glob("tables/*.csv")), "--figures", *sorted(folder.glob("figures/*.png"))]
    with patch.object(sys, "argv", ["report", *map(str, words)]):
        command.main()
    return out


def lines(path: Path) -> int:
    """Rows of a CSV file, without its head."""
    with open(path, encoding="utf-8", newline="") as file:
        return len(list(csv.reader(file))) - 1
