"""How many runs a preset has, and how long they take on two CPU cores, from measured times of the same kind of work.

    python -m telepathy.estimate --preset small            # what is planned, and a time
    python -m telepathy.estimate --measure quick small     # read finished runs, rewrite workflow/config/times.json

A kind of work is a receiver, labels or open answers, and what is trained; its measure is seconds a training row and
seconds a test row, medians over finished runs. Models that were never measured are said to be unknown. No torch.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from telepathy.config import load
from telepathy.config.load import FOLDER, presets
from telepathy.config.methods import TRAINED
from telepathy.errors import fail, run_stage
from telepathy.files import read_json, write_json
from telepathy.plan import Plan, Spec
from telepathy.planner import make_plan

Times = dict[str, dict[str, float]]
TIMES = FOLDER / "times.json"
PROCESSES = 2
LOADING = 12.0
"""Seconds until a process has imported everything and loaded a small pair."""


def work(spec: Spec) -> str:
    """The kind of work of a run, such as `gemma3_270m/labels/bridge`."""
    recipe, models = spec["recipe"], spec["models"]
    reader = models.get("receiver") or models.get("reader") or models.get("sender") or "none"
    kind = recipe["kind"]
    if kind == "bridge" and recipe["body"]["kind"].startswith("flow_"):
        kind = "flow"
    if kind == "prompt_tuning" and not recipe["text"]:
        kind = "prompt_alone"
    form = "labels" if spec["task"]["labels"] else "open"
    return f"{reader.rsplit('-', 1)[0]}/{form}/{kind}"


def training_rows(recipe: Spec) -> float:
    """Rows that a run sees in training, its search for a learning rate included."""
    plan = recipe.get("training")
    if not plan:
        return 0
    searched = len(plan["search"]["lr"]) * plan["search"]["share"] if plan["search"] else 0
    return plan["steps"] * plan["batch"] * plan["accumulation"] * (1 + searched)


def test_rows(spec: Spec, rows: Mapping[str, int]) -> float:
    """Rows that a run answers: test rows, and validation rows as often as it looks at them."""
    training = spec["recipe"].get("training")
    looks = training["validations"] + (len(training["search"]["lr"]) if training["search"] else 0) if training else 0
    validation = rows["validation"] if spec["task"]["labels"] else 16
    return rows["test"] + looks * validation


def run_seconds(spec: Spec, rows: Mapping[str, int], times: Times) -> float | None:
    """Seconds of one run on one core; None if its kind of work was never measured.

    Args:
        spec: of the run.
        rows: of its task by split.
        times: measured seconds a row by kind of work.
    """
    recipe, found = spec["recipe"], times.get(work(spec))
    if found is None or (recipe["kind"] in TRAINED and training_rows(recipe) and "training_row" not in found):
        return None
    trained = found.get("training_row", 0.0) * training_rows(recipe)
    return trained + found["test_row"] * test_rows(spec, rows)


def seconds(plan: Plan, times: Times) -> tuple[float, dict[str, int]]:
    """Wall time of all runs of a plan on two cores; and how many runs of each kind of work have no measured time."""
    total, unknown = 0.0, defaultdict(int)
    for run in plan.runs.values():
        took = run_seconds(run.spec, plan.config.use[run.task].rows.model_dump(), times)
        if took is None:
            unknown[work(run.spec)] += 1
        total += took or 0.0
    processes = len(plan.groups()) if plan.config.together else len(plan.runs)
    return (total + LOADING * processes) / PROCESSES, dict(unknown)


def summary(plan: Plan, times: Times) -> list[str]:
    """Lines for a person."""
    trained = len(plan.ids("trained"))
    lines = [f"{plan.config.preset}: {len(plan.runs)} runs, {trained} of them trained, for {len(plan.cells)} places in "
             f"{len(plan.config.experiments)} experiments"]  # fmt: skip
    total, unknown = seconds(plan, times)
    missing = sum(unknown.values())
    if missing < len(plan.runs):
        lines.append(f"about {clock(total)} on two CPU cores, by measured step times" + (
            f" ({missing} runs of unmeasured kinds not counted)" if missing else ""))  # fmt: skip
    else:
        lines.append("no step time of its models was measured; after some runs: python -m telepathy.estimate --measure")
    return lines


def measured(results: Path, names: list[str]) -> Times:
    """Median seconds a row of each kind of work, over the finished runs of some presets."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for folder, record in _finished(results, names):
        kind = work(record["spec"])
        environment = read_json(folder / "environment.json", "`snakemake`")
        found[kind]["test_row"].append(environment["wall_seconds"] / record["summary"]["n"])
        log = folder / "train.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        speeds = [line["examples_per_second"] for line in lines[1:] if line.get("examples_per_second")]
        if speeds:
            found[kind]["training_row"].append(1 / median(speeds))
    return {
        kind: {name: float(f"{median(values):.4g}") for name, values in sorted(parts.items())}
        for kind, parts in sorted(found.items())
    }


def _finished(results: Path, names: list[str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for name in names:
        for path in sorted((results / name / "runs").glob("*/*/*/run.json")):
            record = read_json(path, "`snakemake`")
            if (path.parent / "environment.json").exists():
                yield path.parent, record


def read_times() -> Times:
    """The measured times that the project ships."""
    return read_json(TIMES, "python -m telepathy.estimate --measure") if TIMES.exists() else {}


def clock(total: float) -> str:
    """A time for people: `3 min`, `2 h 05 min`."""
    minutes = round(total / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{max(1, minutes)} min"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="quick", help=f"one of: {', '.join(presets())}")
    parser.add_argument("--measure", nargs="+", metavar="PRESET", help="presets whose finished runs are read")
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    options = parser.parse_args()
    if options.measure:
        found = measured(options.results, options.measure)
        if not found:
            raise fail(options.results, "holds no finished run of these presets", "run `make paper` first")
        write_json(TIMES, read_times() | found)
        print(f"{TIMES.name}: {len(found)} kinds of work measured")
        return
    print("\n".join(summary(make_plan(load(options.preset)), read_times())))


if __name__ == "__main__":
    run_stage(main)
