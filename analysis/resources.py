"""What each run took: starts, cluster jobs, nodes, devices, wall time, memory. For people, never the input of a number.

    python -m analysis.resources --plan results/quick/plan/overview.json --out results/quick/resources.csv

One line for each run and stage, from the history in `environment.json`. It differs from build to build, so it is no
table of the paper.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from telepathy.errors import run_stage
from telepathy.files import read_json, write_text
from telepathy.record import MADE_BY

COLUMNS = ("task", "method", "run", "seed", "stage", "starts", "ended_before", "job", "requeues", "node", "device",
           "wall_seconds", "all_starts_seconds", "peak_gpu_mb", "peak_host_mb", "started")  # fmt: skip


def rows(plan: dict[str, Any], results: Path) -> Iterator[dict[str, Any]]:
    """A line for each stage of each run, in the plan's order.

    Args:
        plan: the overview.
        results: its preset's folder.
    """
    for name, run in plan["runs"].items():
        environment = read_json(results / run["folder"] / "environment.json", MADE_BY)
        history = environment.get("history", [])
        facts = {"task": run["task"], "method": run["method"], "run": name, "seed": run["spec"].get("seed"),
                 "device": environment.get("device")}  # fmt: skip
        stages = list(dict.fromkeys(entry["stage"] for entry in history))
        for stage in stages:
            yield facts | _stage([entry for entry in history if entry["stage"] == stage], environment)
        if not stages:  # made before histories were kept
            yield facts | {"wall_seconds": environment.get("wall_seconds")}


def _stage(starts: list[dict[str, Any]], environment: dict[str, Any]) -> dict[str, Any]:
    last = starts[-1]
    job = last.get("job", {})
    # The stage that wrote the file had not ended yet: its time and memory stand beside the history.
    writing = last["ended"] == "writing"
    wall = environment.get("wall_seconds") if writing else last.get("wall_seconds")
    on_gpu = not str(environment.get("device", "")).startswith("CPU")
    peak = environment.get("peak_memory_mb") if writing else None
    return {
        "stage": last["stage"],
        "starts": len(starts),
        "ended_before": "; ".join(entry["ended"] for entry in starts[:-1]),
        "job": job.get("id"),
        "requeues": job.get("requeues"),
        "node": job.get("node", last.get("host")),
        "wall_seconds": wall,
        "all_starts_seconds": sum(entry.get("wall_seconds", 0.0) for entry in starts[:-1]) + (wall or 0.0),
        "peak_gpu_mb": peak if on_gpu else None,
        "peak_host_mb": last.get("peak_host_mb", None if on_gpu else peak),
        "started": last.get("started"),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, required=True, help="overview.json of a preset's plan")
    parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
    options = parser.parse_args()
    plan = read_json(options.plan, "`snakemake -n`")
    table = pd.DataFrame(rows(plan, options.plan.parent.parent), columns=list(COLUMNS))
    whole = dict.fromkeys(("seed", "starts", "peak_gpu_mb", "peak_host_mb"), "Int64")
    write_text(options.out, table.astype(whole).to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    run_stage(main)
