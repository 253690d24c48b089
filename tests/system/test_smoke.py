"""The real graph on the smoke preset, from a copy of the project to the PDF; and what it does, and does not, rerun."""

import csv
import json
import math
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import ROOT, command

from telepathy.config import load
from telepathy.config.methods import TRAINED
from telepathy.config.phases import variants
from telepathy.estimate import read_times, summary
from telepathy.planner import make_plan

LATEX = shutil.which("latexmk") is not None
EXPORTS = ("rows.parquet", "croissant.json", "ro-crate-metadata.json", "Snakefile", "workflow/rules/*.smk")


def copy_project(target: Path) -> Path:
    """The project as a clone would have it."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file() or (ROOT / name).is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target


def snakemake(folder: Path, *words: str, settings: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *words, "--config", "preset=smoke", *settings],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def planned(folder: Path, settings: tuple[str, ...] = ()) -> dict[str, int]:
    """Rules that a dry run would execute."""
    done = snakemake(folder, "-n", settings=settings)
    assert done.returncode == 0, done.stderr
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", done.stdout + done.stderr, re.MULTILINE | re.DOTALL)
    if table is None:
        assert "Nothing to be done" in done.stdout + done.stderr
        return {}
    return {line.split()[0]: int(line.split()[1]) for line in table[1].splitlines()}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("smoke") / "project")
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.mark.timeout(600)
def test_the_whole_graph_ends_in_a_paper(built):
    out = built / "results" / "smoke"
    for name in ("tables/main.csv", "tables/main.tex", "figures/accuracy.pdf", "figures/accuracy.csv", "values.json"):
        assert (out / name).stat().st_size > 0
    overview = json.loads((out / "plan" / "overview.json").read_text())
    for run in overview["runs"].values():
        assert (out / run["folder"] / "run.json").exists()
    if LATEX:
        log = (out / "latex" / "main.log").read_text(errors="replace")
        pages = int(re.search(r"Output written on .*?main\.pdf \((\d+) pages", log.replace("\n", ""))[1])
        assert pages >= 5
        assert (out / "paper.pdf").read_bytes().startswith(b"%PDF")


def test_a_second_run_has_nothing_to_do(built):
    started = time.monotonic()
    assert planned(built) == {}
    assert time.monotonic() - started < 10


def edited(folder: Path, name: str) -> dict[str, int]:
    path = folder / name
    before = path.read_bytes()
    path.write_bytes(before + b"\n# an edit\n")
    try:
        return planned(folder)
    finally:
        path.write_bytes(before)


def test_editing_a_figure_rebuilds_it_and_what_shows_it_only(built):
    wanted = {"figure": 1, "report": 1, "crate": 1, "all": 1} | ({"pdf": 1} if LATEX else {})
    assert edited(built, "analysis/figures/accuracy.py") == wanted


def test_editing_the_bridge_retrains(built):
    rerun = edited(built, "telepathy/bridge/perceiver.py")
    assert sum(name.startswith("runs_") and "_trained_" in name for name in rerun) >= 4
    assert not any(name.startswith(("prepare_model", "encode", "calibrate")) for name in rerun)
    assert not any("_baseline_" in name for name in rerun)


def test_on_a_cluster_every_run_is_a_job_of_its_own(built):
    overview = json.loads((built / "results" / "smoke" / "plan" / "overview.json").read_text())
    kinds = [run["spec"]["recipe"]["kind"] for run in overview["runs"].values()]
    jobs = planned(built, ("together=0",))
    trained = sum(kind in TRAINED for kind in kinds)
    reused = kinds.count("control") + kinds.count("transfer")
    assert jobs["train"] == jobs["evaluate"] == trained
    assert jobs["latency"] == kinds.count("latency")
    assert jobs["reuse"] == reused > 0
    assert jobs["baseline"] == len(kinds) - trained - reused - kinds.count("latency")


def test_every_phase_and_variant_has_a_row_with_finite_numbers(built):
    out = built / "results" / "smoke"
    overview = json.loads((out / "plan" / "overview.json").read_text())
    wanted = {(name, one["name"]) for name, phase in overview["phases"].items() for one in phase["variants"]}
    phases = load("smoke").phases
    assert wanted == {(name, one.name) for name, phase in phases.items() for one in variants(name, phase)}
    with open(out / "tables" / "phases.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["phase"], row["variant"]) for row in rows} == wanted
    for row in rows:
        for key in ("n", "accuracy", "low", "high", "control", "difference", "soft_tokens", "layer", "steps", "p"):
            assert row[key] == "" or math.isfinite(float(row[key])), (row["phase"], key)
        assert row["accuracy"] != ""
        assert row["verdict"] in ("supported", "contradicted", "no evidence", "not tested")
    for name in overview["phases"]:
        assert (out / "report" / "phases" / f"{name}.html").stat().st_size > 0


def rows_of(folder: Path, table: str) -> list[dict[str, str]]:
    with open(folder / "results" / "smoke" / "tables" / f"{table}.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_every_method_control_and_sweep_has_a_row_with_finite_numbers(built):
    """Each place of each experiment is in each of the tables that the experiment names."""
    overview = json.loads((built / "results" / "smoke" / "plan" / "overview.json").read_text())
    config = load("smoke")
    assert set(config.methods) - {cell["method"] for cell in overview["cells"]} == set()
    keys = ("experiment", "task", "method", "pair", "trained_on")
    for name, experiment in overview["experiments"].items():
        cells = [cell for cell in overview["cells"] if cell["experiment"] == name]
        for table in set(experiment["tables"]) & {"main", "controls", "variants", "sweeps", "transfer", "pairs"}:
            rows = [row for row in rows_of(built, table) if row["experiment"] == name]
            for cell in cells:
                found = [
                    row
                    for row in rows
                    if all(row.get(key, cell[key]) in (cell[key], cell[key] or "", cell["task"]) for key in keys)
                ]
                assert found, (table, cell)
                assert all(math.isfinite(float(row["accuracy"])) for row in found)
        if experiment["vary"]:
            shown = {(row["key"], row["value"]) for row in rows_of(built, "sweeps") if row["experiment"] == name}
            wanted = {(key, str(value)) for key, values in experiment["vary"].items() for value in values}
            assert {(key, float(value)) for key, value in wanted} <= {
                (key, float(value)) for key, value in shown if value
            }
            for row in rows_of(built, "sweeps"):
                if row["experiment"] == name:
                    assert math.isfinite(float(row["replicate_sd"]))


def test_every_experiment_is_in_its_figures(built):
    overview = json.loads((built / "results" / "smoke" / "plan" / "overview.json").read_text())
    for name, experiment in overview["experiments"].items():
        for figure in experiment["figures"]:
            path = built / "results" / "smoke" / "figures" / f"{figure}.csv"
            with open(path, newline="") as file:
                rows = list(csv.DictReader(file))
            if figure != "phases":
                assert any(row["experiment"] == name for row in rows), (name, figure)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_clone_replays_the_archived_runs_without_training(built, tmp_path):
    """Same tables, values, figures and text, from rows alone: no model, no data set and no checkpoint is there."""
    before = planned(built)
    packed = snakemake(built, "archive")
    assert packed.returncode == 0, packed.stderr[-3000:]
    clone = copy_project(tmp_path / "clone")
    shutil.copytree(built / "results" / "archive" / "smoke", clone / "results" / "archive" / "smoke")
    done = snakemake(clone, settings=("runs=archive",))
    assert done.returncode == 0, done.stderr[-3000:]
    assert not list((clone / "results").rglob("*.safetensors"))
    compared = 0
    for pattern in ("tables/*", "figures/*", "values.*", "text/*", "statistics/*", "paper.pdf", *EXPORTS):
        for path in sorted((built / "results" / "smoke").glob(pattern)):
            other = clone / path.relative_to(built)
            assert path.read_bytes() == other.read_bytes(), path.name
            compared += 1
    assert compared > 40
    same = command("analysis.archive", "compare", "--preset", "smoke", cwd=clone)
    assert same.returncode == 0, same.stderr
    assert planned(built) == before
    rows = next((clone / "results" / "archive" / "smoke").rglob("rows.jsonl.gz"))
    rows.write_bytes(rows.read_bytes()[:-1] + b"x")
    shutil.rmtree(clone / "results" / "smoke")
    spoiled = snakemake(clone, settings=("runs=archive",))
    assert spoiled.returncode != 0
    assert str(rows.relative_to(clone)) in spoiled.stderr
    assert not (clone / "results" / "smoke" / "paper.pdf").exists()
    shutil.rmtree(built / "results" / "archive" / "smoke")


GAIN = """
experiments:
  gain:
    title: Size of the soft tokens
    question: How loud should soft tokens be?
    methods: [bridge]
    tasks: [toy_sentiment]
    pairs: [tiny]
    seeds: [0, 1]
    vary: {output_gain: [0.5, 2.0]}
    reference: bridge
    tables: [sweeps]
    figures: [sweeps]
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_new_experiment_is_one_entry(built, tmp_path):
    """It gets its rows and its panel; only its own new runs are made."""
    folder = tmp_path / "project"
    shutil.copytree(built, folder)
    (folder / "mine.yaml").write_text(GAIN)
    before = {path: path.stat().st_mtime_ns for path in (folder / "results/smoke/runs").rglob("rows.jsonl.gz")}
    wanted = [f"results/smoke/{name}" for name in ("tables/sweeps.csv", "figures/sweeps.csv")]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--config", "preset=smoke", "--configfile", "mine.yaml",
         "--", *wanted],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    values = {row["value"] for row in rows_of(folder, "sweeps") if row["experiment"] == "gain"}
    assert {"0.5", "2.0"} <= values
    assert "gain" in (folder / "results/smoke/figures/sweeps.csv").read_text()
    after = set((folder / "results/smoke/runs").rglob("rows.jsonl.gz"))
    assert len(after - set(before)) == 4


MINE = """
phases:
  mine:
    title: A recombination
    parent: p15_fsq8
    hypothesis: Parts that exist can be put together in a new way.
    reading: Nobody has tried.
    recipe:
      body: {kind: recurrent_perceiver, rounds: 2}
      normalizer: layer_norm
      calibration: null
      losses: {infonce: 0.2, div_var: 0.05}
    recorded: null
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_new_phase_is_one_entry(built, tmp_path):
    """It gets its row, its page with curves, and its place in the figure; nothing else is trained again."""
    folder = tmp_path / "project"
    shutil.copytree(built, folder)
    (folder / "mine.yaml").write_text(MINE)
    words = ["--configfile", "mine.yaml", "--", *(f"results/smoke/{name}" for name in (
        "tables/phases.csv", "figures/phases.csv", "report/index.html"))]  # fmt: skip
    before = {path: path.read_bytes() for path in (folder / "results/smoke/runs").rglob("environment.json")}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--config", "preset=smoke", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    out = folder / "results" / "smoke"
    assert re.search(r"^mine,plain,A recombination", (out / "tables/phases.csv").read_text(), re.MULTILINE)
    assert "mine" in (out / "figures" / "phases.csv").read_text()
    page = (out / "report" / "phases" / "mine.html").read_text()
    assert "Parts that exist" in page
    assert "<svg" in page
    assert "div_var" in page
    assert all(path.read_bytes() == content for path, content in before.items())


def test_editing_a_sentence_of_the_paper_trains_nothing(built):
    path = built / "paper" / "sections" / "introduction.tex"
    before = path.read_bytes()
    path.write_bytes(before + b"\n% an edit\n")
    rerun = planned(built)
    path.write_bytes(before)
    assert set(rerun) <= {"literals", "values", "pdf", "report", "crate", "all"}


def test_a_dry_run_says_how_many_runs_and_how_long(built):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "-n", "--quiet", "--config", "preset=small"],
        cwd=built, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    plan = make_plan(load("small"))
    assert all(line in done.stderr for line in summary(plan, read_times()))
    assert f"small: {len(plan.runs)} runs" in done.stderr
    assert re.search(r"about \d+ h \d\d min on two CPU cores", done.stderr)


@pytest.mark.parametrize("words", [["preset=nope"], ["preset=smoke", "stepz=1"], ["preset=smoke", "compute=int4"]])
def test_bad_configuration_is_one_clear_line(built, words):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--config", *words], cwd=built, capture_output=True, text=True
    )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode != 0
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
    assert "Traceback" not in done.stderr
