"""What each rule of a preset asks the cluster for: the table of README.md, and what slurm_check.py tries.

python workflow/asked.py --profile workflow/profiles/slurm --preset paper
"""

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class NotListed(Exception):
    """Snakemake could not list the jobs; the message is its last line."""


@dataclass(frozen=True)
class Job:
    """A job of the graph: its rule, whether it runs where Snakemake does, its threads and resources."""

    rule: str
    local: bool
    threads: int
    resources: dict[str, Any]

    @property
    def family(self) -> str:
        """The rule; without the store or the group in its name where each has a rule of its own."""
        return re.sub(r"^(encode|runs)_.*", r"\1", self.rule)


def jobs(profile: str, settings: Iterable[str], attempt: int = 1) -> list[Job]:
    """Every job of a preset, done or not, by a dry run in a process of its own.

    Args:
        profile: folder of the profile, relative to the project.
        settings: `preset=paper` and the like, as after `--config`.
        attempt: of which attempt; time and memory grow with it.

    Raises:
        NotListed: a mistake in the profile or the configuration.
    """
    words = ["--dry-run", "--forceall", "--quiet", "all", "--cores", "1024", "--jobs", "1", "--profile", profile]
    done = subprocess.run(
        [sys.executable, __file__, "--listen", *words, "--attempt", str(attempt), "--config", *settings],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0 or not done.stdout.startswith("["):
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        told = [line for line in lines if "error" in line.lower()]
        raise NotListed(re.sub(r"^(error: )+", "", (told or lines or ["no message"])[-1].strip(), flags=re.IGNORECASE))
    return [Job(**found) for found in json.loads(done.stdout)]


def _listen(words: list[str]) -> None:
    """Be Snakemake, note each job that it would log, print them as JSON."""
    from snakemake import cli
    from snakemake.jobs import Job as SnakemakeJob

    found: list[dict[str, Any]] = []

    def noted(job: Any, *_: Any, **__: Any) -> None:
        resources = {name: value for name, value in job.resources.items() if isinstance(value, int | str)}
        # A dry run takes every rule for local, so ask for what the Snakefile says.
        local = job.rule.norun or job.rule.name in job.dag.workflow._localrules
        found.append({"rule": job.rule.name, "local": local, "threads": job.threads, "resources": resources})

    SnakemakeJob.log_info = noted
    sys.argv = ["snakemake", *words]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            cli.main()
        except SystemExit as end:
            if end.code:
                raise
    print(json.dumps(found))


def table(listed: list[Job]) -> str:
    """The jobs as a table in Markdown, a line for each rule that goes to the cluster and one for all others."""
    lines = ["| rule | jobs | CPUs | memory, GB | minutes | GPUs |", "|---|---:|---:|---:|---:|---:|"]
    away = [job for job in listed if not job.local]
    for family in dict.fromkeys(sorted(job.family for job in away)):
        own = [job for job in away if job.family == family]
        cells = [
            family,
            len(own),
            _range(job.threads for job in own),
            _range(job.resources["mem_mb"] / 1000 for job in own),
            _range(job.resources["runtime"] for job in own),
            _range(job.resources.get("gpu", 0) for job in own),
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    here = sorted({job.family for job in listed if job.local} - {"all"})
    return "\n".join([*lines, "", f"Run where Snakemake runs, in seconds: {', '.join(here)}."])


def _range(values: Iterable[float]) -> str:
    found = sorted(set(values))
    return f"{found[0]:g}" if len(found) == 1 else f"{found[0]:g} to {found[-1]:g}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="workflow/profiles/slurm", help="default: workflow/profiles/slurm")
    parser.add_argument("--preset", default="paper", help="default: paper")
    options = parser.parse_args()
    try:
        print(table(jobs(options.profile, [f"preset={options.preset}"])))
    except NotListed as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    _listen(sys.argv[2:]) if sys.argv[1:2] == ["--listen"] else main()
