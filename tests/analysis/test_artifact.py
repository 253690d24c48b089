"""The table of commands: every experiment and phase, with commands that the configuration takes."""

import csv
import io
import shlex

import pytest
import yaml

from analysis.tables._common import to_csv
from analysis.tables.artifact import build
from telepathy.config import load
from telepathy.estimate import PROCESSES, run_seconds, work
from telepathy.planner import make_plan


def rows(study, times) -> dict[str, dict[str, str]]:
    return {row["claim"]: row for row in csv.DictReader(io.StringIO(to_csv(build(study, times))))}


def test_every_experiment_and_phase_has_a_row(series):
    found = rows(series, {})
    assert {content["title"] for content in series.plan["experiments"].values()} <= set(found)
    phases = {entry["phase"] for entry in series.entries}
    assert phases == {claim.partition(":")[0] for claim, row in found.items() if row["kind"] == "phase"}
    assert all(row["seconds"] == "" and int(row["unmeasured"]) == int(row["runs"]) for row in found.values())


def test_the_time_is_the_sum_over_its_runs(study):
    specs = {run: content["spec"] for run, content in study.plan["runs"].items()}
    times = {work(spec): {"training_row": 0.5, "test_row": 0.25} for spec in specs.values()}
    name = study.headline
    runs = {cell["run"] for cell in study.plan["cells"] if cell["experiment"] == name}
    wanted = sum(
        run_seconds(specs[run], study.plan["tasks"][study.plan["runs"][run]["task"]]["rows"], times) for run in runs
    )
    row = rows(study, times)[study.plan["experiments"][name]["title"]]
    assert wanted > 0
    assert int(row["seconds"]) == pytest.approx(wanted / PROCESSES, abs=0.5)
    assert (int(row["runs"]), int(row["unmeasured"])) == (len(runs), 0)


@pytest.mark.parametrize(
    ("setting", "runs"), [("only=controls", 20), ("only=series 'experiments={series: {phases: [p07.repaired]}}'", 1)]
)
def test_the_commands_of_quick_plan_the_runs_of_their_claim(setting, runs):
    """As Snakemake reads `--config`: words of a shell, then YAML."""
    pairs = [word.partition("=") for word in shlex.split(setting)]
    plan = make_plan(load("quick", {key: yaml.safe_load(value) for key, _, value in pairs}))
    assert len(plan.runs) == runs
