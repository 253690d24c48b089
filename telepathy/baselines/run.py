"""Stage: run one baseline on the test rows and write its raw run.

    python -m telepathy.baselines.run --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --out results/quick/runs/TASK/METHOD/ID
"""

from pathlib import Path
from typing import Any

from telepathy.baselines import latency, linear_probe, majority, text_relay, zero_shot
from telepathy.baselines.outcome import Outcome
from telepathy.cli import stage_arguments
from telepathy.device import Stopwatch, pick_device
from telepathy.errors import fail, run_stage
from telepathy.files import read_json
from telepathy.provenance import code_sha256, data_sha256, weights_sha256
from telepathy.record import write_run

BASELINES = {"zero_shot": zero_shot, "linear_probe": linear_probe, "majority": majority, "text_relay": text_relay}


def run(spec: dict[str, Any], cache: Path, out: Path, bridge: Path | None = None) -> None:
    """Evaluate and write the raw run; `bridge` is the folder of the trained run that the baseline uses, if any."""
    watch = Stopwatch(pick_device(), None)
    kind = spec["recipe"]["kind"]
    outcome = _outcome(kind, spec, cache, bridge)
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
    write_run(out, record, outcome.rows, watch.environment() | outcome.volatile)


def _outcome(kind: str, spec: dict[str, Any], cache: Path, bridge: Path | None) -> Outcome:
    if kind != "latency":
        return BASELINES[kind].run(spec, cache)
    if bridge is None:
        raise fail(spec["id"], "latency times a trained bridge", "give its run's folder with --bridge")
    return latency.run(spec, cache, bridge)


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data and states")
    parser.add_argument("--bridge", type=Path, help="folder of the trained run that the baseline uses")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.out, options.bridge)


if __name__ == "__main__":
    run_stage(main)
