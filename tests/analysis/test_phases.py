import csv
import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from fabricate import fabricate, tiny_plan
from test_outputs import render

from analysis import phases, statistics
from analysis.claims import compare as compare_claims
from analysis.claims import load
from analysis.comparisons import compare, pair
from analysis.phases import CONTRADICTED, SUPPORTED, UNDECIDED, UNTESTED, evaluate, last_losses, order, verdict
from analysis.prose import FRAGMENTS
from analysis.study import Study, read_study
from analysis.values import USE, check, macros, registry
from telepathy.errors import UserError
from telepathy.files import read_json
from telepathy.record import write_run


@pytest.fixture(scope="module")
def entries(series):
    return {(entry["phase"], entry["variant"]): entry for entry in series.entries}


def whole(path) -> Study:
    study = read_study(path)
    study = Study(study.plan, study.results, compare(study))
    return Study(study.plan, study.results, study.comparisons, evaluate(study))


@pytest.mark.parametrize(
    ("effect", "high", "p", "word"),
    [
        (0.2, 0.3, 0.01, SUPPORTED),
        (0.02, 0.04, 0.01, SUPPORTED),
        (-0.2, -0.1, 0.01, CONTRADICTED),
        (0.03, 0.09, 0.4, CONTRADICTED),
        (0.03, 0.11, 0.4, UNDECIDED),
        (0.2, 0.3, 0.06, UNDECIDED),
        (0.0, None, 1.0, UNDECIDED),
        (0.0, 0.02, 1.0, CONTRADICTED),
    ],
)
def test_the_verdict_follows_the_rule(effect, high, p, word):
    assert verdict(effect, high, p, 0.05, 0.1) == word


def test_entries_agree_with_rows_and_rule(series, entries):
    settings = series.phases["statistics"]
    assert list(entries) == [
        ("p01", "repaired"), ("p01", "recorded"), ("p10", "repaired"), ("p10", "recorded"), ("p16", "plain"),
        ("p17", "repaired"), ("p17", "recorded"), ("p21_sender", "plain"), ("p26", "plain"),
    ]  # fmt: skip
    tested = [entry for entry in entries.values() if entry["test"] is not None]
    assert series.phases["family"] == len(tested) == 8
    assert statistics.holm([e["test"]["p"] for e in tested]) == pytest.approx([e["test"]["p_holm"] for e in tested])
    for entry in tested:
        rows = series.read(entry["run"]).rows
        assert entry["correct"] == sum(row.correct for row in rows)
        right = [[i.gold == o.prediction and o.parsed for j, o in enumerate(rows) if o.id != i.id] for i in rows]
        assert entry["metrics"]["accuracy"]["control"] == pytest.approx(np.mean(right))
        test = entry["test"]
        expected = verdict(test["difference"], test["high"], test["p_holm"], settings["alpha"], settings["relevance"])
        assert entry["verdict"] == expected
    assert entries["p26", "plain"]["verdict"] == UNTESTED


def test_transfer_is_found_where_it_was_put(entries):
    assert entries["p10", "repaired"]["verdict"] == SUPPORTED
    assert entries["p10", "repaired"]["metrics"]["entities"]["own"] > 0.4
    assert entries["p10", "recorded"]["verdict"] != SUPPORTED
    assert entries["p16", "plain"]["verdict"] == SUPPORTED


def test_a_test_against_another_phase_is_paired(series, entries):
    test = entries["p17", "recorded"]["test"]
    assert test["against"] == "p16"
    first, second = pair(series.read("task_0_p17_recorded"), series.read("task_0_p16"))
    table = statistics.paired_table(first, second)
    assert (test["b"], test["c"]) == (table.b, table.c)
    assert test["p"] == statistics.mcnemar(table)
    assert test["difference"] == pytest.approx(first.mean() - second.mean())


def test_the_cost_of_a_defect_is_paired(series):
    costs = {(cost["phase"], cost["metric"]): cost for cost in series.phases["costs"]}
    assert set(costs) == {
        ("p01", "accuracy"), ("p01", "partial_v1"), ("p10", "accuracy"), ("p10", "entities"), ("p17", "accuracy"),
    }  # fmt: skip
    first, second = pair(series.read("task_0_p17"), series.read("task_0_p17_recorded"))
    assert costs["p17", "accuracy"]["difference"] == pytest.approx(first.mean() - second.mean())
    assert costs["p17", "accuracy"]["p"] == statistics.mcnemar(statistics.paired_table(first, second))
    assert costs["p10", "entities"]["difference"] > 0.4
    assert costs["p10", "entities"]["low"] > 0


def test_an_impossible_test_falls_back(tmp_path):
    plan = tiny_plan(1, phases=True)
    plan["phases"]["p16"]["test"] = {"metric": "entities", "against": "p01"}
    study = whole(fabricate(plan, tmp_path))
    test = next(entry["test"] for entry in study.entries if entry["phase"] == "p16")
    assert (test["metric"], test["against"]) == ("accuracy", "shuffled")
    assert test["wanted"] == {"metric": "entities", "against": "p01"}


def test_variants_on_other_rows_are_refused(tmp_path):
    study = read_study(fabricate(tiny_plan(1, phases=True), tmp_path))
    run = study.read("task_0_p17_recorded")
    write_run(
        run.folder, {"spec": {}, "resolved": {}, "inputs": {}}, [replace(run.rows[0], gold="?"), *run.rows[1:]], {}
    )
    with pytest.raises(UserError, match="row r0 has another gold"):
        evaluate(Study(study.plan, study.results, compare(study)))


def test_the_order_is_that_of_the_cells(series):
    shuffled = series.plan | {"phases": dict(sorted(series.plan["phases"].items(), reverse=True))}
    assert order(shuffled, "series") == ["p01", "p10", "p16", "p17", "p21_sender", "p26"]
    assert order({"cells": [], "phases": {}}, None) == []


def test_last_losses_are_means_and_say_when_they_are_not_finite():
    log = [{"step": i, "terms": {"lm": float(i), "vq": math.inf if i == 19 else 1.0}} for i in range(20)]
    assert last_losses([*log, {"step": 20, "validation_accuracy": 0.5}]) == {"lm": 14.5, "vq": None}
    assert last_losses([]) == {}


def test_same_runs_give_the_same_bytes(made_series, tmp_path, monkeypatch):
    outs = [tmp_path / "a.json", tmp_path / "b.json"]
    for out in outs:
        arguments = ["--plan", made_series / "plan" / "overview.json", "--out", out]
        arguments += ["--comparisons", made_series / "statistics" / "comparisons.json"]
        monkeypatch.setattr(sys, "argv", ["x", *map(str, arguments)])
        phases.main()
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert outs[0].read_bytes() == (made_series / "statistics" / "phases.json").read_bytes()


def test_statistics_of_another_plan_are_refused(made, made_series):
    with pytest.raises(UserError, match="another plan"):
        read_study(made / "plan" / "overview.json", phases=made_series / "statistics" / "phases.json")


def test_a_reader_that_needs_the_statistics_asks_for_them(made_series):
    study = read_study(made_series / "plan" / "overview.json", made_series / "statistics" / "comparisons.json")
    with pytest.raises(UserError, match="give --phases"):
        render("analysis.tables.phases", study, made_series.parent / "x")


@pytest.mark.parametrize("name", ["tables.phases", "tables.speed", "tables.main", "figures.phases", "figures.accuracy"])
def test_outputs_with_a_series_are_deterministic(series, tmp_path, name):
    outs = [render(f"analysis.{name}", series, tmp_path / x) for x in ("a", "b")]
    for ending in (".csv", ".tex", ".pdf", ".png"):
        if outs[0].with_suffix(ending).exists():
            assert outs[0].with_suffix(ending).read_bytes() == outs[1].with_suffix(ending).read_bytes()


def test_the_table_holds_finite_numbers_or_nothing(series, entries, tmp_path):
    text = render("analysis.tables.phases", series, tmp_path / "x").with_suffix(".csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(entries)
    for found in rows:
        entry = entries[found["phase"], found["variant"]]
        assert float(found["accuracy"]) == entry["accuracy"]
        assert found["verdict"] == entry["verdict"]
        for key in ("control", "difference", "entities", "entities_control", "detectable", "partial_v1_control"):
            assert found[key] == "" or math.isfinite(float(found[key]))
    assert rows[0]["losses"].startswith("lm 0.")
    assert "accuracy 0 / " in rows[1]["claims"]
    assert {found["entities"] for found in rows if found["task"] == "task_0"} == {""}


def test_the_speed_table_has_a_ratio_to_the_plain_perceiver(series, tmp_path):
    text = render("analysis.tables.speed", series, tmp_path / "x").with_suffix(".csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 7  # bridges only
    assert {float(found["seconds"]) for found in rows} == {8 / 12}
    assert {found["ratio"] for found in rows} == {"1.0"}
    assert {found["reference"] for found in rows} == {"p01.repaired", "p16.plain"}


def test_the_series_stays_out_of_the_other_tables_and_sentences(series, tmp_path):
    text = render("analysis.tables.main", series, tmp_path / "x").with_suffix(".csv").read_text()
    assert "p01" not in text
    for name in ("results", "others", "training", "normalizer", "loss", "alarms"):
        assert "p01" not in FRAGMENTS[name](series)
    assert series.comparisons["families"]["series"]["size"] == 0


def test_sentences_use_known_values_and_computed_verdicts(series, entries):
    found = registry(series)
    text = FRAGMENTS["series"](series)
    for name, compose in FRAGMENTS.items():
        for used in USE.findall(compose(series)):
            assert used in found, name
    for (phase, variant), entry in entries.items():
        assert found[f"phase.{phase}.{variant}.verdict"].text == entry["verdict"]
        assert f"phase.{phase}.{variant}.accuracy" in text
    words = [entry["verdict"] for entry in entries.values()]
    assert found["series.supported"].value == words.count(SUPPORTED)
    assert found["series.family"].value == 8
    assert found["series.phases"].value == 6
    kinds = [found[f"series.reported_{key}"].value for key in ("agree", "differ", "open", "absent")]
    assert sum(kinds) == found["series.reported"].value == len(load())
    assert found["claim.phase01.gsm8k.bridge.accuracy.reported"].text == "0.0%"
    hypotheses = {name for name in USE.findall(text) if name.endswith(".hypothesis")}
    assert {found[name].text for name in hypotheses} == {"It works on 100% of <items>."}
    assert r"100\% of $<$items$>$" in macros(found)


def test_several_seeds_have_values_and_lines_of_their_own(tmp_path):
    plan = tiny_plan(1, phases=True)
    plan["experiments"]["series"]["seeds"] = [0, 1]
    for cell in [cell for cell in plan["cells"] if cell["experiment"] == "series"]:
        again = cell | {"seed": 1}
        if plan["runs"][cell["run"]]["spec"]["recipe"]["kind"] == "bridge":
            again["run"] = cell["run"] + "_1"
            plan["runs"][again["run"]] = plan["runs"][cell["run"]] | {"folder": f"runs/x/{again['run']}"}
        plan["cells"].append(again)
    study = whole(fabricate(plan, tmp_path))
    found = registry(study)
    assert {"phase.p01.recorded.seed0.n", "phase.p01.recorded.seed1.n", "phase.p21_sender.plain.seed0.n"} <= set(found)
    assert "phase.p21_sender.plain.seed1.n" not in found  # one run for all seeds
    text = FRAGMENTS["series"](study)
    assert all(used in found for used in USE.findall(text))
    # One sentence for the seeds of a variant, with each seed's numbers in it.
    assert text.count("Recorded, seed by seed: ") == text.count("Repaired, seed by seed: ") > 0
    assert "Recorded (" not in text
    assert "\\result{phase.p01.recorded.seed0.accuracy} and \\result{phase.p01.recorded.seed1.accuracy} of" in text
    render("analysis.tables.phases", study, tmp_path / "x")
    render("analysis.figures.phases", study, tmp_path / "x")


@pytest.mark.parametrize("content", [None, {}])
def test_a_preset_without_phases_still_builds(tmp_path, content):
    plan = tiny_plan(1)
    if content is not None:
        plan["phases"] = content
    study = whole(fabricate(plan, tmp_path))
    assert study.phases["entries"] == []
    assert "none" in render("analysis.tables.phases", study, tmp_path / "x").with_suffix(".tex").read_text()
    render("analysis.tables.speed", study, tmp_path / "x")
    render("analysis.figures.phases", study, tmp_path / "x")
    assert "No phase of the series" in FRAGMENTS["series"](study)
    assert registry(study)["series.supported"].value == 0


def test_phases_that_were_not_run_are_known_as_such(tmp_path):
    plan = tiny_plan(1, phases=True)
    plan["cells"] = [cell for cell in plan["cells"] if cell["method"] != "p16"]
    study = whole(fabricate(plan, tmp_path))
    text = FRAGMENTS["series"](study)
    assert "(p16;" not in text
    assert "This preset does not run p16." in text
    study.phases["claims"] = compare_claims(study.plan, study.entries, load(), 0.95)
    assert "p02, p03, " in FRAGMENTS["series"](study).replace("\\_", "_")
    fallen = next(entry["test"] for entry in study.entries if entry["phase"] == "p17")
    assert fallen["against"] == "shuffled"


def test_a_preset_of_phases_only_builds(tmp_path):
    plan = tiny_plan(1, phases=True)
    plan["cells"] = [cell for cell in plan["cells"] if cell["experiment"] == "series"]
    plan["experiments"] = {"series": plan["experiments"]["series"]}
    plan["runs"] = {cell["run"]: plan["runs"][cell["run"]] for cell in plan["cells"]}
    study = whole(fabricate(plan, tmp_path))
    for name in ("tables.main", "tables.differences", "figures.accuracy", "figures.architecture", "figures.phases"):
        render(f"analysis.{name}", study, tmp_path / "x")
    found = registry(study)
    for compose in FRAGMENTS.values():
        assert all(used in found for used in USE.findall(compose(study)))


def test_the_real_paper_builds_with_a_series(series):
    from test_paper import PAPER

    check(registry(series), [PAPER])


def test_claims_are_part_of_the_statistics(made_series):
    content = read_json(made_series / "statistics" / "phases.json", "test")
    assert len(content["claims"]) == len(load())
    json.dumps(content, allow_nan=False)
