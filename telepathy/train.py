"""Stage: train one run: a bridge, a soft prompt or adapters.

    python -m telepathy.train --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --checkpoints results/quick/checkpoints --out results/quick/runs/TASK/METHOD/ID

Writes `weights.safetensors`, `train.jsonl` and `training.json`. A run that is killed goes on from its checkpoint when
started again; on a CPU it then ends in the same bytes as an undisturbed one. SIGTERM and SIGUSR1 save first. Test rows
are never read here. With `python -m telepathy.launch N telepathy.train ...` N processes share each batch.

A training whose loss is no longer finite starts over by the restart policy of the configuration (half the learning
rate, then another seed); each such restart is written to `training.json` and into the run's record.
"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from telepathy.assemble import assemble
from telepathy.bridge.bridge import Bridge
from telepathy.cli import stage_arguments
from telepathy.config.hardware import Restart
from telepathy.config.methods import Training
from telepathy.data.rows import Item, read_split
from telepathy.errors import fail, run_stage
from telepathy.evaluation.answer import answer
from telepathy.evaluation.diagnostics import gradient_norms
from telepathy.files import canonical, read_json, sweep, write_atomic, write_json, write_text
from telepathy.history import recorded
from telepathy.locks import only_writer
from telepathy.record import Row
from telepathy.training.loop import plain_ends, train
from telepathy.training.objective import Objective
from telepathy.training.parallel import ALONE, join_team
from telepathy.training.restart import Restarts, Start
from telepathy.training.search import search
from telepathy.training.selection import permuted, some

OUTPUTS = ("weights.safetensors", "train.jsonl", "training.json")

VALIDATION_ROWS_GENERATED = 16
"""Open answers are slow to decode; so many validation rows show the trend."""


def run(spec: dict[str, Any], cache: Path, checkpoints: Path, out: Path, checkpointing: bool = False) -> None:
    """Train and write the outputs; checkpoints are removed at the end.

    Args:
        spec: the run's specification.
        cache: models, data, states, calibrations.
        checkpoints: folder for the state of unfinished runs.
        out: the run's folder.
        checkpointing: recompute the receiver's activations in the backward pass, to save memory.

    Raises:
        Interrupted: after SIGTERM or SIGUSR1, with the state saved.
        FloatingPointError: the loss is not finite, and the restart policy is at its end.
        UserError: bad input, or fewer rows a step than processes.
    """
    team = join_team()
    with ExitStack() as stack:
        if team.first:
            # A job that its cluster started again may meet the one that it lost sight of.
            stack.enter_context(only_writer(checkpoints / spec["id"]))
            stack.enter_context(recorded(out, "train"))
            for folder, names in ((checkpoints, spec["id"]), (out, "")):
                sweep(folder, names)
        team.wait()
        policy = Restart.model_validate(spec.get("restart", {}))
        restarts = Restarts(policy, spec["seed"], checkpoints / f"{spec['id']}-restarts.json")
        while True:
            try:
                _train(spec, cache, checkpoints, out, restarts, checkpointing)
                break
            except FloatingPointError as error:
                if team.first:
                    restarts.note(error)
                team.wait()
                restarts.next(error)
        if team.first:
            restarts.forget()


def _train(
    spec: dict[str, Any], cache: Path, checkpoints: Path, out: Path, restarts: Restarts, checkpointing: bool
) -> None:
    """One start of the training; the first one unless another diverged."""
    start: Start = restarts.now
    team = join_team()
    data = cache / "data" / spec["data"]
    module, objective = assemble(spec | {"seed": start.seed}, cache, team)
    if checkpointing:
        objective.receiver.recompute_activations()
    plan = start.changed(objective.recipe.training)
    if plan.batch < team.size:
        raise fail("hardware", f"batch {plan.batch} for {team.size} processes", "lower `gpus`, or raise `batch`")
    name = spec["id"] + start.suffix
    saved, notes = checkpoints / f"{name}.safetensors", checkpoints / f"{name}-search.json"
    closed = bool(spec["task"]["labels"])
    items = some(read_split(data, "train"), plan.rows, closed)
    if plan.broken == "labels":
        items = permuted(items, spec["seed"])
    held_out = read_split(data, "validation")
    if not closed:
        held_out = _spaced(held_out, VALIDATION_ROWS_GENERATED)
    initial = {key: value.detach().clone() for key, value in module.state_dict().items()}
    # Validation and diagnostics are the work of one process.
    alone = replace(objective, team=ALONE)

    def validate(current: nn.Module) -> dict[str, Any]:
        found = scores(answer(current, alone, held_out))
        if isinstance(current, Bridge) and isinstance(alone, Objective) and not closed:
            found["validation_loss"] = target_loss(current, alone, held_out)
        return found

    def attempt(candidate: Training) -> dict[str, Any]:
        """A short training from the start; its checkpoint is told apart by its learning rate."""
        module.load_state_dict(initial)
        short = checkpoints / f"{name}-lr{candidate.lr:g}.safetensors"
        train(module, objective, candidate, items, start.seed, short, validate)
        found = team.once(lambda: validate(module))
        short.unlink(missing_ok=True)
        return {key: found.get(key) for key in ("validation_accuracy", "validation_loss")}

    plan, searched = search(plan, attempt, notes)
    module.load_state_dict(initial)
    log = train(module, objective, plan, items, start.seed, saved, validate)
    if team.first:
        norms = gradient_norms(module, alone, items[: plan.batch])
        facts = {"gradient_norms": norms, "search": searched, "rows": len(items)}
        write_json(out / "training.json", facts | ({"restarts": restarts.tried} if restarts.tried else {}))
        write_text(out / "train.jsonl", "".join(canonical(entry) + "\n" for entry in log))
        write_weights(module, spec["recipe"], out / "weights.safetensors")
        for path in (saved, notes):
            path.unlink(missing_ok=True)
    team.wait()


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
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations: slower, less memory")
    options = parser.parse_args()
    spec = read_json(options.spec, "`snakemake -n`")
    with plain_ends(str(options.spec)):
        run(spec, options.cache, options.checkpoints, options.out, options.checkpointing)


if __name__ == "__main__":
    run_stage(main)
