"""Stage: score a trained bridge in another way than its own run: with broken soft tokens, or on another task.

    python -m telepathy.reuse --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --bridge results/quick/runs/TASK/METHOD/ID --out results/quick/runs/TASK/METHOD/ID

Controls: zeros, the mean of the soft tokens over training rows, noise of their RMS, or the soft tokens of another test
row. If the sender is essential, each of them answers no better than chance. Transfer: states, prompts and labels of the
new task, weights of the old one.
"""

import random
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from telepathy.assemble import assemble_bridge
from telepathy.baselines.outcome import Outcome, write_outcome
from telepathy.bridge.bridge import Bridge, load_weights
from telepathy.cli import stage_arguments
from telepathy.data.rows import Item, read_split
from telepathy.device import Stopwatch, pick_device
from telepathy.errors import run_stage
from telepathy.evaluation.bridged import bridge_rows
from telepathy.evaluation.diagnostics import rms
from telepathy.files import digest, read_json
from telepathy.history import recorded
from telepathy.training.objective import Objective

MEAN_ROWS = 256
BATCH_ROWS = 32


def run(spec: dict[str, Any], cache: Path, bridge: Path, out: Path) -> None:
    """Score and write the raw run; `bridge` is the folder of the trained bridge's run."""
    watch = Stopwatch(pick_device(), None)
    with recorded(out, "reuse"):
        write_outcome(_score(spec, cache, bridge), spec, cache, out, watch, "telepathy.reuse")


def _score(spec: dict[str, Any], cache: Path, bridge: Path) -> Outcome:
    # The bridge as it was trained; for a transfer, on the states and prompts of this task.
    own = ("data", "task", "states", "live")
    used = {key: value for key, value in spec["bridge"].items() if key not in own} | {
        key: spec[key] for key in own if key in spec
    }
    module, objective = assemble_bridge(used, cache)
    load_weights(module, bridge / "weights.safetensors")
    items = read_split(cache / "data" / spec["data"], "test")
    if spec["recipe"]["kind"] == "control":
        soft = broken(spec, module, objective, items, cache / "data" / spec["data"])
        rows = bridge_rows(module, objective, items, soft)
    else:
        rows = bridge_rows(module, objective, items)
    return Outcome(rows, objective.receiver.device, objective.receiver.dtype)


@torch.no_grad()
def broken(spec: dict[str, Any], bridge: Bridge, objective: Objective, items: list[Item], data: Path) -> list[Tensor]:
    """A replacement `[K, d_r]` for the soft tokens of each item, in their order."""
    kind = spec["recipe"]["soft"]
    bridge.eval()
    if kind == "shuffled":
        own = soft_tokens(bridge, objective, items)
        return [own[other] for other in others(len(items), spec["bridge"]["seed"])]
    sample = soft_tokens(bridge, objective, read_split(data, "train")[:MEAN_ROWS])
    mean = torch.stack(sample).mean(0)
    if kind == "mean":
        return [mean] * len(items)
    if kind == "zero":
        return [torch.zeros_like(mean)] * len(items)
    size = rms(torch.stack(sample))
    return [size * _noise(f"{spec['bridge']['seed']} {item.text_sha256}", mean) for item in items]


def soft_tokens(bridge: Bridge, objective: Objective, items: list[Item]) -> list[Tensor]:
    """Soft tokens `[K, d_r]` of each item."""
    found: list[Tensor] = []
    for start in range(0, len(items), BATCH_ROWS):
        found += objective.soft_tokens(bridge, [item.text_sha256 for item in items[start : start + BATCH_ROWS]])
    return found


def others(rows: int, seed: int) -> list[int]:
    """For each of `rows` rows the number of another one, every row once: one cycle through all of them (Sattolo)."""
    order = list(range(rows))
    rng = random.Random(f"shuffled {seed}")
    for last in range(rows - 1, 0, -1):
        other = rng.randrange(last)
        order[last], order[other] = order[other], order[last]
    return order


def _noise(name: str, like: Tensor) -> Tensor:
    """Standard noise that depends on the name alone."""
    generator = torch.Generator().manual_seed(int(digest(name), 16) % 2**63)
    return torch.randn(like.shape, generator=generator).to(like)


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data, states, calibrations")
    parser.add_argument("--bridge", type=Path, required=True, help="folder of the trained run that is used")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.bridge, options.out)


if __name__ == "__main__":
    run_stage(main)
