"""Stage: evaluate a trained run on the test rows and write its raw run.

    python -m telepathy.evaluate --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --out results/quick/runs/TASK/METHOD/ID

Reads `weights.safetensors` and `training.json` from the run's folder, writes `rows.jsonl.gz`, `environment.json` and
`run.json`.
"""

from pathlib import Path
from typing import Any

from telepathy.assemble import assemble
from telepathy.bridge.bridge import Bridge, load_weights
from telepathy.cli import stage_arguments
from telepathy.data.rows import read_split
from telepathy.device import Stopwatch
from telepathy.errors import run_stage
from telepathy.evaluation.answer import answer
from telepathy.evaluation.diagnostics import diagnose
from telepathy.files import file_sha256, read_json
from telepathy.history import recorded
from telepathy.provenance import code_sha256, data_sha256, overlap, weights_sha256
from telepathy.record import write_run
from telepathy.training.objective import Objective


def run(spec: dict[str, Any], cache: Path, out: Path) -> None:
    """Evaluate and write the raw run."""
    with recorded(out, "evaluate"):
        _evaluate(spec, cache, out)


def _evaluate(spec: dict[str, Any], cache: Path, out: Path) -> None:
    module, objective = assemble(spec, cache)
    watch = Stopwatch(objective.receiver.device, objective.receiver.dtype)
    load_weights(module, out / "weights.safetensors")
    data = cache / "data" / spec["data"]
    rows = answer(module, objective, read_split(data, "test"))
    training = read_json(out / "training.json", "telepathy.train")
    resolved = {
        "parameters": sum(one.numel() for one in module.parameters()),
        "search": training["search"],
        "training_rows": training["rows"],
    } | {key: training[key] for key in ("restarts",) if key in training}
    diagnostics = {"gradient_norms": training["gradient_norms"]}
    if isinstance(module, Bridge) and isinstance(objective, Objective):
        resolved |= _resolved(objective)
        diagnostics = diagnose(module, objective, read_split(data, "validation")) | diagnostics
    record = {
        "spec": {key: value for key, value in spec.items() if key not in ("id", "name", "uses")},
        "id": spec["id"],
        "resolved": resolved,
        "diagnostics": diagnostics,
        "inputs": {
            "code": code_sha256("telepathy.train", "telepathy.evaluate"),
            "data": data_sha256(data),
            "overlap": overlap(data),
            "trained": file_sha256(out / "weights.safetensors"),
            "weights": weights_sha256(cache, spec["models"]),
        },
    }
    write_run(out, record, rows, watch.environment())


def _resolved(objective: Objective) -> dict[str, Any]:
    """What a bridge's recipe came to with these models."""
    return {
        "source_layer": objective.recipe.layer,
        "sender_width": objective.store.width,
        "receiver_width": objective.receiver.width,
        "receiver_rms": objective.receiver.embedding_rms,
        "soft_tokens": objective.recipe.soft_tokens,
        "layout": objective.layout.shown,
    }


def main() -> None:
    """Command line."""
    out = "the run's folder, with weights.safetensors in it"
    parser = stage_arguments(__doc__, "run", out, "models, data, states, calibrations")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
