import dataclasses
import html
import json
import posixpath
import re
import shutil
import sys
from urllib.parse import unquote

import pytest
from build_report import checked, lines, write_report, write_results
from fabricate import fabricate, tiny_plan
from test_outputs import TABLES
from test_phases import whole

from analysis.alarms import KINDS
from analysis.claims import load
from analysis.report import __main__ as command
from analysis.report import curves, files, runs
from analysis.report.chains import searchable
from analysis.report.links import page, same
from analysis.report.pages import pages
from analysis.study import read_study
from analysis.trace import chain, place
from analysis.value import Value
from analysis.values import registry
from telepathy.errors import UserError
from telepathy.files import read_json, write_json

HOSTILE = "<script>alert(1)</script>\"' onload=alert(2) </script><!--"


@pytest.fixture(scope="module")
def found(series):
    return pages(series, load(), registry(series))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with everything in it, and the report beside the rest."""
    folder = tmp_path_factory.mktemp("whole") / "tiny"
    study = write_results(tiny_plan(phases=True, grids=True), folder, [*TABLES, "analysis.figures.accuracy"])
    write_report(folder, folder / "report")
    return study


@pytest.fixture(scope="module")
def built(results):
    """Pages of that report by name."""
    report = results.results / "report"
    return {path.relative_to(report).as_posix(): path.read_text() for path in report.rglob("*.html")}


def test_every_link_is_relative_and_leads_to_a_file_and_a_place_in_it(results, built):
    known = {name: checked(text) for name, text in built.items()}
    report = results.results / "report"
    for name, content in known.items():
        for link in content.links:
            target, _, part = link.partition("#")
            assert not re.match(r"[a-z]+:|/", target), link
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target))) if target else name
            assert (report / path).is_file(), f"{name}: {link}"
            assert not part or unquote(part) in known[path].ids, f"{name}: {link}"


def test_every_phase_run_table_and_page_of_values_is_there(results, built):
    plan = results.plan
    assert {name for name in built if "/" not in name} == {
        f"{name}.html" for name in ("index", "values", "runs", "tables", "figures", "code")
    }
    assert {f"phases/{phase}.html" for phase in plan["phases"]} <= set(built)
    assert {f"runs/{run}.html" for run in plan["runs"]} <= set(built)
    for path in results.results.glob("tables/*.csv"):
        rows = built[f"tables/{path.stem}.html"].count("<tr data-find")
        assert rows == lines(path)
    for path in results.results.glob("figures/*.png"):
        assert (results.results / "report" / "figures" / path.name).read_bytes() == path.read_bytes()
        assert f'src="figures/{path.name}"' in built["figures.html"]


def test_every_value_has_a_line_with_its_text_and_raw_number(results, built):
    values = registry(results)
    assert len(values) > 300
    for name, value in values.items():
        text = built[f"values/{page(results, name)}.html"]
        line = html.unescape(text.split(f'<tr id="{html.escape(name)}"')[1].split("</tr>")[0])
        assert f'printed">{value.text}</td>' in line
        raw = json.loads(line.split('class="raw">')[1].split("</td>")[0])
        assert raw == value.value or raw == list(value.value)
        if value.n is not None:
            assert f'class="number">{value.n:,}</td>' in line


def test_a_section_has_the_chain_that_trace_prints(results, built):
    values = registry(results)
    name = "main.task_0.bridge_vs_majority.difference"
    trace = chain(results, values[name], values[name])
    text = built["values/main.task_0.html"].split('id="chain-main.task_0.bridge_vs_majority"')[1].split("</section>")[0]
    assert trace["function"]["where"] in text
    (comparison,) = [c for c in trace["comparisons"] if (c["experiment"], c["against"]) == ("main", "reference")]
    assert text.count("b = ") == 1
    assert f"b = {comparison['b']}, c = {comparison['c']}" in text
    for run in trace["runs"]:
        assert f'href="../runs/{run["id"]}.html"' in text
        assert run["rows"]["sha256"] in text
        content = built[f"runs/{run['id']}.html"]
        assert run["rows"]["sha256"] in content
        assert f"../../{results.plan['runs'][run['id']]['folder']}/rows.jsonl.gz" in content
        assert f"{run['rows']['correct']} of {run['rows']['n']}" in content
        assert "those that were compared" in content
        for key, shown in runs.flat(run["configuration"]):
            assert f"<code>{key}</code>" in content
            assert html.escape(shown, quote=False) in html.unescape(content)
        assert 'href="../values/main.task_0.html#chain-main.task_0.bridge_vs_majority"' in content


def test_the_functions_are_shown_where_they_stand(results, built):
    values = registry(results)
    for function in {value.function for value in values.values()}:
        part = built["code.html"].split(f'id="{function}"')[1].split("</section>")[0]
        assert place(function) in part
        assert function.rpartition(".")[2] in part.split("<pre")[1]


def test_numbers_of_the_overview_and_phases_lead_to_values_that_are_printed_so(results, built):
    values, seen = registry(results), set()
    for name, text in built.items():
        if name == "index.html" or name.startswith("phases/"):
            for link, texts in checked(text).values.items():
                target = unquote(link.partition("#")[2])
                assert all(same(shown, values[target].text) for shown in texts), link
                seen.add(target)
    means = {f"{results.cell_id(group)}.mean" for group in results.groups if group["experiment"] in results.grids}
    assert means <= seen
    assert {"phase.p10.repaired.accuracy", "phase.p10.repaired.test.p", "phase.p10.recorded.entities"} <= seen
    assert {"claim.phase01.gsm8k.bridge.accuracy.reported", "series.family"} <= seen
    assert len(seen) > 200


def test_a_report_of_other_numbers_than_the_values_is_refused(series):
    values = registry(series)
    name = "main.task_0.bridge.mean"
    values[name] = dataclasses.replace(values[name], text="99.9%")
    with pytest.raises(UserError, match=f"{name} is 99.9%.*build again"):
        pages(series, load(), values)


@pytest.mark.parametrize(
    ("shown", "text", "expected"),
    [("81.0%", "81.0%", True), ("< 0.001", "p < 0.001", True), ("0.012", "p = 0.012", True), ("81.0", "81.0%", False)],
)
def test_same(shown, text, expected):
    assert same(shown, text) is expected


def test_the_pages_need_nothing_from_outside(built):
    for name, text in built.items():
        assert not re.search(r"<script[^>]*src|@import|url\(", text)
        if name != "code.html":
            assert not re.search(r"https?://", text)


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


def test_hostile_words_stay_words(tmp_path):
    plan = tiny_plan(1, phases=True)
    for place_ in (
        plan["phases"]["p01"],
        plan["tasks"]["task_0"],
        plan["methods"]["bridge"],
        plan["experiments"]["main"],
    ):
        place_["title"] = HOSTILE
    plan["experiments"]["main"]["question"] = plan["methods"]["bridge"]["about"] = HOSTILE
    folder = tmp_path / "tiny"
    study = whole(fabricate(plan, folder))
    record = folder / study.plan["runs"]["task_0_bridge_0"]["folder"] / "run.json"
    write_json(record, read_json(record, "-") | {"inputs": {HOSTILE: HOSTILE}})
    values = registry(study) | {
        "plan.title": Value("plan.title", HOSTILE, HOSTILE, HOSTILE, "analysis.values.registry")
    }
    table = tmp_path / "main.csv"
    table.write_text('"a","<b>"\n"<script>alert(3)</script>","1"\n')
    for name, text in pages(study, [], values, [table]).items():
        checked(text)
        assert "<script>alert" not in text, name
        assert "<!--" not in text
        assert text.count("</script>") == len(re.findall(r"<script( type=\"application/json\" id=\"[a-z-]+\")?>", text))


def test_the_overview_lists_what_is_reported_and_not_rebuilt(found):
    left = found["index.html"].split("Reported, not rebuilt here")[1]
    assert 'title="phase02.gsm8k.bridge.accuracy"' in left
    assert 'title="phase01.gsm8k.bridge.accuracy"' not in left


def test_the_overview_shows_every_experiment_with_its_question_and_files(results, built):
    text = built["index.html"]
    for name in results.grids:
        content = results.plan["experiments"][name]
        part = text.split(f'<h3 id="{name}">')[1].split("<h3 id=")[0]
        assert html.escape(content["question"], quote=False).replace("'", "&#39;") in part
        assert part.count("<tr>") >= len(results.groups_of(name))
        assert all(f'href="tables/{file}.html"' in part for file in content["tables"])
        assert ('href="figures.html#accuracy"' in part) == ("accuracy" in content["figures"])
    assert "SD between seeds" in text.split('<h3 id="tokens">')[1].split("<h3 id=")[0]
    assert "the better of its models alone" in text.split('<h3 id="main">')[1].split("<h3 id=")[0]


def test_the_overview_shows_the_alarms(results, built):
    text = built["index.html"].split("Alarms</h2>")[1].split("<h2")[0]
    assert results.comparisons["alarms"]
    for alarm in results.comparisons["alarms"]:
        assert KINDS[alarm["kind"]] in text
        assert all(f'href="runs/{run}.html"' in text for run in alarm["runs"])
    calm = dataclasses.replace(results, comparisons=results.comparisons | {"alarms": []})
    assert "No alarm was raised." in pages(calm, [], {})["index.html"]


def test_the_same_runs_give_the_same_pages(series, found):
    assert pages(series, load(), registry(series)) == found


def test_command_line(made_series, tmp_path, monkeypatch):
    statistics = made_series / "statistics"
    arguments = ["--plan", made_series / "plan" / "overview.json", "--comparisons", statistics / "comparisons.json"]
    values = tmp_path / "values.json"
    study = read_study(arguments[1], arguments[3], phases=statistics / "phases.json")
    write_json(values, [vars(value) for value in registry(study).values()])
    arguments += ["--phases", statistics / "phases.json", "--values", values, "--out", tmp_path]
    monkeypatch.setattr(sys, "argv", ["x", *map(str, arguments)])
    command.main()
    assert (tmp_path / "index.html").exists()
    assert len(list((tmp_path / "phases").iterdir())) == 6


def test_a_preset_without_phases_has_an_overview(study):
    found = pages(study, [], registry(study))
    assert not [name for name in found if name.startswith("phases/")]
    checked(found["index.html"])
    assert "no phase" in found["index.html"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.31000000000000005", "0.31"),
        ("1.6620996e-12", "1.662e-12"),
        ("300", "300"),
        ("12345678", "12345678"),
        ("0.5", "0.5"),
        ("-0.0333333333", "-0.03333"),
        ("nan", "nan"),
        ("no evidence", "no evidence"),
    ],
)
def test_numbers_of_tables_are_cut_for_reading(text, shown):
    assert files.short(text) == shown


def test_words_are_found_as_a_person_types_them():
    assert searchable("Main.A −4.0") == "main.a -4.0"


def test_missing_logs_and_diagnostics(tmp_path):
    plan = tiny_plan(1, phases=True)
    path = fabricate(plan, tmp_path)
    for log in tmp_path.glob("runs/**/train.jsonl"):
        log.unlink()
    study = whole(path)
    found = pages(study, [], registry(study))
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
