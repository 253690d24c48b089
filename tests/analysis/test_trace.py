"""From a printed number back to rows and code, for every value there is."""

import json

import pytest
from fabricate import fabricate, tiny_plan

from analysis import trace
from analysis.claims import load
from analysis.comparisons import compare
from analysis.phases import evaluate
from analysis.study import read_study
from analysis.value import Value
from analysis.values import registry
from analysis.verify import differences, recomputed, unlike
from telepathy.errors import UserError
from telepathy.files import read_json, write_json


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Results of a plan with phases and grids, with statistics and values; tests must not change it."""
    folder = tmp_path_factory.mktemp("built") / "tiny"
    plan = fabricate(tiny_plan(phases=True, grids=True), folder)
    write_json(folder / "statistics" / "comparisons.json", compare(read_study(plan)))
    study = read_study(plan, folder / "statistics" / "comparisons.json")
    write_json(folder / "statistics" / "phases.json", evaluate(study, load()))
    values = registry(trace.open_study(folder))
    write_json(folder / "values.json", [vars(value) for value in values.values()])
    return folder


@pytest.fixture(scope="module")
def chains(built):
    study = trace.open_study(built)
    fresh = registry(recomputed(study))
    values = [Value(**entry) for entry in read_json(built / "values.json", "-")]
    return {value.id: trace.chain(study, value, fresh.get(value.id)) for value in values}


def test_every_value_is_computed_again_and_is_the_same(chains):
    assert len(chains) > 300
    assert [name for name, found in chains.items() if not found["recomputed"]["same"]] == []


def test_every_value_names_a_function_and_its_line(chains):
    for found in chains.values():
        file, _, line = found["function"]["where"].partition(":")
        name = found["function"]["name"].rpartition(".")[2]
        defined = (trace.ROOT / file).read_text().splitlines()[int(line) - 1]
        assert f"def {name}(" in defined or f"class {name}" in defined


def test_a_run_leads_to_its_rows_and_inputs(built, chains):
    found = chains["main.task_0.bridge.accuracy"]
    (run,) = found["runs"]
    rows = run["rows"]
    assert run["as_compared"]
    assert rows["correct"] / rows["n"] == found["value"]["value"]
    assert run["configuration"]["recipe"]["kind"] == "bridge"
    assert chains["main.task_0.bridge_vs_majority.difference"]["comparisons"][0]["method"] == "majority"


def test_a_printed_number_finds_its_ids(built):
    values = {entry["id"]: Value(**entry) for entry in read_json(built / "values.json", "-")}
    for value in list(values.values())[::25]:
        assert value.id in trace.find(value.text, values)
    accuracy = values["main.task_0.bridge.accuracy"].text
    assert "main.task_0.bridge.accuracy" in trace.find(accuracy.removesuffix("%"), values)
    with pytest.raises(UserError, match="did you mean"):
        trace.find("main.task_0.bridge.acuracy", values)


def test_command_line(built, monkeypatch, capsys):
    words = ["trace", "main.task_0.bridge.accuracy", "--preset", "tiny", "--results", str(built.parent)]
    monkeypatch.setattr("sys.argv", [*words, "--json"])
    trace.main()
    (found,) = json.loads(capsys.readouterr().out)
    assert found["recomputed"]["same"]
    monkeypatch.setattr("sys.argv", words)
    trace.main()
    assert "the same" in capsys.readouterr().out


def test_the_gate_lets_a_true_build_pass_and_names_what_drifted(built):
    study = trace.open_study(built)
    values = read_json(built / "values.json", "-")
    assert differences(study, values) == []
    drifted = [dict(value) for value in values]
    victim = next(value for value in drifted if value["id"] == "main.task_0.bridge.accuracy")
    victim["text"] = "99.9%"
    (found,) = differences(study, drifted)
    assert "main.task_0.bridge.accuracy is 99.9%" in found
    assert "is missing" in differences(study, values[1:])[0]
    study.comparisons["cells"][0]["accuracy"] += 0.001
    assert any("comparisons.json cells[0].accuracy" in one for one in differences(study, values))


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ({"a": 1.0}, {"a": 1.0 + 1e-15}, 0),
        ({"a": 1.0}, {"a": 1.001}, 1),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, 1),
        ({"a": None}, {}, 0),
        ({"a": True}, {"a": 1}, 1),
        ({"a": "x", "b": [{"c": "y"}]}, {"a": "z", "b": [{"c": "w"}]}, 2),
        (3, 3.5, 1),
    ],
)
def test_unlike_counts_places(old, new, places):
    assert len(unlike(old, new)) == places
