"""Stage: run one baseline on the test rows and write its raw run.

    python -m telepathy.baselines.run --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --out results/quick/runs/TASK/METHOD/ID
"""

from pathlib import Path
from typing import Any

from telepathy.baselines import linear_probe, majority, zero_shot
from telepathy.cli import stage_arguments
from telepathy.device import Stopwatch, pick_device
from telepathy.errors import run_stage
from telepathy.files import read_json
from telepathy.provenance import code_sha256, data_sha256, weights_sha256
from telepathy.record import write_run

BASELINES = {"zero_shot": zero_shot, "linear_probe": linear_probe, "majority": majority}


def run(spec: dict[str, Any], cache: Path, out: Path) -> None:
    """Evaluate and write the raw run."""
    watch = Stopwatch(pick_device(), None)
    kind = spec["recipe"]["kind"]
    outcome = BASELINES[kind].run(spec, cache)
    watch.device, watch.dtype = outcome.device, outcome.dtype
    record = {
        "spec": {key: value for key, value in spec.items() if key not in ("id", "name")},
        "id": spec["id"],
        "resolved": outcome.resolved,
        "inputs": {
            "code": code_sha256(f"telepathy.baselines.{kind}"),
            "data": data_sha256(cache / "data" / spec["data"]),
            "weights": weights_sha256(cache, spec["models"]),
        },
    }
    write_run(out, record, outcome.rows, watch.environment())


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data and states")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
