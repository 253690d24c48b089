"""Stage: evaluate a trained bridge on the test rows and write its raw run.

    python -m telepathy.evaluate --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --out results/quick/runs/TASK/METHOD/ID

Reads `bridge.safetensors` and `gradients.json` from the run's folder, writes `rows.jsonl.gz`, `environment.json` and
`run.json`.
"""

from pathlib import Path
from typing import Any

from telepathy.assemble import assemble
from telepathy.bridge.bridge import load_weights
from telepathy.cli import stage_arguments
from telepathy.data.rows import read_split
from telepathy.device import Stopwatch
from telepathy.errors import run_stage
from telepathy.evaluation.bridged import bridge_rows
from telepathy.evaluation.diagnostics import diagnose
from telepathy.files import file_sha256, read_json
from telepathy.provenance import code_sha256, data_sha256, weights_sha256
from telepathy.record import write_run


def run(spec: dict[str, Any], cache: Path, out: Path) -> None:
    """Evaluate and write the raw run."""
    bridge, objective = assemble(spec, cache)
    watch = Stopwatch(objective.receiver.device, objective.receiver.dtype)
    load_weights(bridge, out / "bridge.safetensors")
    data = cache / "data" / spec["data"]
    rows = bridge_rows(bridge, objective, read_split(data, "test"))
    diagnostics = diagnose(bridge, objective, read_split(data, "validation"))
    record = {
        "spec": {key: value for key, value in spec.items() if key not in ("id", "name")},
        "id": spec["id"],
        "resolved": {
            "source_layer": spec["recipe"]["layer"],
            "sender_width": objective.store.width,
            "receiver_width": objective.receiver.width,
            "receiver_rms": objective.receiver.embedding_rms,
            "soft_tokens": objective.recipe.soft_tokens,
            "parameters": sum(one.numel() for one in bridge.parameters()),
            "layout": objective.layout.shown,
        },
        "diagnostics": diagnostics | {"gradient_norms": read_json(out / "gradients.json", "telepathy.train")},
        "inputs": {
            "code": code_sha256("telepathy.train", "telepathy.evaluate"),
            "data": data_sha256(data),
            "weights": weights_sha256(cache, spec["models"]),
            "bridge": file_sha256(out / "bridge.safetensors"),
        },
    }
    write_run(out, record, rows, watch.environment())


def main() -> None:
    """Command line."""
    out = "the run's folder, with bridge.safetensors in it"
    parser = stage_arguments(__doc__, "run", out, "models, data, states, calibrations")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
