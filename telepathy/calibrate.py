"""Stage: statistics that match the sender's states to the receiver's embeddings ("phase 0" of the research).

    python -m telepathy.calibrate --spec results/cache/plan/calibrations/KEY.json --cache results/cache \\
        --out results/cache/calibrations/KEY

For each calibration text, read raw by both models: the sender's states at the source layer and the receiver's
input embeddings. `level: pooled` (as recorded) takes mean and standard deviation (ddof 1) over the texts' mean
vectors; its std is far below the token-level one. `level: token` takes them over all tokens.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from telepathy.cli import stage_arguments
from telepathy.data.prompts import fit
from telepathy.data.rows import read_split
from telepathy.device import pick_device
from telepathy.errors import run_stage
from telepathy.files import read_json, write_atomic, write_json
from telepathy.live import open_states
from telepathy.models.frozen import FrozenLM

FLOOR = 1e-6


def moments(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and floored standard deviation (ddof 1) of `[n, d]` over n, each `[d]`, in fp64 then fp32."""
    wide = vectors.double()
    return wide.mean(0).float(), (wide.std(0) + FLOOR).float()


def calibrate(spec: dict[str, Any], cache: Path, out: Path) -> None:
    """Write `statistics.safetensors` (s_mean, s_std, r_mean, r_std) and then `calibration.json` below `out`."""
    receiver = FrozenLM(cache / "models" / spec["receiver"], "float32", pick_device())
    store = open_states(spec, cache, spec["layer"])
    items = read_split(cache / "data" / spec["data"], "train")[: spec["rows"]]
    pool = spec["level"] == "pooled"
    of_sender, of_receiver = [], []
    for item in items:
        states = store[item.text_sha256].float().cpu()
        ids = receiver.tokens(fit(receiver, "{text}", item.text, spec["max_tokens"]))
        embeds = receiver.embed(torch.tensor(ids, device=receiver.device)).float().cpu()
        of_sender.append(states.mean(0, keepdim=True) if pool else states)
        of_receiver.append(embeds.mean(0, keepdim=True) if pool else embeds)
    s_mean, s_std = moments(torch.cat(of_sender))
    r_mean, r_std = moments(torch.cat(of_receiver))
    tensors = {"s_mean": s_mean, "s_std": s_std, "r_mean": r_mean, "r_std": r_std}
    write_atomic(out / "statistics.safetensors", lambda part: save_file(tensors, part))
    norms = {f"norm_{name}": tensor.norm().item() for name, tensor in tensors.items()}
    write_json(out / "calibration.json", {"spec": spec, "rows": len(items), "rms": receiver.embedding_rms} | norms)


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "calibration", "folder to write", "models, data and states")
    options = parser.parse_args()
    calibrate(read_json(options.spec, "`snakemake -n`"), options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
