"""Faults of what starts jobs, not of jobs: the controller away, Ctrl-C, Snakemake killed.

`make test-slurm-faults` runs this too, on a cluster with accounting. Two trainings live through all of it: the
controller is killed and comes back; Ctrl-C; the same command again; Snakemake is killed while they run; the same
command again, which is refused; `--unlock`; and again to the end, with a report of what the jobs used.
"""

import csv
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from builds import Build
from cluster import Cluster, Job, wait_for
from trainings import STEPS, Trainings, assert_same, checkpoint, jobs_of, log_path, speeds

from telepathy.history import read_history

TRAININGS = Trainings(2)


@dataclass
class Seen:
    """What was seen of each training: its jobs' states after each fault, what it said, its steps so far."""

    builds: dict[str, Build] = field(default_factory=dict)
    jobs: dict[str, list[list[Job]]] = field(default_factory=dict)
    steps: dict[str, list[list[float]]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)


def waited(log: str) -> bool:
    """Whether a training says that it waits for another one."""
    return "another process is writing it; waiting for that" in log


class Stage:
    """Does one thing after the other, and keeps what it saw of each training."""

    def __init__(self, cluster: Cluster, project: Path, wishes: Path):
        self.cluster, self.project, self.wishes, self.seen = cluster, project, wishes, Seen()

    def start(self, name: str, *words: str) -> Build:
        build = TRAININGS.on_cluster(self.project, self.cluster, self.wishes, "--retries", "0", *words)
        self.seen.builds[name] = build
        return build

    def note(self, name: str) -> None:
        """Keep the state of all jobs, the steps that are safe, and what the stages said."""
        build = next(iter(self.seen.builds.values()))
        self.seen.jobs[name] = [jobs_of(self.cluster, run) for run in TRAININGS.runs]
        self.seen.steps[name] = [speeds(checkpoint(build, run)) for run in TRAININGS.runs]
        self.seen.said[name] = [log_path(build, run).read_text() for run in TRAININGS.runs]

    def until_all(self, what: str, state: str, seconds: float = 180) -> None:
        """Wait until the last job of each training is in a state."""

        def there() -> bool:
            jobs = [jobs_of(self.cluster, run) for run in TRAININGS.runs]
            return all(found and found[-1].state == state for found in jobs)

        wait_for(what, there, seconds)

    def until_saved(self, build: Build, before: list[list[float]]) -> None:
        """Wait until each training has saved steps that it had not before."""

        def all_saved() -> bool:
            now = [len(checkpoint(build, run)) for run in TRAININGS.runs]
            return all(steps > len(known) for steps, known in zip(now, before, strict=True))

        wait_for("new checkpoints", all_saved, 180)

    def play(self) -> Seen:
        first = self.start("first")
        self.until_all("both trainings to run", "RUNNING")
        self.until_saved(first, [[]] * TRAININGS.seeds)
        self.note("at work")

        self.cluster.kill("slurmctld")
        self.until_saved(first, self.seen.steps["at work"])
        self.cluster.start()
        self.until_all("the controller to know the jobs", "RUNNING")
        self.until_saved(first, self.seen.steps["at work"])
        self.note("controller back")

        first.process.send_signal(signal.SIGINT)
        self.until_all("the jobs' end", "CANCELLED", 30)
        first.process.wait(240)
        self.note("after Ctrl-C")

        second = self.start("second")
        self.until_all("both trainings to run", "RUNNING")
        self.until_saved(second, self.seen.steps["after Ctrl-C"])
        second.end()
        self.note("Snakemake killed")
        # Their end must not come before the new jobs do.
        slow = [self.wishes / f"{run.id}.slow" for run in TRAININGS.runs]
        for path in slow:
            path.touch()
        self.until_saved(second, self.seen.steps["Snakemake killed"])
        self.note("alone")

        refused = self.start("refused")
        refused.process.wait(60)
        self.start("unlocked", "--unlock").finish(60)
        last = self.start("last", "--slurm-efficiency-report", "--slurm-efficiency-report-path", "used")
        logs = [log_path(last, run) for run in TRAININGS.runs]
        wait_for("new jobs that wait", lambda: all(waited(path.read_text()) for path in logs), 120)
        for path in slow:
            path.unlink()
        last.finish()
        self.note("end")
        return self.seen


@pytest.fixture(scope="module")
def scene(base: Path, accounted: Cluster) -> Iterator[tuple[Seen, Build]]:
    """What was seen, and the undisturbed build."""
    calm, launched = base / "calm", base / "launched"
    TRAININGS.prepare(calm, launched)
    undisturbed = TRAININGS.here(calm)
    undisturbed.finish()
    stage = Stage(accounted, launched, base / "often")
    try:
        yield stage.play(), undisturbed
    except BaseException:
        next(iter(stage.seen.builds.values())).tell()  # they share their logs
        raise
    finally:
        for build in stage.seen.builds.values():
            build.end()


@pytest.mark.timeout(1800)
def test_jobs_outlive_the_controller(scene):
    seen, _ = scene
    for before, after in zip(seen.jobs["at work"], seen.jobs["controller back"], strict=True):
        assert [job.id for job in after] == [job.id for job in before]
        assert [job.state for job in after] == ["RUNNING"]
    for before, after in zip(seen.steps["at work"], seen.steps["controller back"], strict=True):
        assert 0 < len(before) < len(after) < STEPS
        assert after[: len(before)] == before


def test_ctrl_c_cancels_jobs_which_save_their_last_step(scene):
    seen, _ = scene
    assert seen.builds["first"].process.returncode != 0
    for jobs, steps, said in zip(*(what["after Ctrl-C"] for what in (seen.jobs, seen.steps, seen.said)), strict=True):
        assert [job.state for job in jobs] == ["CANCELLED"]
        assert f"stopped by SIGTERM after step {len(steps)} of {STEPS}" in said


def test_the_same_command_goes_on_where_they_stopped(scene):
    seen, _ = scene
    for jobs in seen.jobs["Snakemake killed"]:
        assert [job.state for job in jobs] == ["CANCELLED", "RUNNING"]
    for before, after in zip(seen.steps["after Ctrl-C"], seen.steps["Snakemake killed"], strict=True):
        assert len(after) > len(before)
        assert after[: len(before)] == before


def test_jobs_outlive_snakemake(scene):
    seen, _ = scene
    assert seen.builds["second"].process.returncode == -signal.SIGKILL
    assert [[job.id for job in jobs] for jobs in seen.jobs["alone"]] == [
        [job.id for job in jobs] for jobs in seen.jobs["Snakemake killed"]
    ]
    assert all(jobs[-1].state == "RUNNING" for jobs in seen.jobs["alone"])


def test_a_second_snakemake_is_refused_until_the_folder_is_unlocked(scene):
    seen, _ = scene
    assert seen.builds["refused"].process.returncode != 0
    assert "--unlock" in seen.builds["refused"].said
    assert "--unlock" not in seen.builds["last"].said


def test_new_jobs_wait_for_those_that_still_train(scene):
    seen, _ = scene
    assert all(waited(said) for said in seen.said["end"])
    assert not any(waited(said) for said in seen.said["alone"])
    for jobs in seen.jobs["end"]:
        assert [job.state for job in jobs] == ["CANCELLED", "COMPLETED", "COMPLETED"]


def test_all_end_in_the_same_bytes_with_a_history(scene):
    seen, undisturbed = scene
    last = seen.builds["last"]
    for run, jobs in zip(TRAININGS.runs, seen.jobs["end"], strict=True):
        assert_same(run, last, undisturbed)
        starts = [entry for entry in read_history(last.out / run.folder) if entry["stage"] == "train"]
        assert [entry["ended"].split(":")[0] for entry in starts] == ["Interrupted", "finished", "finished"]
        assert [entry["job"]["id"] for entry in starts] == [job.id for job in jobs]


def test_the_efficiency_report_has_a_line_for_each_job(scene):
    seen, _ = scene
    (report,) = (seen.builds["last"].project / "used").glob("efficiency_report_*.csv")
    with open(report, newline="") as file:
        rows = {row["MainJobID"]: row for row in csv.DictReader(file)}
    for jobs in seen.jobs["end"]:
        row = rows[jobs[-1].id]
        assert row["RuleName"] == jobs[-1].rule
        assert float(row["RequestedMem_MB"]) == jobs[-1].megabytes
        assert 0 < float(row["MaxRSS_MB"]) < jobs[-1].megabytes
