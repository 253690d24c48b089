"""The report in a real browser, from files and without a network: every page, both widths, clicks, filters, sorting."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from helpers import ROOT

sys.path.insert(0, str(ROOT / "tests" / "analysis"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
QUICK = ROOT / "results" / "quick"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
INSTALL = "install Chromium (`bash envs/browser.sh`) and its driver (`make checks`)"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
IDS = "() => [...document.querySelectorAll('[id]')].map((e) => e.id)"
LINKS = "() => [...document.querySelectorAll('a[href]')].map((e) => e.href)"
PICTURES = "() => [...document.images].filter((e) => !(e.complete && e.naturalWidth)).map((e) => e.src)"
CELLS = "(table, i) => [...table.tBodies[0].rows].map((r) => r.cells[i].dataset.raw ?? r.cells[i].innerText)"
MOST = 200
"""Hits that the search shows."""


@dataclass
class Tab:
    """A page of a browser with all that went wrong in it."""

    page: Any
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url[:200]}"))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.wrong.append(f"asked the network for {request.url[:200]}")

    def open(self, path: Path, place: str = "") -> Any:
        self.page.goto(path.as_uri() + (f"#{place}" if place else ""))
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if path is None or sync_playwright is None:
        if os.environ.get("CI") or os.environ.get("TELEPATHY_NEEDS_BROWSER"):
            pytest.fail(f"no browser: {INSTALL}")
        pytest.skip(INSTALL)
    with sync_playwright() as driver:
        # Debian's Chromium runs as root in containers only without its sandbox; all pages are ours.
        yield driver.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture
def tab(browser) -> Iterator[Tab]:
    found = Tab(browser.new_page(viewport=WIDE))
    yield found
    found.page.close()
    assert found.wrong == []


@pytest.fixture(scope="module", params=["fabricated", "quick"])
def report(request, tmp_path_factory) -> Path:
    """The report of fabricated runs, and the one of `make paper` if it is there."""
    if request.param == "quick":
        if not (QUICK / "report" / "values.html").exists():
            pytest.skip("needs `make paper`")
        return QUICK / "report"
    from build_report import write_report, write_results
    from fabricate import tiny_plan
    from test_outputs import FIGURES, TABLES

    folder = tmp_path_factory.mktemp("report") / "tiny"
    write_results(tiny_plan(phases=True, grids=True), folder, TABLES + FIGURES)
    return write_report(folder, folder / "report")


def test_every_page_opens_without_fault_at_both_widths_and_links_to_what_is_there(tab, report):
    ids: dict[str, set[str]] = {}
    links: dict[str, list[str]] = {}
    for path in sorted(report.rglob("*.html")):
        tab.page.set_viewport_size(NARROW)
        page = tab.open(path)
        assert page.evaluate(OVERFLOW) <= 0, f"{path.name} scrolls sideways on a small screen"
        tab.page.set_viewport_size(WIDE)
        assert page.evaluate(OVERFLOW) <= 0, path.name
        assert page.evaluate(PICTURES) == [], path.name
        assert page.title()
        ids[path.as_uri()], links[path.name] = set(page.evaluate(IDS)), page.evaluate(LINKS)
    assert len(ids) > 50
    for name, found in links.items():
        for link in found:
            target, _, place = link.partition("#")
            assert Path(unquote(target.removeprefix("file://"))).is_file(), f"{name}: {link}"
            assert not place or unquote(place) in ids[target], f"{name}: {link}"


def test_a_number_of_the_overview_leads_to_its_chain_then_to_its_run_and_its_rows(tab, report):
    page = tab.open(report / "index.html")
    number = page.locator("a.value", has_text="%").first
    shown = number.inner_text()
    number.click()
    line = page.locator("tr:target")
    assert line.locator(".printed").inner_text() == shown
    assert line.is_visible()
    box = line.bounding_box()
    assert 0 <= box["y"] <= WIDE["height"]
    chain = page.locator("section", has=page.locator("tr:target"))
    block = chain.locator(".steps").first
    assert re.search(r"analysis/\w+\.py:\d+", block.inner_text())
    run = block.locator('a[href*="/runs/"]').first
    name = run.inner_text()
    run.click()
    assert page.locator("h1").inner_text() == f"Run {name}"
    text = page.locator("main").inner_text()
    sha256 = re.search(r"[0-9a-f]{64}", text)[0]
    rows = page.locator('a[href$="rows.jsonl.gz"]').evaluate("(e) => e.href")
    path = Path(unquote(rows.removeprefix("file://")))
    assert path.exists()
    from telepathy.files import file_sha256

    assert file_sha256(path) == sha256


def test_a_comparison_is_reached_from_its_values_and_its_function_is_shown(tab, report):
    page = tab.open(report / "index.html")
    page.locator("td", has_text="p <").or_(page.locator("td", has_text="p =")).locator("a.value").first.click()
    section = page.locator("section", has=page.locator("tr:target"))
    assert "b = " in section.inner_text()
    assert section.locator('a[href*="/runs/"]').count() == 2
    section.locator('a[href*="code.html#"]').first.click()
    assert "def _comparison" in page.locator("section:target pre").inner_text()


def test_typing_filters_the_values_of_a_page(tab, report):
    path = max((report / "values").glob("main.*.html"), key=lambda p: p.stat().st_size)
    page = tab.open(path)
    lines, sections = page.locator("[data-find]"), page.locator("section")
    everything = lines.count()
    box = page.locator("input[data-filter]")
    box.press_sequentially("bridge_vs_majority DIFFERENCE")
    left = lines.locator("visible=true")
    assert 1 <= left.count() < everything / 10
    assert all("difference" in text for text in left.evaluate_all("(all) => all.map((e) => e.id)"))
    assert sections.locator("visible=true").count() < sections.count()
    assert page.locator(".filter output").inner_text() == f"{left.count()} of {everything}"
    box.fill("")
    assert lines.locator("visible=true").count() == everything
    box.fill("no such value")
    assert sections.locator("visible=true").count() == 0
    page.evaluate("location.hash = document.querySelector('[data-find]').id")
    page.locator("tr:target").wait_for(state="visible")


def test_the_search_finds_a_value_by_its_number_and_leads_to_it(tab, report):
    page = tab.open(report / "values.html")
    found = page.locator("#found li")
    assert found.count() == 0
    page.locator("#search").press_sequentially("main. accuracy")
    assert 1 <= found.count() <= MOST
    first = found.first
    shown = first.locator("strong").inner_text()
    page.locator("#search").fill(shown.replace("\u2212", "-"))
    assert shown in found.locator("strong").all_inner_texts()
    hit = found.first.locator("a")
    name = hit.inner_text()
    hit.click()
    assert page.locator("tr:target").get_attribute("id") == name
    tab.open(report / "values.html").locator("#search").fill("a")
    assert found.count() == MOST
    assert f"the first {MOST} shown" in page.locator(".filter output").inner_text()


def test_tables_sort_by_number_and_by_word_with_empty_cells_last(tab, report):
    page = tab.open(report / "tables" / "main.html")
    heads = page.locator("th button").all_inner_texts()
    for title in ("accuracy", "method", "p holm"):
        column = heads.index(title)
        button = page.locator("th button").nth(column)
        for order, backwards in (("ascending", False), ("descending", True)):
            button.click()
            assert page.locator(f'th[aria-sort="{order}"] button').inner_text() == title
            shown = page.locator("table.sortable").evaluate(CELLS, column)
            full = [cell for cell in shown if cell]
            assert full == shown[: len(full)]
            key = str if title == "method" else float
            assert full == sorted(full, key=key, reverse=backwards)
            assert len(set(full)) > 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_color_schemes(browser, report, scheme):
    page = browser.new_page(viewport=WIDE, color_scheme=scheme)
    page.goto((report / "index.html").as_uri())
    ink, back = (
        [int(x) for x in re.findall(r"\d+", page.evaluate(f"getComputedStyle(document.body).{key}"))[:3]]
        for key in ("color", "backgroundColor")
    )
    page.close()
    light, dark = sorted((luminance(ink), luminance(back)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) > 7
    assert (luminance(ink) > luminance(back)) == (scheme == "dark")


def luminance(color: list[int]) -> float:
    """Relative luminance of WCAG 2."""
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in (value / 255 for value in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("path", sorted(ROOT.glob("results/*/report.html")) or [None])
def test_the_report_of_snakemake_opens_without_a_network(tab, path):
    if path is None:
        pytest.skip("needs `make report`")
    page = tab.open(path)
    for category in ("Figures", "Tables", "Values", "Paper"):
        page.get_by_text(category, exact=True).first.wait_for(state="visible")
    page.get_by_text("Tables", exact=True).first.click()
    page.get_by_text("Main table: accuracy of every method").first.wait_for(state="visible")
