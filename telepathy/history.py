"""The history of a run: each time that one of its stages was started, where, and how it ended.

    <run>/history.jsonl     a line when a stage starts and a line when it ends; a start without an end was killed

It grows across kills, retries and requeues, for Snakemake does not know of the file and leaves it alone; it ends up in
`environment.json`. Nothing of it is ever the input of a number. Standard library only.
"""

import json
import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telepathy.errors import UserError, naming

NAME = "history.jsonl"
JOB = {"id": "SLURM_JOB_ID", "node": "SLURMD_NODENAME", "partition": "SLURM_JOB_PARTITION",
       "requeues": "SLURM_RESTART_COUNT"}  # fmt: skip


@contextmanager
def recorded(folder: Path, stage: str) -> Iterator[None]:
    """Note the start of a stage below a run's folder, and its end with the reason, whatever that is."""
    begin = time.perf_counter()
    _append(folder, {"stage": stage, "started": _now(), "host": platform.node(), "process": os.getpid(), **_job()})
    try:
        yield
    except BaseException as error:
        # The name of the error and its first line; whole traces are in the log.
        first = (str(error).splitlines() or [""])[0][:200]
        with suppress(UserError):  # a full disk, say, is why the stage ended: that is to be told
            _append(folder, {"ended": f"{type(error).__name__}: {first}", **_spent(begin)})
        raise
    _append(folder, {"ended": "finished", **_spent(begin)})


def read_history(folder: Path) -> list[dict[str, Any]]:
    """All starts in order, each with how it ended; `ended` is `killed` where no end was noted.

    Lines that a kill left half-written are skipped.
    """
    path = folder / NAME
    found: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "stage" in entry:
            found.append(entry | {"ended": "killed"})
        elif found:
            found[-1] |= entry
    return found


def so_far(folder: Path) -> list[dict[str, Any]]:
    """The history as the stage that is still running writes it down: its own entry is the last, not yet ended."""
    found = read_history(folder)
    if found and found[-1]["ended"] == "killed":
        found[-1]["ended"] = "writing"
    return found


def _append(folder: Path, entry: dict[str, Any]) -> None:
    with naming(folder / NAME):
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / NAME, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, sort_keys=True) + "\n")


def _job() -> dict[str, Any]:
    """The cluster's job, where there is one, and the GPUs that it was given."""
    job = {name: os.environ[variable] for name, variable in JOB.items() if os.environ.get(variable)}
    found: dict[str, Any] = {"job": job} if job else {}
    if os.environ.get("CUDA_VISIBLE_DEVICES"):
        found["gpus"] = os.environ["CUDA_VISIBLE_DEVICES"]
    return found


def _spent(begin: float) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall_seconds": round(time.perf_counter() - begin, 1), "peak_host_mb": round(peak)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
