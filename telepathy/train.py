"""Stage: train the bridge of one run.

    python -m telepathy.train --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --checkpoints results/quick/checkpoints --out results/quick/runs/TASK/METHOD/ID

Writes `bridge.safetensors`, `train.jsonl` and `gradients.json`. A run that is killed goes on from its checkpoint when
started again; on a CPU it then ends in the same bytes as an undisturbed one. SIGTERM and SIGUSR1 save first.
"""

from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from telepathy.assemble import assemble
from telepathy.bridge.bridge import Bridge
from telepathy.cli import stage_arguments
from telepathy.data.rows import read_split
from telepathy.errors import run_stage
from telepathy.evaluation.bridged import bridge_rows
from telepathy.evaluation.diagnostics import gradient_norms
from telepathy.files import canonical, read_json, write_atomic, write_json, write_text
from telepathy.training.loop import plain_ends, train
from telepathy.training.objective import Objective

OUTPUTS = ("bridge.safetensors", "train.jsonl", "gradients.json")

VALIDATION_ROWS_GENERATED = 16
"""Open answers are slow to decode; so many validation rows show the trend."""


def run(spec: dict[str, Any], cache: Path, checkpoints: Path, out: Path) -> None:
    """Train and write the outputs; the checkpoint is removed at the end."""
    data = cache / "data" / spec["data"]
    bridge, objective = assemble(spec, cache)
    saved = checkpoints / f"{spec['id']}.safetensors"
    held_out = read_split(data, "validation")
    if objective.verbalizer is None:
        held_out = held_out[:VALIDATION_ROWS_GENERATED]

    def validate(current: Bridge) -> dict[str, Any]:
        rows = bridge_rows(current, objective, held_out)
        return {
            "validation_accuracy": sum(row.correct for row in rows) / len(rows),
            "validation_n": len(rows),
        }

    items = read_split(data, "train")
    log = train(bridge, objective, items, spec["seed"], saved, validate)
    write_json(out / "gradients.json", gradient_norms(bridge, objective, items[: objective.recipe.training.batch]))
    write_text(out / "train.jsonl", "".join(canonical(entry) + "\n" for entry in log))
    write_weights(bridge, objective, out / "bridge.safetensors")
    saved.unlink(missing_ok=True)


def write_weights(bridge: Bridge, objective: Objective, path: Path) -> None:
    """Write the trained weights with the recipe that made them; without side heads, which only losses use."""
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in bridge.state_dict().items()
        if not name.startswith("heads.")
    }
    note = {"recipe": canonical(objective.recipe.model_dump())}
    write_atomic(path, lambda part: save_file(tensors, part, metadata=note))


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data, states, calibrations")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder for checkpoints")
    options = parser.parse_args()
    with plain_ends(str(options.spec)):
        run(read_json(options.spec, "`snakemake -n`"), options.cache, options.checkpoints, options.out)


if __name__ == "__main__":
    run_stage(main)
