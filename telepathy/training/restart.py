"""What happens when a training's loss is no longer finite: start over with half the learning rate, then another seed.

Every start that diverged is kept beside the checkpoints, so that a killed run does not diverge twice, and ends in the
run's record: a result that needed a restart says so.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telepathy.config.hardware import Restart
from telepathy.config.methods import Training
from telepathy.files import write_json
from telepathy.provenance import code_sha256

SEED_STEP = 1000
"""Distance of a restart's seed from the one before: far from the seeds that presets use."""


@dataclass(frozen=True)
class Start:
    """One start of a training.

    Attributes:
        number: 0 for the first.
        factor: of the learning rates, those of a search included.
        seed: seed of initialisation, row order and noise.
    """

    number: int
    factor: float
    seed: int

    @property
    def suffix(self) -> str:
        """Tells its checkpoints from those of other starts."""
        return f"-start{self.number}" if self.number else ""

    def changed(self, plan: Training) -> Training:
        """The plan with this start's learning rates."""
        if self.factor == 1.0:
            return plan
        rates: dict[str, Any] = {"lr": plan.lr * self.factor}
        if plan.search is not None:
            rates["search"] = plan.search.model_copy(update={"lr": [lr * self.factor for lr in plan.search.lr]})
        return plan.model_copy(update=rates)


def starts(policy: Restart, seed: int) -> list[Start]:
    """All starts that a policy allows, in order.

    Examples:
        >>> [(start.factor, start.seed) for start in starts(Restart(halvings=2, seeds=1), 0)]
        [(1.0, 0), (0.5, 0), (0.25, 0), (1.0, 1000)]
    """
    lower = [(0.5**count, seed) for count in range(policy.halvings + 1)]
    other = [(1.0, seed + SEED_STEP * count) for count in range(1, policy.seeds + 1)]
    return [Start(number, *start) for number, start in enumerate(lower + other)]


class Restarts:
    """Where a run stands in its policy.

    Attributes:
        tried: the starts that diverged: factor of the learning rate, seed, reason.
    """

    def __init__(self, policy: Restart, seed: int, notes: Path):
        """Take up what an earlier process noted, if the same code made it."""
        self._starts, self._notes = starts(policy, seed), notes
        self.tried: list[dict[str, Any]] = []
        if notes.exists():
            kept = json.loads(notes.read_text(encoding="utf-8"))
            self.tried = kept["tried"] if kept.get("made_by") == _made_by() else []

    @property
    def now(self) -> Start:
        """The start to train with."""
        return self._starts[min(len(self.tried), len(self._starts) - 1)]

    def note(self, error: FloatingPointError) -> None:
        """Say and keep that the present start diverged."""
        tried = [*self.tried, self._entry(error)]
        if len(tried) < len(self._starts):
            follows = self._starts[len(tried)]
            print(f"training diverged ({error}); starting over with {follows.factor:g} x the learning rate, seed "
                  f"{follows.seed}", file=sys.stderr)  # fmt: skip
            write_json(self._notes, {"made_by": _made_by(), "tried": tried})

    def next(self, error: FloatingPointError) -> None:
        """Go on to the next start.

        Raises:
            FloatingPointError: there is none.
        """
        self.tried.append(self._entry(error))
        if len(self.tried) >= len(self._starts):
            self.forget()  # a changed policy or a new try begins anew
            after = f", after {len(self.tried) - 1} restarts" if len(self.tried) > 1 else ""
            raise FloatingPointError(f"{error}{after}") from None

    def forget(self) -> None:
        """Remove what was kept: the run is whole, or at its end."""
        self._notes.unlink(missing_ok=True)

    def _entry(self, error: FloatingPointError) -> dict[str, Any]:
        return {"factor": self.now.factor, "seed": self.now.seed, "reason": str(error)}


def _made_by() -> str:
    return code_sha256("telepathy.train")
