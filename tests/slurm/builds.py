"""Copies of the project to build in, so that nobody's results are touched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
from helpers import ROOT

PROFILES = ("--profile", "workflow/profiles/slurm", "--workflow-profile", "tests/slurm/profile")
HERE = ("--cores", "2")


def copy_project(target: Path) -> Path:
    """The project as a clone would have it, without archived results; the environment is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        if not name.startswith("results/archive/") and (ROOT / name).exists() and name != ".venv":
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    (target / ".venv").symlink_to(ROOT / ".venv")
    return target


class Build:
    """One Snakemake in a copy of the project, at work in the background; `log` is what it says."""

    def __init__(self, project: Path, environment: dict[str, str], *words: str, settings: tuple[str, ...] = ()):
        self.project = project
        self.log = project / "snakemake.log"
        with open(self.log, "a") as said:
            self.begin = said.tell()
            # Ctrl-C reaches it even where the shell that started all this in the background ignores it.
            snakemake = ("env", "--default-signal=INT", sys.executable, "-m", "snakemake")
            self.process = subprocess.Popen(
                [*snakemake, *words, "--config", "preset=smoke", *settings],
                cwd=project, env=environment | {"PYTHONUNBUFFERED": "1"}, stdout=said, stderr=said,
            )  # fmt: skip

    def finish(self, seconds: float = 1500) -> None:
        """Wait for a good end; else print what Snakemake and each job said."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = f"none after {seconds} s"
            self.end()
        if status != 0:
            self.tell()
        assert status == 0, f"snakemake in {self.project} ended with status {status}"

    def end(self) -> None:
        """Stop Snakemake and what it started here, if it is still at work; the cluster's jobs end with the cluster."""
        if self.process.poll() is None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            for process in (self.process, *children):
                process.kill()
            self.process.wait()

    def tell(self) -> None:
        """Print the end of Snakemake's log, of each SLURM job's, and of each stage's that says something."""
        logs = [self.log, *sorted(self.project.glob("results/**/*.log"), key=os.path.getmtime)]
        for path in logs:
            lines = [line[:200] for line in path.read_text(errors="replace").splitlines() if line.strip()]
            if lines:
                last = 60 if path == self.log else 15
                print(f"\n=== {path.relative_to(self.project)}", *lines[-last:], sep="\n")

    @property
    def said(self) -> str:
        """What this Snakemake said, without those before it in the same folder."""
        return self.log.read_bytes()[self.begin :].decode(errors="replace")

    @property
    def out(self) -> Path:
        return self.project / "results" / "smoke"
