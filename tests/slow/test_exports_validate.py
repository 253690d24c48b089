"""The exports before their judges, roc-validator and mlcroissant, without a network. `make checks` installs both."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from helpers import ROOT

from telepathy.files import read_json, read_jsonl_gz, write_json
from telepathy.record import Row

sys.path.insert(0, str(ROOT / "tests" / "analysis"))

from fabricate import fabricate, tiny_plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

VALIDATOR = ROOT / ".venv-crate" / "bin" / "python"
CRATE = "ro-crate-metadata.json"
NOT_DONE = {
    # Nobody knows them: builds keep no times, and whoever builds is not asked for a name.
    "Action endTime",
    "Action agent",
    # The project says no address of its own; its stages are named inside the crate.
    "Application url",
    "SoftwareApplication id",
    "Organization: RECOMMENDED url property",
    # The build has no README.
    "README.md about",
    "README.md encodingFormat",
}
"""Recommendations that we do not follow. What is required has no exceptions."""
BUILT = [ROOT / "results" / preset for preset in ("quick", "smoke") if (ROOT / "results" / preset / CRATE).is_file()]


def export(results: Path) -> Path:
    for what in ("croissant", "crate"):
        words = [sys.executable, "-m", "analysis.exports", what, "--plan", str(results / "plan" / "overview.json")]
        subprocess.run(words, cwd=ROOT, check=True)
    return results


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A fabricated study with every kind of run."""
    results = tmp_path_factory.mktemp("made")
    fabricate(tiny_plan(phases=True, grids=True), results)
    for path in results.rglob("environment.json"):
        environment = read_json(path, "-")
        write_json(path, environment | {"packages": environment["packages"] | {"snakemake": "9.27.1"}})
    return export(results)


def validate(folder: Path) -> list[dict[str, str]]:
    """What roc-validator finds; a request that leaves this machine would fail."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    words = [str(VALIDATOR), str(ROOT / "tests" / "slow" / "crate_check.py"), str(folder)]
    assert VALIDATOR.exists(), "the validator is not installed: run `make checks`"
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **nowhere}, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def conforms(folder: Path) -> None:
    found = validate(folder)
    assert [issue for issue in found if issue["severity"] == "REQUIRED"] == []
    assert [issue for issue in found if issue["check"] not in NOT_DONE] == []


def test_a_made_up_build_is_a_provenance_run_crate(made):
    conforms(made)


@pytest.mark.skipif(not BUILT, reason="neither quick nor smoke is built here")
@pytest.mark.parametrize("results", BUILT, ids=lambda path: path.name)
def test_a_real_build_is_a_provenance_run_crate(results):
    conforms(results)


def without_instrument(graph: dict[str, dict]) -> None:
    next(entity for entity in graph.values() if entity["@type"] == "CreateAction").pop("instrument")


def without_workflow(graph: dict[str, dict]) -> None:
    graph["./"].pop("mainEntity")


def unknown_word(graph: dict[str, dict]) -> None:
    graph["Snakefile"]["telepathicness"] = "high"


@pytest.mark.parametrize("spoil", [without_instrument, without_workflow, unknown_word])
def test_the_validator_sees_a_spoiled_crate(tmp_path, spoil):
    """Offline it still checks, also what needs the JSON-LD context."""
    plan = tiny_plan(tasks=1)
    plan["runs"] = dict(list(plan["runs"].items())[:2])
    fabricate(plan, tmp_path)
    export(tmp_path)
    content = read_json(tmp_path / CRATE, "-")
    spoil({entity["@id"]: entity for entity in content["@graph"]})
    write_json(tmp_path / CRATE, content)
    assert any(issue["severity"] == "REQUIRED" for issue in validate(tmp_path))


def test_the_validator_misses_a_file_that_is_gone(tmp_path):
    plan = tiny_plan(tasks=1)
    plan["runs"] = dict(list(plan["runs"].items())[:2])
    fabricate(plan, tmp_path)
    export(tmp_path)
    next(tmp_path.rglob("rows.jsonl.gz")).unlink()
    assert any("rows.jsonl.gz" in issue["message"] for issue in validate(tmp_path))


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr("socket.socket.connect", refuse)


def loaded(folder: Path) -> list[dict]:
    """All rows as mlcroissant reads them, with the types of `Row`; no error, no warning."""
    import mlcroissant

    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert dataset.metadata.ctx.issues.report() == ""
    assert dataset.metadata.ctx.conforms_to.value.endswith("/1.1")
    found = []
    for record in dataset.records("rows"):
        row = {key.removeprefix("rows/"): value for key, value in record.items()}
        row = {key: value.decode() if isinstance(value, bytes) else value for key, value in row.items()}
        row |= {key: None if row[key] is None else json.loads(row[key]) for key in ("scores", "entities")}
        found.append(row)
    return found


def raw(folder: Path) -> list[dict]:
    found = []
    for path in sorted((folder / "runs").glob("*/*/*/rows.jsonl.gz")):
        task, method, run = path.relative_to(folder / "runs").parts[:3]
        place = {"task": task, "method": method, "run": run}
        found += [place | {f.name: row.get(f.name) for f in fields(Row)} for row in read_jsonl_gz(path, "-")]
    return found


def test_mlcroissant_loads_every_row_as_it_is(made, offline):
    assert loaded(made) == raw(made)


@pytest.mark.skipif(not BUILT, reason="neither quick nor smoke is built here")
@pytest.mark.parametrize("results", BUILT, ids=lambda path: path.name)
def test_mlcroissant_loads_every_row_of_a_real_build(results, offline):
    planned = {run["folder"] for run in read_json(results / "plan" / "overview.json", "-")["runs"].values()}
    wanted = [row for row in raw(results) if f"runs/{row['task']}/{row['method']}/{row['run']}" in planned]
    assert loaded(results) == wanted


def test_mlcroissant_reads_the_runs_and_knows_our_context(made, offline):
    import mlcroissant
    from mlcroissant._src.core.rdf import make_context

    dataset = mlcroissant.Dataset(str(made / "croissant.json"))
    runs = [record["runs/path"] for record in dataset.records("runs")]
    assert runs == sorted(path.relative_to(made).as_posix() for path in (made / "runs").rglob("rows.jsonl.gz"))
    assert read_json(made / "croissant.json", "-")["@context"] == make_context(dataset.metadata.ctx)


def test_mlcroissant_sees_a_table_that_is_gone(made, tmp_path, offline):
    import mlcroissant

    shutil.copy(made / "croissant.json", tmp_path)
    with pytest.raises(Exception, match=r"rows\.parquet"):
        next(iter(mlcroissant.Dataset(str(tmp_path / "croissant.json")).records("rows")))
