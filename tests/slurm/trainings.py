"""A few trainings of the smoke paper on a cluster, and the same undisturbed: what checks of faults share."""

import json
import os
import shutil
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from builds import HERE, PROFILES, Build, copy_project
from cluster import Cluster, Job

from telepathy.config import load
from telepathy.plan import Plan, Run
from telepathy.planner import make_plan

STEPS = 1500
WORDS = ("--set-threads", "train=1")
SAME = ("weights.safetensors", "training.json", "rows.jsonl.gz", "run.json")


@dataclass(frozen=True)
class Trainings:
    """As many trainings of one method as there are seeds, each a job."""

    seeds: int

    @property
    def settings(self) -> dict[str, Any]:
        """What they change in preset `smoke`."""
        return {
            "only": "main", "together": 0, "seeds": list(range(self.seeds)), "bridge": {"training": {"steps": STEPS}},
        }  # fmt: skip

    @cached_property
    def plan(self) -> Plan:
        """The plan of preset `smoke` with these settings."""
        return make_plan(load("smoke", self.settings))

    @cached_property
    def runs(self) -> list[Run]:
        """Their runs, one for each seed."""
        found = [run for run in self.plan.runs.values() if (run.task, run.method) == ("toy_sentiment", "bridge")]
        assert len(found) == self.seeds
        return found

    @property
    def targets(self) -> list[str]:
        """What to ask Snakemake for: their rows and records."""
        return [f"results/smoke/{run.folder}/run.json" for run in self.runs]

    def _said(self) -> tuple[str, ...]:
        return tuple(f"{key}={value if key == 'only' else json.dumps(value)}" for key, value in self.settings.items())

    def prepare(self, first: Path, *others: Path) -> None:
        """Copies of the project in which all is made that the trainings need: made once, in the first."""
        needed = sorted({f"results/cache/{name}" for run in self.runs for name in self.plan.needs(run.id)})
        Build(copy_project(first), dict(os.environ), *needed, *HERE, *WORDS, settings=self._said()).finish()
        for other in others:
            shutil.copytree(first, other, symlinks=True)

    def here(self, project: Path) -> Build:
        """Train on this machine, undisturbed."""
        return Build(project, dict(os.environ), *self.targets, *HERE, *WORDS, settings=self._said())

    def on_cluster(self, project: Path, cluster: Cluster, wishes: Path, *words: str) -> Build:
        """Train on a cluster, with `tests/slurm/hungry` in each job (copied to `wishes`)."""
        if not wishes.exists():
            shutil.copytree(project / "tests" / "slurm" / "hungry", wishes)
        environment = cluster.environment | {"PYTHONPATH": str(wishes)}
        more = ("--jobs", str(self.seeds), *words)
        return Build(project, environment, *self.targets, *PROFILES, *WORDS, *more, settings=self._said())


def jobs_of(cluster: Cluster, run: Run) -> list[Job]:
    """The SLURM jobs that trained a run, in their order."""
    return [job for job in cluster.jobs() if job.rule.startswith("rule_train_") and run.id in job.rule]


def log_path(build: Build, run: Run) -> Path:
    """What the training itself says."""
    return build.out / "logs" / "train" / f"toy_sentiment-bridge-{run.id}.log"


def checkpoint(build: Build, run: Run) -> list[dict[str, Any]]:
    """The log inside a run's checkpoint: an entry for each step that it need not make again."""
    path = build.out / "checkpoints" / f"{run.id}.safetensors"
    try:
        with open(path, "rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            return json.loads(json.loads(file.read(size))["__metadata__"]["log"])
    except FileNotFoundError:
        return []


def training_log(build: Build, run: Run) -> list[dict[str, Any]]:
    """An entry for each step of a finished training."""
    return [json.loads(line) for line in (build.out / run.folder / "train.jsonl").read_text().splitlines()]


def speeds(log: list[dict[str, Any]]) -> list[float]:
    """How fast each step was: never the same twice, so equal ones are those of a checkpoint."""
    return [entry["examples_per_second"] for entry in log]


def assert_same(run: Run, disturbed: Build, undisturbed: Build) -> None:
    """Weights, rows and records have the same bytes, and the logs say the same but for the time that steps took."""
    folders = [build.out / run.folder for build in (disturbed, undisturbed)]
    for name in SAME:
        assert len({(folder / name).read_bytes() for folder in folders}) == 1, name
    logs = [training_log(build, run) for build in (disturbed, undisturbed)]
    for log in logs:
        for entry in log:
            del entry["examples_per_second"]
    assert logs[0] == logs[1]
