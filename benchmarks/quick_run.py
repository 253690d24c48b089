"""Seconds from process start to the raw run of one bridge: 120 steps of 16, 300 test rows, models and states prepared.

    .venv/bin/python benchmarks/quick_run.py [--task rotten_tomatoes] [--threads 2]

The other side is what the same run would take if the frozen sender read each batch again instead of the stored states:
measured per batch of training rows in this process, and multiplied by the steps. Needs `make paper` to have prepared
the inputs of `quick`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from telepathy.config import load
from telepathy.data.prompts import fit, reading
from telepathy.data.rows import read_split
from telepathy.device import pick_device
from telepathy.models.frozen import FrozenLM
from telepathy.overview import write_plan
from telepathy.planner import make_plan

CACHE = Path("results/cache").resolve()


def whole(task: str, threads: int) -> tuple[float, dict]:
    """Time the run in a process and a results folder of its own; also its specification."""
    plan = make_plan(load("quick"))
    cells = (cell for cell in plan.cells if (cell.task, cell.method, cell.setting) == (task, "bridge", None))
    run = plan.runs[next(cells).run]
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder)
        write_plan(plan, results)
        # The plan's own cache folder gives way to the prepared one.
        (results / "cache").rename(results / "unused")
        (results / "cache").symlink_to(CACHE)
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "TQDM_DISABLE": "1"}
        words = ["-m", "telepathy.runs", "--preset", "quick", "--results", str(results), "--ids", run.id]
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, env=environment)
        return time.perf_counter() - start, run.spec


def reading_again(spec: dict, batches: int = 5) -> float:
    """Seconds of the sender for a batch of training rows, the median of a few."""
    sender = FrozenLM(CACHE / "models" / spec["models"]["sender"], spec["compute"], pick_device())
    items = read_split(CACHE / "data" / spec["data"], "train")
    size, task, found = spec["recipe"]["training"]["batch"], spec["task"], []
    for number in range(batches):
        start = time.perf_counter()
        chosen = items[number * size : (number + 1) * size]
        rows = [reading(sender, fit(sender, task["sender_prompt"], one.text, task["max_tokens"])) for one in chosen]
        ids = torch.full((size, max(map(len, rows))), sender.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)], mask[row, : len(tokens)] = torch.tensor(tokens), 1
        sender.states(ids, mask, [spec["recipe"]["layer"]])
        found.append(time.perf_counter() - start)
    return sorted(found)[batches // 2]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="rotten_tomatoes")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    seconds, spec = whole(options.task, options.threads)
    torch.set_num_threads(options.threads)
    again = reading_again(spec)
    plan = spec["recipe"]["training"]
    print(f"{plan['steps']} steps of {plan['batch']}, process start to raw run: {seconds:.1f} s")
    print(f"with the sender reading every batch again: {seconds + again * plan['steps']:.1f} s ({again:.2f} s a batch)")


if __name__ == "__main__":
    main()
