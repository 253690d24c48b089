"""The exports say what is there: every row, every file with its sha256, every action with what it was given."""

import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fabricate import TRAINED, fabricate, tiny_plan
from helpers import ROOT, command, one_clear_line
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from analysis import verify
from analysis.exports import __main__ as stage
from analysis.exports import files, rows
from analysis.exports.facts import Facts, read_facts
from telepathy.errors import UserError
from telepathy.files import read_json, read_jsonl_gz, write_json
from telepathy.record import Row, write_run

CODE, TRAINED_HASH = "c" * 64, "d" * 64


def complete(results: Path) -> None:
    """Give the made-up runs the inputs that real ones have."""
    plan = read_json(results / "plan" / "overview.json", "-")
    plan["tasks"]["open"]["data"] = "open-x"
    for run in plan["runs"].values():
        path = results / run["folder"] / "run.json"
        record = read_json(path, "-")
        record["inputs"] |= {"code": CODE, "data": {"test.jsonl": hashlib.sha256(run["task"].encode()).hexdigest()}}
        record["inputs"]["weights"] = {
            role: {"model.safetensors": hashlib.sha256(key.encode()).hexdigest()}
            for role, key in run["spec"]["models"].items()
        }
        if run["spec"]["recipe"]["kind"] in TRAINED:
            record["inputs"]["trained"] = TRAINED_HASH
        run["spec"]["data"] = plan["tasks"][run["task"]]["data"]
        write_json(path, record)
    write_json(results / "plan" / "overview.json", plan)


def read(results: Path) -> Facts:
    return read_facts(results / "plan" / "overview.json", ROOT / "CITATION.cff")


def export(results: Path) -> Path:
    stage.write_croissant(read(results))
    stage.write_crate(read(results), ROOT)
    return results


def build(folder: Path, plan: dict | None = None) -> Path:
    fabricate(plan or tiny_plan(phases=True, grids=True), folder)
    complete(folder)
    for name in ("tables/main.csv", "tables/main.tex", "tables/gone.csv", "tables/speed.csv", "figures/pairs.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (folder / "values.json").write_text("{}")
    return export(folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("exports"))


def graph(results: Path) -> dict[str, dict]:
    entities = read_json(results / stage.CRATE, "-")["@graph"]
    assert max(Counter(entity["@id"] for entity in entities).values()) == 1
    return {entity["@id"]: entity for entity in entities}


def ids(value) -> list[str]:
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def references(value) -> list[str]:
    if isinstance(value, list):
        return [found for one in value for found in references(one)]
    return [value["@id"]] if isinstance(value, dict) else []


def of_type(entities: dict[str, dict], kind: str) -> list[dict]:
    return [one for one in entities.values() if kind in (one["@type"], *([] if one["@type"] is None else one["@type"]))]


def test_every_field_of_a_row_has_a_column_and_a_description():
    described = {column.name: column.description for column in rows.columns()}
    assert set(described) == {field.name for field in fields(Row)} | set(rows.RUN_FIELDS)
    assert all(len(text) > 10 for text in described.values())
    assert "log-probability" in described["scores"]


@pytest.mark.parametrize(("kind", "wanted"), [("str", "not described"), ("set[int]", "not described")])
def test_a_field_that_nobody_described_stops_the_export(monkeypatch, kind, wanted):
    @dataclass(frozen=True)
    class Longer(Row):
        __doc__ = Row.__doc__
        surprise: eval(kind) = None

    monkeypatch.setattr(rows, "Row", Longer)
    with pytest.raises(UserError, match=f"surprise.*{wanted}"):
        rows.columns()


def test_the_table_holds_all_rows_as_they_are(built):
    facts, table = read(built), pq.read_table(built / "rows.parquet").to_pylist()
    raw = []
    for run in sorted(facts.plan["runs"].values(), key=lambda run: run["folder"]):
        for row in read_jsonl_gz(built / run["folder"] / "rows.jsonl.gz", "-"):
            place = {"task": run["task"], "method": run["method"], "run": run["folder"].rpartition("/")[2]}
            raw.append({field.name: row.get(field.name) for field in fields(Row)} | place)
    for row in table:
        for name in ("scores", "entities"):
            row[name] = None if row[name] is None else json.loads(row[name])
    assert table == raw
    assert len(raw) > 1000


TEXTS = st.sampled_from(["007", "1e5", "NaN", "null", "", " ", "2020-01-01", "ä\u2028\n\"'"]) | st.text(
    st.characters(codec="utf-8")
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.none() | TEXTS, st.booleans()), min_size=1, max_size=5), st.floats(-99, 0))
def test_texts_that_look_like_numbers_stay_texts(content, score):
    made = [
        Row(id=f"{i}{name}", text="t", prompt="p", gold=gold, prediction=answer, parsed=parsed, scores={gold: score})
        for i, (name, gold, answer, parsed) in enumerate(content)
    ]
    plan = tiny_plan(tasks=1)
    plan["runs"] = dict([next(iter(plan["runs"].items()))])
    (run,) = plan["runs"].values()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder)
        write_json(results / "plan" / "overview.json", plan)
        write_run(results / run["folder"], {"spec": run["spec"], "inputs": {}}, made, {})
        rows.write_table(read(results), results / "rows.parquet")
        found = pq.read_table(results / "rows.parquet").to_pylist()
    assert [(r["id"], r["gold"], r["prediction"], r["parsed"]) for r in found] == [
        (row.id, row.gold, row.prediction, row.parsed) for row in made
    ]
    assert [json.loads(row["scores"]) for row in found] == [row.scores for row in made]


def test_croissant_names_every_run_with_the_sha256_of_its_rows(built):
    said = read_json(built / "croissant.json", "-")
    (runs,) = [one["data"] for one in said["recordSet"] if one["@id"] == "runs"]
    assert len(runs) == len(read(built).plan["runs"])
    for run in runs:
        path = built / run["runs/path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == run["runs/sha256"]
        assert len(list(read_jsonl_gz(path, "-"))) == run["runs/rows"]
    (table,) = [one for one in said["distribution"] if one["@id"] == "rows.parquet"]
    assert hashlib.sha256((built / "rows.parquet").read_bytes()).hexdigest() == table["sha256"]
    (raw,) = [one for one in said["distribution"] if one["@id"] == "raw-rows"]
    assert {path.relative_to(built).as_posix() for path in built.glob(raw["includes"])} == {
        run["runs/path"] for run in runs
    }


def test_every_file_of_the_crate_is_there_with_its_sha256_and_size(built):
    entities = graph(built)
    listed = of_type(entities, "File")
    assert len(listed) > 2 * len(read(built).plan["runs"])
    for entity in listed:
        content = (built / entity["@id"]).read_bytes()
        if "sha256" in entity:
            assert hashlib.sha256(content).hexdigest() == entity["sha256"]
            assert str(len(content)) == entity["contentSize"]
    bare = {entity["@id"].rpartition("/")[2] for entity in listed if "sha256" not in entity}
    assert bare == {"environment.json", "train.jsonl", "speed.csv"}
    assert {"values.json", "tables/main.csv", "tables/main.tex", "figures/pairs.png", "Snakefile"} <= set(entities)
    assert "tables/gone.csv" not in entities, "no module of today writes it"
    assert not any(name.endswith(".safetensors") and not name.startswith("#") for name in entities)
    assert set(files.VOLATILE) == set(verify.VOLATILE)


def test_the_copied_workflow_is_the_real_one(built):
    assert (built / "Snakefile").read_bytes() == (ROOT / "Snakefile").read_bytes()
    copied = {path.name for path in (built / "workflow" / "rules").iterdir()}
    assert copied == {path.name for path in (ROOT / "workflow" / "rules").glob("*.smk")}
    assert graph(built)["./"]["mainEntity"] == {"@id": "Snakefile"}


def test_every_reference_leads_somewhere(built):
    entities = graph(built)
    outside = {"https://doi.org/10.1093/bioinformatics/bts480", "https://snakemake.readthedocs.io"}
    for entity in entities.values():
        for key, value in entity.items():
            if key not in ("@id", "@type"):
                missing = set(references(value)) - set(entities) - outside
                assert not any(name.startswith("#") or not name.startswith("http") for name in missing), entity["@id"]


def test_every_run_is_the_result_of_its_stages(built):
    stages = {"control": ["telepathy.reuse"], "transfer": ["telepathy.reuse"], "latency": ["telepathy.latency"]}
    stages |= {kind: ["telepathy.evaluate", "telepathy.train"] for kind in TRAINED}
    actions = [a for a in of_type(graph(built), "CreateAction") if a["@id"] != "#build"]
    for run in read(built).runs:
        makers = set()
        for action in actions:
            if any(made.startswith(f"{run.folder}/") or made == f"#trained/{run.id}" for made in ids(action["result"])):
                makers.add(action["instrument"]["@id"].removeprefix("#stage/"))
        assert sorted(makers) == stages.get(run.kind, ["telepathy.baselines.run"])


def test_an_action_names_weights_data_code_and_licences(built):
    entities, facts = graph(built), read(built)
    run = next(run for run in facts.runs if run.kind == "bridge")
    given_ = ids(entities[f"#action/telepathy.evaluate/{run.id}"]["object"])
    assert {"#weights/s-1", "#weights/r-1", f"#data/{run.task}-x", f"#code/{CODE}", f"#trained/{run.id}"} <= set(given_)
    weights = entities["#weights/s-1"]
    assert weights["name"] == "Send_er"
    assert entities[weights["license"]["@id"]]["name"] == "MIT (made here)"
    (part,) = ids(weights["hasPart"])
    assert entities[part]["sha256"] == hashlib.sha256(b"s-1").hexdigest()
    assert entities[f"#trained/{run.id}"]["sha256"] == TRAINED_HASH


def test_the_engine_started_every_action(built):
    entities = graph(built)
    (engine,) = of_type(entities, "OrganizeAction")
    controls = of_type(entities, "ControlAction")
    assert sorted(ids(engine["object"])) == sorted(control["@id"] for control in controls)
    started = sorted(control["object"]["@id"] for control in controls)
    own = ids(engine["result"])
    assert started == sorted(a["@id"] for a in of_type(entities, "CreateAction") if a["@id"] not in own)
    assert sorted(ids(entities["./"]["mentions"])) == sorted([*started, *own])


def test_the_article_says_what_typeset_it(built, tmp_path):
    results = tmp_path / "with_article"
    shutil.copytree(built, results)
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.add_metadata({"/Producer": "pdfTeX-1.40.24"})
    writer.write(results / "paper.pdf")
    stage.write_crate(read(results), ROOT)
    entities = graph(results)
    assert ids(entities["#action/pdftex"]["result"]) == ["paper.pdf"]
    assert entities["#stage/pdftex"]["softwareVersion"] == "1.40.24"
    assert "paper.pdf" in ids(entities["#build"]["result"])


def test_the_preset_is_an_input_of_the_build(built):
    entities = graph(built)
    asked = {entities[name].get("value") for name in ids(entities["#build"]["object"]) if name.startswith("#value/")}
    assert {"tiny", "0.95", "1000"} <= asked
    for name in ids(entities["Snakefile"]["input"]):
        assert entities[entities[name]["workExample"]["@id"]]["exampleOfWork"] == {"@id": name}


def test_the_same_build_elsewhere_on_another_day_gives_the_same_bytes(built, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(built, other)
    for path in other.rglob("environment.json"):
        write_json(path, read_json(path, "-") | {"wall_seconds": 1e6, "host": "another", "peak_memory_mb": 1})
    for path in other.rglob("train.jsonl"):
        path.write_text(path.read_text() + '{"seconds": 9}\n')
    for name in (stage.CRATE, "croissant.json", "rows.parquet"):
        (other / name).unlink()
    export(other)
    for name in (stage.CRATE, "croissant.json", "rows.parquet"):
        assert (other / name).read_bytes() == (built / name).read_bytes()
    text = (built / stage.CRATE).read_text() + (built / "croissant.json").read_text()
    assert str(built) not in text
    assert str(ROOT) not in text
    assert not re.search(r"\d\d:\d\d:\d\d", text)
    dates = set(re.findall(r"\b20\d\d-\d\d-\d\d\b", text))
    assert dates == {read(built).citation.date}


def test_titles_and_keys_may_hold_any_character(tmp_path):
    plan = tiny_plan(tasks=1)
    hostile = 'a "b" <c> \\ & # ? %20 ../ ä\n☃'
    plan["title"] = plan["models"]["s"]["title"] = plan["tasks"]["task_0"]["title"] = hostile
    plan["models"]["s"]["license"] = hostile
    plan["tasks"]["task_0"]["data"] = f"{hostile}-x"
    results = build(tmp_path, plan)
    entities = graph(results)
    assert entities["#weights/s-1"]["name"] == hostile
    assert all(re.fullmatch(r"[\w./:#%~-]+", name) for name in entities), "ids are URIs"


@pytest.mark.parametrize("folder", ["../../etc", "/etc", "runs/../..", "runs/a/b/../c", "runs/a/b/c/d", "runs/a/b/.."])
def test_a_run_outside_the_results_is_refused(tmp_path, folder):
    path = fabricate(tiny_plan(tasks=1), tmp_path)
    plan = read_json(path, "-")
    next(iter(plan["runs"].values()))["folder"] = folder
    write_json(path, plan)
    with pytest.raises(UserError, match="no folder of a run"):
        stage.write_croissant(read(tmp_path))


def test_a_link_that_leads_out_of_the_results_is_refused(tmp_path):
    results = build(tmp_path / "r", tiny_plan(tasks=1))
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (results / "values.json").unlink()
    (results / "values.json").symlink_to(secret)
    with pytest.raises(UserError, match="leads out of the results"):
        export(results)


def test_runs_that_disagree_on_their_weights_are_refused(tmp_path):
    results = build(tmp_path, tiny_plan())
    path = results / next(run.folder for run in read(results).runs if run.kind == "bridge") / "run.json"
    record = read_json(path, "-")
    record["inputs"]["weights"]["sender"]["model.safetensors"] = "0" * 64
    write_json(path, record)
    with pytest.raises(UserError, match="two runs disagree on `#weights/s-1"):
        export(results)


def test_errors_are_one_clear_line(tmp_path):
    one_clear_line(command("analysis.exports", "crate", "--plan", tmp_path / "no.json"), "no.json", "no such file")
    (tmp_path / "CITATION.cff").write_text("title: A\n")
    path = fabricate(tiny_plan(tasks=1), tmp_path / "results")
    done = command("analysis.exports", "croissant", "--plan", path, "--project", tmp_path)
    one_clear_line(done, "CITATION.cff", "version")
