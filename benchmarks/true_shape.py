"""What the paper's two models cost on this machine, measured without their weights: models of the same shapes, random.

    .venv/bin/python benchmarks/true_shape.py                  # one GPU with 80 GB: about five minutes
    .venv/bin/python benchmarks/true_shape.py --scale 64       # both models a 64th as wide and 4 blocks deep: any CPU
    .venv/bin/python benchmarks/true_shape.py --checkpointing  # recompute activations

The stages of the graph are run as they are, on the preset `shapes`: states of a sender, training of the bridge through
the receiver, latency of one item. Seconds a step, what the sender adds to it where its states are not stored, peak
memory and latencies are printed, and kept in benchmarks/measured/ under the device's name.
"""

import argparse
import json
import re
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch

from telepathy import latency, train
from telepathy.calibrate import calibrate
from telepathy.config import load
from telepathy.data import prepare as data
from telepathy.data.spec import read_spec
from telepathy.device import pick_device
from telepathy.encode import encode
from telepathy.files import write_json
from telepathy.live import LiveStates
from telepathy.models.prepare import prepare
from telepathy.overview import write_plan
from telepathy.plan import Plan, Spec
from telepathy.planner import make_plan

MEASURED = Path(__file__).parent / "measured"


def overrides(scale: int) -> Spec:
    """Configuration of the same families, a `scale`-th as wide."""
    if scale == 1:
        return {}
    small = {}
    for name in ("llama31_8b_shape", "mistral_7b_shape"):
        settings = load("shapes").models[name].settings
        width = settings["hidden_size"] // scale
        small[name] = {
            "width": width,
            "depth": 4,
            "settings": {
                "hidden_size": width,
                "intermediate_size": settings["intermediate_size"] // scale,
                "vocab_size": max(512, settings["vocab_size"] // scale),
                "num_hidden_layers": 4,
                "num_attention_heads": 4,
                "num_key_value_heads": 1,
            },
        }
    body = {"body": {"width": max(32, 4096 // scale), "heads": 4}}
    return {"models": small, "bridge": body, "phases": {"p17": {"recipe": body}}}


def measure(plan: Plan, folder: Path, checkpointing: bool) -> dict[str, Any]:
    """Run the stages of the main bridge and of the latency phase below `folder`; what they took."""
    results, cache = folder / "results", folder / "results" / "cache"
    write_plan(plan, results)
    for key, spec in plan.models.items():
        prepare(spec, cache / "models" / key)
    for key in plan.data:
        data.write(cache / "data" / key, *data.prepare(read_spec(cache / "plan" / "data" / f"{key}.json")))
    began, texts = time.perf_counter(), 0
    for key, spec in plan.states.items():
        encode(spec, spec["layers"], cache, cache / "states" / key)
        texts += len(json.loads((cache / "states" / key / "rows.json").read_text()))
    encoding = time.perf_counter() - began
    for key, spec in plan.calibrations.items():
        calibrate(spec, cache, cache / "calibrations" / key)
    found: dict[str, Any] = {"encode_seconds_a_text_with_loading": round(encoding / texts, 4)}
    timed = next(run for run in plan.runs.values() if run.method == "p27")
    for run in (next(one for one in plan.runs.values() if one.method == "bridge"), plan.runs[timed.uses or ""]):
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        out = results / "run" / run.id
        train.run(run.spec | {"id": run.id}, cache, folder / "checkpoints", out, checkpointing)
        log = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
        recipe = run.spec["recipe"]["training"]
        rows = recipe["batch"] * recipe["accumulation"]
        found[f"train_{run.method}"] = {
            "rows_a_step": rows,
            "soft_tokens": run.spec["recipe"]["soft_tokens"],
            "seconds_a_step": round(rows / median(entry["examples_per_second"] for entry in log[2:]), 4),
            **_live(run.spec, cache, recipe["batch"], recipe["accumulation"]),
            "peak_gpu_gb": round(torch.cuda.max_memory_allocated() / 2**30, 2) if torch.cuda.is_available() else None,
        }
    out = results / "run" / timed.id
    latency.run(timed.spec | {"id": timed.id}, cache, results / "run" / str(timed.uses), out)
    environment = json.loads((out / "environment.json").read_text())
    found["latency"] = environment["latency"]
    return found | {key: environment[key] for key in ("device", "compute", "packages")}


def _live(spec: Spec, cache: Path, batch: int, parts: int) -> dict[str, float]:
    """Seconds that the sender adds to a step where its states are not stored."""
    states = json.loads((cache / "plan" / "states" / f"{spec['states']}.json").read_text())
    live = LiveStates(states, cache, spec["recipe"]["layer"])
    texts = live.texts[:batch]
    times = []
    for _ in range(5):
        began = time.perf_counter()
        live.batch(texts)[0].cpu()
        times.append(time.perf_counter() - began)
    return {"seconds_a_step_for_live_states": round(parts * median(times[1:]), 4)}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=1, help="divide the widths by this (default 1: the true shapes)")
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations in the backward pass")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options = parser.parse_args()
    plan = make_plan(load("shapes", overrides(options.scale)))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = measure(plan, Path(folder), options.checkpointing)
    found |= {"scale": options.scale, "checkpointing": options.checkpointing}
    print(json.dumps(found, indent=1))
    if options.scale == 1 and pick_device().type == "cuda":
        name = re.sub(r"[^a-z0-9]+", "-", found["device"].lower()).strip("-")
        write_json(MEASURED / f"{name}{'-checkpointing' if options.checkpointing else ''}.json", found)


if __name__ == "__main__":
    main()
