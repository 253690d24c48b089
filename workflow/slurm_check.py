"""Check a site's settings before anything is submitted: would each kind of job be taken, and would it find its files?

    make slurm-check PRESET=paper
    .venv/bin/python workflow/slurm_check.py --profile workflow/profiles/slurm --preset paper

One line a check, `ok` or `FAILED` with what to do. Asked are: SLURM's commands; the partitions of the profile; whether
sbatch would take each kind of job (`--test-only`: account, QOS, time, memory, GPUs; nothing is queued); and, in one
small job that really runs, whether a compute node sees this folder and its Python, and a GPU where one is asked for.
Exit status 1 if a check failed, 2 if the profile cannot be read.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from asked import Job, NotListed, jobs  # noqa: E402 - beside this file, in no package

from telepathy.errors import fail, run_stage  # noqa: E402

COMMANDS = ("sbatch", "srun", "squeue", "scancel", "sinfo")
SIZES = ("gpu", "mem_mb", "runtime")
SEEN_WITHIN = 60
"""Seconds until a file that a job wrote must be seen here."""

IN_JOB = """
import json, os, platform, sys
sys.path.insert(0, {root!r})
import telepathy, torch
gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
path = os.path.join({folder!r}, "seen.json")
with open(path + ".part", "w") as file:
    json.dump({{"host": platform.node(), "gpu": gpu}}, file)
os.replace(path + ".part", path)
"""


@dataclass(frozen=True)
class Outcome:
    """One check: what it was about, whether it holds, and what was found or must be done."""

    about: str
    holds: bool
    said: str = ""


def for_slurm(profile: Path) -> None:
    """Make sure that a profile can be read and is for SLURM.

    Raises:
        UserError: no such profile, not readable, or not for SLURM.
    """
    path = profile / "config.yaml" if profile.is_dir() else profile
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise fail(path, f"not readable ({error.strerror})", "name a Snakemake profile with --profile") from None
    except yaml.YAMLError as error:
        raise fail(path, f"not readable as YAML ({' '.join(str(error).split())[:120]})", "mend it") from None
    if not isinstance(content, dict) or content.get("executor") != "slurm":
        raise fail(f"{path}: executor", "is not `slurm`", "name a profile for SLURM, such as workflow/profiles/slurm")


def largest(listed: list[Job]) -> list[Job]:
    """One job a rule and partition, with the most GPUs, memory, time and CPUs that any of them asks for."""
    found: dict[tuple[str, Any], Job] = {}
    for job in (one for one in listed if not one.local):
        key = job.family, job.resources.get("slurm_partition")
        old = found.get(key, job)
        most = {name: max(old.resources.get(name, 0), job.resources.get(name, 0)) for name in SIZES}
        found[key] = Job(job.family, False, max(old.threads, job.threads), job.resources | most)
    return list(found.values())


def arguments(job: Job) -> list[str]:
    """What sbatch is given for a job, as the executor gives it."""
    asked = job.resources
    named = {"slurm_partition": "--partition", "slurm_account": "--account", "qos": "--qos",
             "constraint": "--constraint", "gres": "--gres"}  # fmt: skip
    words = [f"{flag}={asked[name]}" for name, flag in named.items() if asked.get(name)]
    if asked.get("gpu") and not asked.get("gres"):
        words.append(
            f"--gpus={asked['gpu_model']}:{asked['gpu']}" if asked.get("gpu_model") else f"--gpus={asked['gpu']}"
        )
    words += [f"--time={asked['runtime']}", f"--mem={asked['mem_mb']}", f"--cpus-per-task={job.threads}"]
    return words + shlex.split(str(asked.get("slurm_extra") or ""))


def run(*words: str) -> subprocess.CompletedProcess:
    """One of SLURM's commands."""
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def said(done: subprocess.CompletedProcess) -> str:
    """The line of a command's answer that says most."""
    lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return (lines[-1] if lines else f"exit status {done.returncode}").removeprefix("sbatch: ").removeprefix("error: ")


def partition(name: str) -> Outcome:
    """Whether a partition exists and is up."""
    done = run("sinfo", "--noheader", f"--partition={name}", "--format=%a %D")
    if done.returncode or not done.stdout.strip():
        known = run("sinfo", "--noheader", "--format=%R").stdout.split()
        fix = f"no such partition; set slurm_partition to one of: {', '.join(known)}" if known else said(done)
        return Outcome(f"partition {name}", False, fix)
    state = done.stdout.split()[0]
    return Outcome(f"partition {name}", state == "up", "" if state == "up" else f"it is {state}; choose another one")


def taken(job: Job) -> Outcome:
    """Whether sbatch would take a job."""
    gpus = job.resources.get("gpu", 0)
    asked = [f"{job.resources['mem_mb']} MB", f"{job.resources['runtime']} min", f"{job.threads} CPUs"]
    about = f"{job.rule}: {', '.join([*asked, *([f'{gpus} GPUs'] if gpus else [])])}"
    done = run("sbatch", "--test-only", *arguments(job), "--wrap=true")
    problem = said(done) if done.returncode else too_large(job)
    return Outcome(about, not problem, f"{problem}; change the profile's resources for {job.rule}" if problem else "")


def too_large(job: Job) -> str:
    """What no node of a job's partition has; sbatch itself does not always look at memory."""
    where = job.resources.get("slurm_partition")
    words = [f"--partition={where}"] if where else []
    lines = run("sinfo", "--noheader", "--Node", *words, "--format=%m %c").stdout.splitlines()
    nodes = [tuple(int(number.rstrip("+")) for number in line.split()) for line in lines]
    if not nodes or any(job.resources["mem_mb"] <= memory and job.threads <= cpus for memory, cpus in nodes):
        return ""
    return f"no node there has as much; the largest has {max(nodes)[0]} MB and {max(nodes)[1]} CPUs"


def real_job(like: Job, folder: Path, patience: float) -> Iterator[Outcome]:
    """Run one small job where a larger one would run; it imports the project and leaves a file, to be seen here."""
    gpus = min(1, like.resources.get("gpu", 0))
    small = Job("", False, 1, like.resources | {"mem_mb": 4000, "runtime": 10, "gpu": gpus})
    code = IN_JOB.format(root=str(ROOT), folder=str(folder))
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    words = ["sbatch", "--parsable", "--job-name=telepathy-check", f"--output={folder}/job.log", f"--chdir={ROOT}"]
    done = run(*words, *arguments(small), f"--wrap={command}")
    if done.returncode:
        yield Outcome("a job can be submitted", False, said(done))
        return
    job = done.stdout.strip().split(";")[0]
    try:
        state = _end(job, patience)
    finally:
        run("scancel", job)
    if state:
        fix = f"job {job} was {state} after {patience:.0f} s; try again when the queue is shorter, or with --wait"
        yield Outcome("a job runs", False, fix)
        return
    seen, deadline = folder / "seen.json", time.monotonic() + SEEN_WITHIN
    while not seen.exists() and time.monotonic() < deadline and not _failed(folder):
        time.sleep(0.5)
    if not seen.exists():
        reason = _failed(folder) or f"{folder} on the node is not the folder here; work on a shared file system"
        yield Outcome("a job finds this folder and its Python", False, reason)
        return
    found = json.loads(seen.read_text())
    yield Outcome("a job finds this folder and its Python", True, f"on {found['host']}")
    if gpus:
        no_gpu = "torch sees no GPU there; check the driver, and that .venv holds a CUDA build of torch"
        yield Outcome("a job sees its GPU", found["gpu"] is not None, found["gpu"] or no_gpu)


def _end(job: str, patience: float) -> str:
    """Wait until a job has left the queue; else the state that it is in."""
    deadline = time.monotonic() + patience
    while True:
        state = run("squeue", "--noheader", f"--jobs={job}", "--states=all", "--format=%T").stdout.strip().lower()
        if state not in ("pending", "configuring", "running", "completing", "suspended"):
            return ""
        if time.monotonic() > deadline:
            return state
        time.sleep(1)


def _failed(folder: Path) -> str:
    """What a job that failed says last."""
    log = folder / "job.log"
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    told = [line.strip() for line in lines if "rror" in line]
    return f"the job says: {told[-1][:200]}" if told else ""


def checks(profile: Path, preset: str, patience: float) -> Iterator[Outcome]:
    """All checks, in the order in which a person would mend them; those that need a failed one are left out."""
    for_slurm(profile)
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    for name in COMMANDS:
        fix = "not on PATH; log in to the cluster, or load its module (module load slurm)"
        yield Outcome(f"command {name}", name not in missing, fix if name in missing else "")
    if missing:
        return
    try:
        asked = largest(jobs(str(profile.resolve()), [f"preset={preset}"]))
    except NotListed as error:
        raise fail(f"preset {preset} with {profile}", str(error), "mend the profile or the configuration") from None
    good: dict[str, bool] = {"": True}
    for name in dict.fromkeys(job.resources.get("slurm_partition", "") for job in asked):
        if name:
            outcome = partition(name)
            good[name] = outcome.holds
            yield outcome
    there = [job for job in asked if good[job.resources.get("slurm_partition", "")]]
    for job in there:
        yield taken(job)
    if not there:
        return
    like = max(there, key=lambda job: job.resources.get("gpu", 0))
    parent = ROOT / "results"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".slurm-check-") as folder:
        yield from real_job(like, Path(folder), patience)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--profile", type=Path, default=ROOT / "workflow/profiles/slurm", help="folder with config.yaml"
    )
    parser.add_argument("--preset", default="paper", help="whose jobs are asked for (default: paper)")
    parser.add_argument("--wait", type=float, default=300, metavar="S", help="seconds for the small job (default: 300)")
    options = parser.parse_args()
    failed = 0
    for found in checks(options.profile, options.preset, options.wait):
        failed += not found.holds
        mark = "ok    " if found.holds else "FAILED"
        print(f"{mark}  {found.about}{': ' if found.said else ''}{found.said}", flush=True)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    run_stage(main)
