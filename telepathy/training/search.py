"""Choose a learning rate on validation rows: a short training for each candidate, from the same start, then the best.

Every trained method gets the same grid and the same share of its own budget, so none is helped by more tuning. What
is done is kept, so that a killed run does not search twice.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telepathy.config.methods import Training
from telepathy.files import write_json
from telepathy.provenance import code_sha256

Outcome = dict[str, Any]


def candidates(plan: Training) -> list[Training]:
    """The short trainings of a search: the same shape of schedule on a share of the steps, nothing scored between."""
    if plan.search is None:
        return []
    steps = max(1, round(plan.steps * plan.search.share))
    warmup = round(plan.warmup * steps / plan.steps)
    short = {"steps": steps, "warmup": warmup, "validations": 0, "search": None}
    return [plan.model_copy(update=short | {"lr": lr}) for lr in plan.search.lr]


def search(plan: Training, attempt: Callable[[Training], Outcome], notes: Path) -> tuple[Training, Outcome | None]:
    """The plan with the learning rate that did best, and what the candidates reached.

    Args:
        plan: its `search` says which candidates there are; without one it comes back as it is.
        attempt: trains from the start and gives `validation_accuracy` and `validation_loss`.
        notes: file for what is done; removed by the caller when the run is whole.
    """
    tried: list[Outcome] = []
    if plan.search is None:
        return plan, None
    made_by = code_sha256("telepathy.train")
    if notes.exists():
        kept = json.loads(notes.read_text(encoding="utf-8"))
        tried = kept["tried"] if kept.get("made_by") == made_by else []
    for candidate in candidates(plan)[len(tried) :]:
        try:
            found = attempt(candidate)
        except FloatingPointError:
            found = {"validation_accuracy": None, "validation_loss": None, "diverged": True}
        tried.append({"lr": candidate.lr, "steps": candidate.steps} | found)
        write_json(notes, {"made_by": made_by, "tried": tried})
    best = min(tried, key=_order)
    if best["validation_accuracy"] is None:
        raise FloatingPointError("with every learning rate of the search")
    return plan.model_copy(update={"lr": best["lr"]}), {"candidates": tried, "lr": best["lr"]}


def _order(found: Outcome) -> tuple[float, float, float]:
    """Best first: accuracy on validation rows, then their loss, then the smaller rate."""
    if found["validation_accuracy"] is None:
        return (1.0, 0.0, found["lr"])
    loss = found["validation_loss"]
    return (-found["validation_accuracy"], float("inf") if loss is None else loss, found["lr"])
