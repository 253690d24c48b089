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
sys.path.insert(0, str(ROOT))

from telepathy.config import load  # noqa: E402 - the project need not be installed for this
from telepathy.cost import Cost  # noqa: E402
from telepathy.errors import fail, run_stage  # noqa: E402
from telepathy.plan import make_plan  # noqa: E402

COMMANDS = ("sbatch", "srun", "squeue", "scancel", "sinfo")
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


@dataclass(frozen=True)
class Request:
    """What the largest job of a kind asks for."""

    rule: str
    gpus: int
    megabytes: int
    minutes: int
    cpus: int


def settings(profile: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Resources that a profile gives to all rules, and those that it gives to one rule.

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
    every = _pairs(path, "default-resources", content.get("default-resources"))
    each = content.get("set-resources") or {}
    if not isinstance(each, dict):
        raise fail(f"{path}: set-resources", "not a mapping of rules", "write `rule: {resource: value}`")
    return every, {rule: every | _pairs(path, f"set-resources.{rule}", own) for rule, own in each.items()}


def _pairs(path: Path, key: str, content: Any) -> dict[str, Any]:
    """Resources as a mapping, or as Snakemake's list of `name=value`; inner quotes are taken off."""
    if isinstance(content, list):
        content = dict(str(entry).split("=", 1) for entry in content if "=" in str(entry))
    if not isinstance(content or {}, dict):
        raise fail(f"{path}: {key}", "not a mapping", "write `resource: value` lines")
    return {name: value.strip("'\"") if isinstance(value, str) else value for name, value in (content or {}).items()}


def requests(preset: str) -> list[Request]:
    """The largest request of each rule of a preset, as the rules ask for it."""
    plan = make_plan(load(preset))
    found: dict[str, Request] = {}
    for job in Cost(plan).jobs():
        cpus = 1 if job.rule in ("encode", "calibrate", "prepare_model", "prepare_data") else 2
        old = found.get(job.rule, Request(job.rule, 0, 0, 0, cpus))
        found[job.rule] = Request(
            job.rule, max(old.gpus, job.gpus), max(old.megabytes, job.memory_mb), max(old.minutes, job.minutes), cpus
        )
    return list(found.values())


def arguments(resources: dict[str, Any], request: Request) -> list[str]:
    """What sbatch is given for a job, as the executor gives it."""
    words = [f"--partition={resources['slurm_partition']}"] if resources.get("slurm_partition") else []
    named = {"slurm_account": "--account", "qos": "--qos", "constraint": "--constraint", "gres": "--gres"}
    words += [f"{flag}={resources[name]}" for name, flag in named.items() if resources.get(name)]
    if request.gpus and not resources.get("gres"):
        model = f"{resources['gpu_model']}:" if resources.get("gpu_model") else ""
        words.append(f"--gpus={model}{request.gpus}")
    words += [f"--time={request.minutes}", f"--mem={request.megabytes}", f"--cpus-per-task={request.cpus}"]
    return words + shlex.split(str(resources.get("slurm_extra") or ""))


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


def taken(resources: dict[str, Any], request: Request) -> Outcome:
    """Whether sbatch would take the largest job of a rule."""
    gpus = f", {request.gpus} GPU{'s' if request.gpus > 1 else ''}" if request.gpus else ""
    about = f"{request.rule}: {request.megabytes} MB, {request.minutes} min, {request.cpus} CPUs{gpus}"
    done = run("sbatch", "--test-only", *arguments(resources, request), "--wrap=true")
    if not done.returncode:
        return Outcome(about, True)
    return Outcome(about, False, f"{said(done)}; change the profile's resources for {request.rule}")


def real_job(resources: dict[str, Any], request: Request, folder: Path, patience: float) -> Iterator[Outcome]:
    """Run one small job; it imports the project and leaves a file that must be seen here."""
    small = Request("a small job", request.gpus, 4000, 10, 1)
    code = IN_JOB.format(root=str(ROOT), folder=str(folder))
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    words = ["sbatch", "--parsable", "--job-name=telepathy-check", f"--output={folder}/job.log", f"--chdir={ROOT}"]
    done = run(*words, *arguments(resources, small), f"--wrap={command}")
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
    if request.gpus:
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
    every, each = settings(profile)
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    for name in COMMANDS:
        fix = "not on PATH; log in to the cluster, or load its module (module load slurm)"
        yield Outcome(f"command {name}", name not in missing, fix if name in missing else "")
    if missing:
        return
    good = {}
    for name in dict.fromkeys(one.get("slurm_partition") for one in (every, *each.values())):
        if name:
            good[name] = partition(str(name))
            yield good[name]
    asked = requests(preset)
    for request in asked:
        resources = each.get(request.rule, every)
        name = resources.get("slurm_partition")
        if not name or good[name].holds:
            yield taken(resources, request)
    name = every.get("slurm_partition")
    if name and not good[name].holds:
        return
    largest = max(asked, key=lambda request: request.gpus)
    parent = ROOT / "results"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".slurm-check-") as folder:
        yield from real_job(every, Request("", min(1, largest.gpus), 0, 0, 1), Path(folder), patience)


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
