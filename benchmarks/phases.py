"""Seconds of a training step: every phase against the plain perceiver at the same shapes, both in one run.

    .venv/bin/python benchmarks/phases.py --preset quick [--steps 5] [--threads 1] [p07 p12 ...]

Needs the prepared models, data, states and calibrations of the preset (`make paper` leaves them). The plain
perceiver has the phase's soft tokens, width, batch and targets, depth 2, no bottleneck, and the receiver's loss alone.
A flow phase trains without the receiver, so its ratio says nothing about its body.
"""

import argparse
import time
from pathlib import Path

import torch

from telepathy.assemble import assemble
from telepathy.config import load
from telepathy.data.rows import read_split
from telepathy.planner import make_plan
from telepathy.training.loop import _step

CACHE = Path("results/cache")


def seconds(spec: dict, steps: int) -> float:
    """Fastest of some steps after one to warm up."""
    bridge, objective = assemble(spec, CACHE)
    items = read_split(CACHE / "data" / spec["data"], "train")
    optimizer = torch.optim.AdamW(bridge.parameters(), lr=1e-5)
    found = []
    for step in range(steps + 1):
        start = time.perf_counter()
        _step(bridge, objective, objective.recipe.training, items, optimizer, 0, step)
        found.append(time.perf_counter() - start)
    return min(found[1:])


def plain(spec: dict) -> dict:
    """The same run with a plain perceiver."""
    recipe = spec["recipe"]
    width = recipe["body"].get("width", 256)
    other = recipe | {
        "body": {"kind": "perceiver", "width": width, "heads": recipe["body"].get("heads", 8), "depth": 2},
        "losses": {"lm": 1.0},
        "bottleneck": None,
        "output": "rms_scale",
        "normalizer": "layer_norm",
        "calibration": None,
    }
    return {key: value for key, value in spec.items() if key != "calibration"} | {"recipe": other}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("phases", nargs="*", help="methods to time (default: all that the preset plans)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    plan = make_plan(load(options.preset))
    print(f"{'phase':28}{'s/step':>8}{'plain':>8}{'speed':>7}")
    seen = set()
    for cell in plan.cells:
        run = plan.runs[cell.run]
        chosen = cell.experiment == "series" and (not options.phases or cell.method in options.phases)
        if not chosen or run.spec["recipe"]["kind"] != "bridge" or run.id in seen:
            continue
        seen.add(run.id)
        if not all((CACHE / name).exists() for name in plan.needs(run.id)):
            print(f"{cell.method:28}not prepared")
            continue
        own, other = seconds(run.spec, options.steps), seconds(plain(run.spec), options.steps)
        print(f"{cell.method:28}{own:8.3f}{other:8.3f}{other / own:7.2f}", flush=True)


if __name__ == "__main__":
    main()
