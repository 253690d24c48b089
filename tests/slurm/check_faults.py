"""Trainings that a cluster ends in six ways: each goes on by itself to the same bytes.

`make test-slurm-faults` runs this. One Snakemake sends six trainings to two nodes; each is hit once it has a
checkpoint. The undisturbed ones are made here. That a training went on, and did not start over, shows in its log: how
fast a step was is never the same twice, so its first entries can only be those of the checkpoint.
"""

import json
import os
import shutil
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from builds import HERE, PROFILES, Build, copy_project
from cluster import Cluster, Job, wait_for

from telepathy.config import load
from telepathy.history import read_history
from telepathy.plan import Run, make_plan

# The node with the lost job must not have those that other faults hit; Slurm fills c1 (four CPUs) first.
FAULTS = ("SIGTERM", "SIGUSR1", "time is nearly up", "time is up", "memory", "node lost")
WARNED = FAULTS[:3]
SETTINGS = {"only": "main", "together": 0, "seeds": list(range(len(FAULTS))), "bridge": {"training": {"steps": 1500}}}
WORDS = ("--set-threads", "train=1")
SAME = ("weights.safetensors", "training.json", "rows.jsonl.gz", "run.json")


@dataclass
class Case:
    """A training, the fault that hits it, and what was seen then."""

    fault: str
    run: Run
    first: Job
    before: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""


def trainings() -> list[Run]:
    plan = make_plan(load("smoke", SETTINGS))
    found = {run.id: run for run in plan.runs.values() if (run.task, run.method) == ("toy_sentiment", "bridge")}
    assert len(found) == len(FAULTS)
    return list(found.values())


def snakemake_settings() -> tuple[str, ...]:
    return tuple(f"{key}={json.dumps(value)}" if key != "only" else f"only={value}" for key, value in SETTINGS.items())


def checkpoint(build: Build, run: str) -> list[dict[str, Any]]:
    """The log inside a run's checkpoint: an entry for each step that it need not make again."""
    path = build.out / "checkpoints" / f"{run}.safetensors"
    try:
        with open(path, "rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            return json.loads(json.loads(file.read(size))["__metadata__"]["log"])
    except FileNotFoundError:
        return []


def jobs_of(cluster: Cluster, run: Run) -> list[Job]:
    """The SLURM jobs that trained a run, in their order."""
    return [job for job in cluster.jobs() if job.rule.startswith("rule_train_") and run.id in job.rule]


class Stage:
    """Hits each training once, and keeps what it saw."""

    def __init__(self, cluster: Cluster, build: Build, wishes: Path):
        self.cluster, self.build, self.wishes = cluster, build, wishes

    def cast(self) -> list[Case]:
        """Who gets which fault: wait until all run, then those on c1 first."""

        def all_run() -> list[tuple[Job, Run]]:
            assert self.build.process.poll() is None, self.build.tell()
            pairs = [(job, run) for run in trainings() for job in jobs_of(self.cluster, run) if job.state == "RUNNING"]
            return pairs if len(pairs) == len(FAULTS) else []

        pairs = sorted(wait_for("all trainings to run", all_run, 300), key=lambda pair: pair[0].node)
        assert [job.node for job, _ in pairs] == ["c1"] * 4 + ["g1"] * 2
        return [Case(fault, run, job) for fault, (job, run) in zip(FAULTS, pairs, strict=True)]

    def hit(self, case: Case) -> None:
        """Wait for a checkpoint, then strike; what need not be seen at once is not waited for."""
        case.before = wait_for("a checkpoint", lambda: checkpoint(self.build, case.run.id), 240)
        if case.fault in WARNED:
            if case.fault == "time is nearly up":
                self.cluster.shorten(case.first, 2)
            else:
                self.cluster.ask("scancel", f"--signal={case.fault.removeprefix('SIG')}", case.first.id)
            log = self.build.out / "logs" / "train" / f"toy_sentiment-bridge-{case.run.id}.log"
            # Before the next attempt writes its own.
            case.said = wait_for("its last words", lambda: "stopped by" in (text := log.read_text()) and text, 60)
            case.before = checkpoint(self.build, case.run.id)
        elif case.fault == "time is up":
            # A step that takes longer than any warning and any grace.
            (self.wishes / f"{case.run.id}.hang").touch()
            self.cluster.shorten(case.first, 1)
        elif case.fault == "memory":
            (self.wishes / f"{case.run.id}.memory").touch()
            wait_for("the end of the job", lambda: jobs_of(self.cluster, case.run)[0].state == "FAILED", 60)
        else:
            self.cluster.lose(case.first.node)

    def bring_back(self, case: Case) -> None:
        """Once the cluster has seen that a node is gone, start it again."""
        wait_for("a requeue", lambda: jobs_of(self.cluster, case.run)[0].state == "PENDING", 120)
        self.cluster.start()


@pytest.fixture(scope="module")
def scene(base: Path, cluster: Cluster):
    """All cases after their end, the cluster's build and the undisturbed one."""
    settings, runs = snakemake_settings(), trainings()
    targets = [f"results/smoke/{run.folder}/run.json" for run in runs]
    project = copy_project(base / "undisturbed")
    plan = make_plan(load("smoke", SETTINGS))
    needed = sorted({f"results/cache/{name}" for run in runs for name in plan.needs(run.id)})
    Build(project, dict(os.environ), *needed, *HERE, *WORDS, settings=settings).finish()
    shutil.copytree(project, base / "disturbed", symlinks=True)
    wishes = base / "hungry"
    shutil.copytree(project / "tests" / "slurm" / "hungry", wishes)
    disturbed = Build(
        base / "disturbed", cluster.environment | {"PYTHONPATH": str(wishes)}, *targets, *PROFILES,
        *WORDS, "--jobs", "6", "--retries", "4", "--set-resources", "train:slurm_partition=both", settings=settings,
    )  # fmt: skip
    undisturbed = None
    try:
        stage = Stage(cluster, disturbed, wishes)
        cases = stage.cast()
        for case in cases:
            stage.hit(case)
        stage.bring_back(cases[-1])
        undisturbed = Build(project, dict(os.environ), *targets, *HERE, *WORDS, settings=settings)
        for build in (disturbed, undisturbed):
            build.finish()
        yield {case.fault: case for case in cases}, disturbed, undisturbed
    except BaseException:
        disturbed.tell()
        raise
    finally:
        for build in filter(None, (disturbed, undisturbed)):
            build.end()


def speeds(log: list[dict[str, Any]]) -> list[float]:
    return [entry["examples_per_second"] for entry in log]


def log_of(build: Build, run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (build.out / run.folder / "train.jsonl").read_text().splitlines()]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fault", FAULTS)
def test_it_ends_in_the_same_bytes(scene, fault):
    cases, disturbed, undisturbed = scene
    folder = cases[fault].run.folder
    for name in SAME:
        assert (disturbed.out / folder / name).read_bytes() == (undisturbed.out / folder / name).read_bytes(), name
    logs = [log_of(build, cases[fault].run) for build in (disturbed, undisturbed)]
    for log in logs:
        for entry in log:
            del entry["examples_per_second"]
    assert logs[0] == logs[1]


@pytest.mark.parametrize("fault", FAULTS)
def test_it_went_on_from_its_checkpoint(scene, fault):
    cases, disturbed, undisturbed = scene
    before = speeds(cases[fault].before)
    assert 0 < len(before) < SETTINGS["bridge"]["training"]["steps"]
    assert speeds(log_of(disturbed, cases[fault].run))[: len(before)] == before
    assert speeds(log_of(undisturbed, cases[fault].run))[: len(before)] != before


@pytest.mark.parametrize("fault", FAULTS)
def test_the_history_tells_of_it(scene, fault):
    cases, disturbed, _ = scene
    starts = [entry for entry in read_history(disturbed.out / cases[fault].run.folder) if entry["stage"] == "train"]
    assert len(starts) == 2
    assert starts[0]["ended"].startswith("Interrupted: ") if fault in WARNED else starts[0]["ended"] == "killed"
    assert starts[1]["ended"] == "finished"
    assert starts[0]["job"]["id"] == cases[fault].first.id


@pytest.mark.parametrize(
    ("fault", "by"), [("SIGTERM", "SIGTERM"), ("SIGUSR1", "SIGUSR1"), ("time is nearly up", "SIGUSR1")]
)
def test_a_warned_training_saved_its_last_step(scene, fault, by):
    case = scene[0][fault]
    assert f"stopped by {by} after step {len(case.before)} of " in case.said


@pytest.mark.parametrize(
    ("fault", "ended"),
    [("SIGTERM", "FAILED"), ("SIGUSR1", "FAILED"), ("time is nearly up", "FAILED"), ("time is up", "TIMEOUT"),
     ("memory", "FAILED")],
)  # fmt: skip
def test_snakemake_sends_a_second_job_that_asks_for_more(scene, cluster, fault, ended):
    # A busy machine may lose another job before its stage begins; the history shows that training began twice.
    first, second, *more = jobs_of(cluster, scene[0][fault].run)
    assert (first.state, [second, *more][-1].state) == (ended, "COMPLETED")
    asked = scene[0][fault].first
    assert second.minutes == 2 * asked.minutes
    assert second.megabytes == 2 * asked.megabytes


def test_slurm_starts_the_job_of_a_lost_node_again(scene, cluster):
    job, *more = jobs_of(cluster, scene[0]["node lost"].run)
    assert [job, *more][-1].state == "COMPLETED"
    assert "Restarts=1" in cluster.ask("scontrol", "show", "job", job.id)
