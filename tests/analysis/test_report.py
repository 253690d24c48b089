import dataclasses
import html
import re
import shutil
import sys
from html.parser import HTMLParser

import pytest
from fabricate import fabricate, tiny_plan
from test_phases import whole

from analysis.alarms import KINDS
from analysis.claims import load
from analysis.literals import built_outputs
from analysis.report import __main__ as command
from analysis.report import curves
from analysis.report.pages import pages

VOID = {"meta", "br", "hr", "img", "link", "line", "polyline"}


class Checker(HTMLParser):
    """Collects links and fails on tags that do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.links += [value for key, value in attrs if key in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    return checker


@pytest.fixture(scope="module")
def found(series):
    return pages(series, load())


def test_a_page_for_each_phase_and_links_that_lead_somewhere(found):
    assert set(found) == {
        "index.html",
        *(f"phases/{p}.html" for p in ("p01", "p10", "p16", "p17", "p21_sender", "p26")),
    }
    for name, text in found.items():
        for link in checked(text).links:
            if link.startswith(("../tables/", "../figures/")):
                assert link.removeprefix("../").rsplit(".", 1)[0] in built_outputs()
                continue
            target = f"phases/{link}" if name.startswith("phases/") else link
            assert target.replace("phases/../", "") in found


def test_the_pages_need_nothing_from_outside(found):
    for text in found.values():
        assert not re.search(r"https?://|<script|@import|url\(", text)


def test_a_page_shows_what_a_reader_needs(found, series):
    text = found["phases/p10.html"]
    for words in (
        "It works on 100% of &lt;items&gt;.",
        "Something was wrong &amp; small.",
        "recipe.losses.lm",
        "How many are left?",
        "loss with zeros",
        "gradient norm of lm",
        "<svg",
        "other models and data",
        "without a control",
        "seconds a step",
        'href="p01.html"',
    ):
        assert words in text, words
    for entry in series.entries:
        assert entry["verdict"] in found[f"phases/{entry['phase']}.html"]
    assert text.count("<h3>Row ") == 5


def test_markup_in_outputs_is_text(tmp_path):
    plan = tiny_plan(1, phases=True)
    plan["phases"]["p01"]["title"] = "<script>alert(1)</script>"
    text = pages(whole(fabricate(plan, tmp_path)), [])["phases/p01.html"]
    assert "<script" not in text


def test_the_overview_lists_what_is_reported_and_not_rebuilt(found):
    left = found["index.html"].split("Reported, not rebuilt here")[1]
    assert 'title="phase02.gsm8k.bridge.accuracy"' in left
    assert 'title="phase01.gsm8k.bridge.accuracy"' not in left


@pytest.fixture(scope="module")
def grids(tmp_path_factory):
    return whole(fabricate(tiny_plan(grids=True), tmp_path_factory.mktemp("grids")))


def test_the_overview_shows_every_experiment_with_its_question_and_files(grids):
    text = pages(grids, [])["index.html"]
    checked(text)
    for name in grids.grids:
        content = grids.plan["experiments"][name]
        part = text.split(f'<h3 id="{name}">')[1].split("<h3 id=")[0]
        assert html.escape(content["question"], quote=False).replace("'", "&#39;") in part
        for kind, ending in (("tables", "csv"), ("figures", "png")):
            for file in content[kind]:
                assert f'href="../{kind}/{file}.{ending}"' in part
        assert part.count("<tr>") >= len(grids.groups_of(name))
    assert "SD between seeds" in text.split('<h3 id="tokens">')[1].split("<h3 id=")[0]
    assert "the better of its models alone" in text.split('<h3 id="main">')[1].split("<h3 id=")[0]


def test_the_overview_shows_the_alarms(grids):
    text = pages(grids, [])["index.html"].split("<h2>Alarms</h2>")[1].split("<h2>")[0]
    assert grids.comparisons["alarms"]
    for alarm in grids.comparisons["alarms"]:
        assert KINDS[alarm["kind"]] in text
        assert " ".join(alarm["runs"]) in text
    calm = dataclasses.replace(grids, comparisons=grids.comparisons | {"alarms": []})
    assert "No alarm was raised." in pages(calm, [])["index.html"]


def test_the_same_runs_give_the_same_pages(series, found):
    assert pages(series, load()) == found


def test_command_line(made_series, tmp_path, monkeypatch):
    statistics = made_series / "statistics"
    arguments = ["--plan", made_series / "plan" / "overview.json", "--comparisons", statistics / "comparisons.json"]
    arguments += ["--phases", statistics / "phases.json", "--out", tmp_path]
    monkeypatch.setattr(sys, "argv", ["x", *map(str, arguments)])
    command.main()
    assert (tmp_path / "index.html").exists()
    assert len(list((tmp_path / "phases").iterdir())) == 6


def test_a_preset_without_phases_has_an_overview(study):
    found = pages(study, [])
    assert set(found) == {"index.html"}
    checked(found["index.html"])
    assert "no phase" in found["index.html"]


def test_missing_logs_and_diagnostics(tmp_path):
    plan = tiny_plan(1, phases=True)
    path = fabricate(plan, tmp_path)
    for log in tmp_path.glob("runs/**/train.jsonl"):
        log.unlink()
    found = pages(whole(path), [])
    assert "<svg" not in found["phases/p01.html"]
    shutil.rmtree(tmp_path)


def test_curves_of_odd_logs():
    assert curves.svg([]) == ""
    assert curves.svg([{"step": 1, "terms": {"lm": float("nan")}}]) == ""
    flat = curves.svg([{"step": 1, "terms": {"lm": 0.0, "<b>": 2.0}}, {"step": 2, "terms": {"lm": 0.0, "<b>": 2.0}}])
    assert "&lt;b&gt;" in flat
    checked(flat)
    long = curves.thin([(float(i), 1.0) for i in range(10_000)])
    assert len(long) == curves.POINTS
    assert long[-1][0] == 9999
    assert curves.ticks(0.0, 2.0) == [0.0, 0.5, 1.0, 1.5, 2.0]
