"""Stage: run one baseline on the test rows and write its raw run.

    python -m telepathy.baselines.run --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --out results/quick/runs/TASK/METHOD/ID
"""

from pathlib import Path
from typing import Any

from telepathy.baselines import linear_probe, majority, text_relay, zero_shot
from telepathy.baselines.outcome import write_outcome
from telepathy.cli import stage_arguments
from telepathy.device import Stopwatch, pick_device
from telepathy.errors import run_stage
from telepathy.files import read_json

BASELINES = {"zero_shot": zero_shot, "linear_probe": linear_probe, "majority": majority, "text_relay": text_relay}


def run(spec: dict[str, Any], cache: Path, out: Path) -> None:
    """Evaluate and write the raw run."""
    watch = Stopwatch(pick_device(), None)
    kind = spec["recipe"]["kind"]
    write_outcome(BASELINES[kind].run(spec, cache), spec, cache, out, watch, f"telepathy.baselines.{kind}")


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data and states")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
