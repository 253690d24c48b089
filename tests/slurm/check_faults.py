"""Trainings that a cluster ends in six ways: each goes on by itself to the same bytes.

`make test-slurm-faults` runs this. One Snakemake sends six trainings to two nodes; each is hit once it has a
checkpoint. The undisturbed ones are made here. That a training went on, and did not start over, shows in the first
entries of its log, which can only be those of the checkpoint.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from builds import Build
from cluster import Cluster, Job, wait_for
from trainings import STEPS, Trainings, assert_same, checkpoint, jobs_of, log_path, speeds, training_log

from telepathy.history import read_history
from telepathy.plan import Run

# The node with the lost job must not have those that other faults hit; Slurm fills c1 (four CPUs) first.
FAULTS = ("SIGTERM", "SIGUSR1", "time is nearly up", "time is up", "memory", "node lost")
WARNED = FAULTS[:3]
TRAININGS = Trainings(len(FAULTS))


@dataclass
class Case:
    """A training, the fault that hits it, and what was seen then."""

    fault: str
    run: Run
    first: Job
    before: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""


class Stage:
    """Hits each training once, and keeps what it saw."""

    def __init__(self, cluster: Cluster, build: Build, wishes: Path):
        self.cluster, self.build, self.wishes = cluster, build, wishes

    def cast(self) -> list[Case]:
        """Who gets which fault: wait until all run, then those on c1 first."""

        def all_run() -> list[tuple[Job, Run]]:
            assert self.build.process.poll() is None, self.build.tell()
            pairs = [(job, run) for run in TRAININGS.runs for job in jobs_of(self.cluster, run)]
            pairs = [(job, run) for job, run in pairs if job.state == "RUNNING"]
            return pairs if len(pairs) == len(FAULTS) else []

        pairs = sorted(wait_for("all trainings to run", all_run, 300), key=lambda pair: pair[0].node)
        assert [job.node for job, _ in pairs] == ["c1"] * 4 + ["g1"] * 2
        return [Case(fault, run, job) for fault, (job, run) in zip(FAULTS, pairs, strict=True)]

    def hit(self, case: Case) -> None:
        """Wait for a checkpoint, then strike; what need not be seen at once is not waited for."""
        case.before = wait_for("a checkpoint", lambda: checkpoint(self.build, case.run), 240)
        if case.fault in WARNED:
            if case.fault == "time is nearly up":
                self.cluster.shorten(case.first, 2)
            else:
                self.cluster.ask("scancel", f"--signal={case.fault.removeprefix('SIG')}", case.first.id)
            log = log_path(self.build, case.run)
            # Before the next attempt writes its own.
            case.said = wait_for("its last words", lambda: "stopped by" in (text := log.read_text()) and text, 60)
            case.before = checkpoint(self.build, case.run)
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
def scene(base: Path, cluster: Cluster) -> Iterator[tuple[dict[str, Case], Build, Build]]:
    """All cases after their end, the cluster's build and the undisturbed one."""
    calm, hurt, wishes = base / "undisturbed", base / "disturbed", base / "hungry"
    TRAININGS.prepare(calm, hurt)
    more = ("--retries", "4", "--set-resources", "train:slurm_partition=both")
    disturbed = TRAININGS.on_cluster(hurt, cluster, wishes, *more)
    undisturbed = None
    try:
        stage = Stage(cluster, disturbed, wishes)
        cases = stage.cast()
        for case in cases:
            stage.hit(case)
        stage.bring_back(cases[-1])
        undisturbed = TRAININGS.here(calm)
        for build in (disturbed, undisturbed):
            build.finish()
        yield {case.fault: case for case in cases}, disturbed, undisturbed
    except BaseException:
        disturbed.tell()
        raise
    finally:
        for build in filter(None, (disturbed, undisturbed)):
            build.end()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fault", FAULTS)
def test_it_ends_in_the_same_bytes(scene, fault):
    cases, disturbed, undisturbed = scene
    assert_same(cases[fault].run, disturbed, undisturbed)


@pytest.mark.parametrize("fault", FAULTS)
def test_it_went_on_from_its_checkpoint(scene, fault):
    cases, disturbed, undisturbed = scene
    before = speeds(cases[fault].before)
    assert 0 < len(before) < STEPS
    assert speeds(training_log(disturbed, cases[fault].run))[: len(before)] == before
    assert speeds(training_log(undisturbed, cases[fault].run))[: len(before)] != before


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
