"""Stage: train one run: a bridge, a soft prompt or adapters.

    python -m telepathy.train --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --checkpoints results/quick/checkpoints --out results/quick/runs/TASK/METHOD/ID

Writes `weights.safetensors`, `train.jsonl` and `training.json`. A run that is killed goes on from its checkpoint when
started again; on a CPU it then ends in the same bytes as an undisturbed one. SIGTERM and SIGUSR1 save first. Test rows
are never read here.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from telepathy.assemble import assemble
from telepathy.bridge.bridge import Bridge
from telepathy.cli import stage_arguments
from telepathy.config.methods import Training
from telepathy.data.rows import Item, read_split
from telepathy.errors import run_stage
from telepathy.evaluation.answer import answer
from telepathy.evaluation.diagnostics import gradient_norms
from telepathy.files import canonical, read_json, write_atomic, write_json, write_text
from telepathy.record import Row
from telepathy.training.loop import plain_ends, train
from telepathy.training.objective import Objective
from telepathy.training.search import search
from telepathy.training.selection import permuted, some

OUTPUTS = ("weights.safetensors", "train.jsonl", "training.json")

VALIDATION_ROWS_GENERATED = 16
"""Open answers are slow to decode; so many validation rows show the trend."""


def run(spec: dict[str, Any], cache: Path, checkpoints: Path, out: Path) -> None:
    """Train and write the outputs; checkpoints are removed at the end."""
    data = cache / "data" / spec["data"]
    module, objective = assemble(spec, cache)
    plan = objective.recipe.training
    saved, notes = checkpoints / f"{spec['id']}.safetensors", checkpoints / f"{spec['id']}-search.json"
    closed = bool(spec["task"]["labels"])
    items = some(read_split(data, "train"), plan.rows, closed)
    if plan.broken == "labels":
        items = permuted(items, spec["seed"])
    held_out = read_split(data, "validation")
    if not closed:
        held_out = _spaced(held_out, VALIDATION_ROWS_GENERATED)
    start = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def validate(current: nn.Module) -> dict[str, Any]:
        found = scores(answer(current, objective, held_out))
        if isinstance(current, Bridge) and isinstance(objective, Objective) and not closed:
            found["validation_loss"] = target_loss(current, objective, held_out)
        return found

    def attempt(candidate: Training) -> dict[str, Any]:
        """A short training from the start; its checkpoint is told apart by its learning rate."""
        module.load_state_dict(start)
        short = checkpoints / f"{spec['id']}-lr{candidate.lr:g}.safetensors"
        train(module, objective, candidate, items, spec["seed"], short, validate)
        found = validate(module)
        short.unlink(missing_ok=True)
        return {key: found.get(key) for key in ("validation_accuracy", "validation_loss")}

    plan, searched = search(plan, attempt, notes)
    module.load_state_dict(start)
    log = train(module, objective, plan, items, spec["seed"], saved, validate)
    norms = gradient_norms(module, objective, items[: plan.batch])
    write_json(out / "training.json", {"gradient_norms": norms, "search": searched, "rows": len(items)})
    write_text(out / "train.jsonl", "".join(canonical(entry) + "\n" for entry in log))
    write_weights(module, spec["recipe"], out / "weights.safetensors")
    for path in (saved, notes):
        path.unlink(missing_ok=True)


def _spaced(items: list[Item], number: int) -> list[Item]:
    """Evenly spaced rows: neighbours in the file may be alike."""
    return items[:: max(1, len(items) // number)][:number]


def scores(rows: list[Row]) -> dict[str, Any]:
    """Accuracy on validation rows and, for label sets, the mean of -log P(gold)."""
    found: dict[str, Any] = {
        "validation_accuracy": sum(row.correct for row in rows) / len(rows),
        "validation_n": len(rows),
    }
    if all(row.scores for row in rows):
        found["validation_loss"] = -sum((row.scores or {})[row.gold] for row in rows) / len(rows)
    return found


@torch.no_grad()
def target_loss(bridge: Bridge, objective: Objective, items: list[Item]) -> float:
    """The receiver's mean cross-entropy on the targets of open answers."""
    bridge.eval()
    loss = objective.lm(items, objective.soft_tokens(bridge, [item.text_sha256 for item in items])).item()
    bridge.train()
    return loss


def write_weights(module: nn.Module, recipe: dict[str, Any], path: Path) -> None:
    """Write the trained weights with the recipe that made them; without side heads, which only losses use."""
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in module.state_dict().items()
        if not name.startswith("heads.")
    }
    write_atomic(path, lambda part: save_file(tensors, part, metadata={"recipe": canonical(recipe)}))


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data, states, calibrations")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder for checkpoints")
    options = parser.parse_args()
    with plain_ends(str(options.spec)):
        run(read_json(options.spec, "`snakemake -n`"), options.cache, options.checkpoints, options.out)


if __name__ == "__main__":
    run_stage(main)
