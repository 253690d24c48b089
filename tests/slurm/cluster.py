"""The throw-away cluster as seen from a test: start, ask, hurt, stop."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Job:
    """One line of squeue: `rule` is the comment that the plugin gives a job, `minutes` and `megabytes` its limits."""

    id: str
    state: str
    node: str
    rule: str
    minutes: int
    megabytes: int


@dataclass(frozen=True)
class Cluster:
    """A cluster whose whole state lies in `folder`."""

    folder: Path
    accounting: bool = False

    @staticmethod
    def install(accounting: bool = False) -> None:
        """Install SLURM's Debian packages where they are missing (needs root)."""
        words = ["--packages", *(["--accounting"] if accounting else [])]
        done = subprocess.run([HERE / "start-test-cluster", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> str:
        """Start what is not running; also repairs: a killed daemon comes back, a node that was down is resumed."""
        return self._script("start-test-cluster", *(["--accounting"] if self.accounting else []))

    def stop(self) -> str:
        return self._script("stop-test-cluster")

    def _script(self, name: str, *words: str) -> str:
        done = subprocess.run(
            [HERE / name, *words],
            env=os.environ | {"SLURM_TEST_DIR": str(self.folder)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{name}:\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which sbatch and its kin speak to this cluster."""
        return os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def ask(self, *words: str) -> str:
        """Output of one of SLURM's commands."""
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=True).stdout

    def jobs(self) -> list[Job]:
        """Jobs that wait, run, or have ended within the last minutes, in the order of their ids."""
        lines = self.ask(
            "squeue", "-h", "--states=all", "-O", "JobID:|,State:|,NodeList:|,TimeLimit:|,MinMemory:|,Comment:|"
        )
        found = []
        for line in filter(None, lines.splitlines()):
            number, state, node, limit, memory, rule, *_ = line.split("|")
            found.append(Job(number, state, node, rule, _minutes(limit), _megabytes(memory)))
        return sorted(found, key=lambda job: int(job.id))

    def story(self, job: Job) -> str:
        """What SLURM's daemons say of a job."""
        own = re.compile(rf"(job|step)(id)?[ =]*(StepId=)?{job.id}\b", re.IGNORECASE)
        lines = [line for log in sorted((self.folder / "log").glob("*.log")) for line in log.read_text().splitlines()]
        return "\n".join(line for line in lines if own.search(line))

    def processes(self, job: Job) -> list[psutil.Process]:
        """Everything that runs for a job: SLURM's step daemons, the two Snakemakes, the stage."""
        found = []
        for process in psutil.process_iter():
            try:
                daemon = process.name() == "slurmstepd" and f"[{job.id}." in " ".join(process.cmdline())
                if daemon or process.environ().get("SLURM_JOB_ID") == job.id:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kill(self, daemon: str) -> None:
        """End one of the daemons at once: slurmctld, slurmd-c1, slurmd-g1, slurmdbd."""
        os.kill(int((self.folder / "run" / f"{daemon}.pid").read_text()), signal.SIGKILL)

    def lose(self, node: str) -> None:
        """Take a node's power: its daemon and all that runs on it end at once."""
        victims = [int((self.folder / "run" / f"slurmd-{node}.pid").read_text())]
        for job in self.jobs():
            if job.node == node and job.state == "RUNNING":
                victims += [process.pid for process in self.processes(job)]
        # First all stand still, so that none can report the end of another.
        for blow in (signal.SIGSTOP, signal.SIGKILL):
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, blow)

    def shorten(self, job: Job, minutes: int) -> None:
        """Leave a running job some minutes, the one that has begun included."""
        spent = _minutes(self.ask("squeue", "-h", "-j", job.id, "-o", "%M").strip())
        self.ask("scontrol", "update", f"JobId={job.id}", f"TimeLimit={spent + minutes}")


def wait_for(what: str, find: Callable[[], T], seconds: float) -> T:
    """Ask until the answer is true; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.2)
    return found


def _minutes(limit: str) -> int:
    """Minutes of `1-02:03:00` or `5:00`."""
    days, _, clock = limit.rpartition("-")
    hours, minutes, _ = ([0, 0, *map(int, clock.split(":"))])[-3:]
    return int(days or 0) * 1440 + hours * 60 + minutes


def _megabytes(memory: str) -> int:
    """MB of `4000M` or `4G`."""
    number, unit = re.fullmatch(r"([\d.]+)([MG])", memory).groups()
    return round(float(number) * (1024 if unit == "G" else 1))
