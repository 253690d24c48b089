"""Stage: run one baseline on the test rows and write its raw run.

    python -m telepathy.baselines.run --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --out results/quick/runs/TASK/METHOD/ID

A baseline comes in two parts: `fit` reads training and validation rows and makes every choice, and only then are the
test rows read, here, and given to what it returned.
"""

from pathlib import Path
from typing import Any

from telepathy.baselines import (
    few_shot,
    linear_probe,
    logit_ensemble,
    majority,
    pruned_text,
    ridge_map,
    text_relay,
    zero_shot,
)
from telepathy.baselines.outcome import Outcome, write_outcome
from telepathy.cli import stage_arguments
from telepathy.data.rows import read_split
from telepathy.device import Stopwatch, pick_device
from telepathy.errors import fail, run_stage
from telepathy.files import read_json
from telepathy.history import recorded

BASELINES = {
    "zero_shot": zero_shot,
    "few_shot": few_shot,
    "text_relay": text_relay,
    "pruned_text": pruned_text,
    "logit_ensemble": logit_ensemble,
    "linear_probe": linear_probe,
    "ridge_map": ridge_map,
    "majority": majority,
}

OPEN = ("zero_shot", "text_relay")
"""Kinds that can answer a task with open answers."""


def evaluate(spec: dict[str, Any], cache: Path) -> Outcome:
    """Fit, and then answer the test rows.

    Raises:
        UserError: a kind that needs labels, on a task with open answers.
    """
    kind = spec["recipe"]["kind"]
    if not spec["task"]["labels"] and kind not in OPEN:
        raise fail("methods", f"{kind} needs a closed label set", "give the method `targets: [labels]`")
    fitted = BASELINES[kind].fit(spec, cache)
    rows = fitted.answer(read_split(cache / "data" / spec["data"], "test"))
    return Outcome(rows, fitted.device, fitted.dtype, fitted.resolved)


def run(spec: dict[str, Any], cache: Path, out: Path) -> None:
    """Evaluate and write the raw run."""
    watch = Stopwatch(pick_device(), None)
    with recorded(out, "baseline"):
        write_outcome(evaluate(spec, cache), spec, cache, out, watch, f"telepathy.baselines.{spec['recipe']['kind']}")


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data and states")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
