"""Stage: run the frozen sender once over each text and store its hidden states.

    python -m telepathy.encode --spec results/cache/plan/states/KEY.json --layers 12 20 --cache results/cache \\
        --out results/cache/states/KEY

Texts are sorted by length and cut into shards; a shard is written whole or not at all, so a killed run goes on
where it stopped, and a layer asked for later is added without touching the others. A shard of other texts, weights or
code is written again. Two jobs on one store take turns.
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from telepathy.cli import stage_arguments
from telepathy.data.prompts import fit, reading
from telepathy.data.rows import texts_of
from telepathy.device import deterministic, pick_device
from telepathy.errors import run_stage
from telepathy.files import digest, file_sha256, read_json, sweep, write_atomic, write_json
from telepathy.locks import only_writer
from telepathy.models.frozen import FrozenLM
from telepathy.progress import progress
from telepathy.provenance import code_sha256
from telepathy.store import marker_path, shard_path

SHARD_TEXTS = 512
BATCH_TOKENS = 4096


def encode(spec: dict[str, Any], layers: list[int], cache: Path, out: Path) -> None:
    """Fill the store at `out`; a layer's marker is written last.

    Args:
        spec: model, data, prompt, max_tokens, compute, take (see the plan).
        layers: indices into the sender's `hidden_states`.
        cache: where prepared models and data lie.
        out: the store's folder.
    """
    deterministic()
    sender = FrozenLM(cache / "models" / spec["model"], spec["compute"], pick_device())
    texts = texts_of(cache / "data" / spec["data"], spec["take"])
    tokens = {
        key: reading(sender, fit(sender, spec["prompt"], text, spec["max_tokens"])) for key, text in texts.items()
    }
    with only_writer(out):
        sweep(out)
        _fill(sender, tokens, layers, out, {"model": spec["model"], "data": spec["data"], "width": sender.width})


def _fill(sender: FrozenLM, tokens: dict[str, list[int]], layers: list[int], out: Path, facts: dict[str, Any]) -> None:
    """Write what is missing of the layers' shards, then the list of rows, then the markers with these facts."""
    made_by = [code_sha256("telepathy.encode"), sender.weights, str(sender.dtype)]
    order = sorted(tokens, key=lambda key: (len(tokens[key]), key))
    shards = [order[start : start + SHARD_TEXTS] for start in range(0, len(order), SHARD_TEXTS)]
    rows: dict[str, list[int]] = {}
    with progress(f"encode {out.name}", total=len(order), unit="text") as bar:
        for number, shard in enumerate(shards):
            start = 0
            for key in shard:
                rows[key] = [number, start, len(tokens[key])]
                start += len(tokens[key])
            texts = [tokens[key] for key in shard]
            stamp = digest([*made_by, texts], 64)
            missing = [layer for layer in layers if not _whole(shard_path(out, layer, number), stamp)]
            if missing:
                _write_shard(sender, texts, out, number, missing, stamp)
            bar.update(len(shard))
    write_json(out / "rows.json", rows)
    for layer in layers:
        files = [out / "rows.json", *(shard_path(out, layer, number) for number in range(len(shards)))]
        hashes = {path.relative_to(out).as_posix(): file_sha256(path) for path in files}
        write_json(marker_path(out, layer), facts | {"sha256": hashes})


def _whole(path: Path, stamp: str) -> bool:
    """Whether a shard from an earlier, interrupted run can be kept: whole, and made of the same things."""
    try:
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get("made_of") == stamp
    except (OSError, SafetensorError):
        return False


def _write_shard(
    sender: FrozenLM, shard: list[list[int]], out: Path, number: int, layers: list[int], stamp: str
) -> None:
    parts: dict[int, list[torch.Tensor]] = {layer: [] for layer in layers}
    start = 0
    while start < len(shard):
        # Sorted by length: the last row of a batch is its longest.
        stop = start + 1
        while stop < len(shard) and (stop + 1 - start) * len(shard[stop]) <= BATCH_TOKENS:
            stop += 1
        batch, longest = shard[start:stop], len(shard[stop - 1])
        ids = torch.full((len(batch), longest), sender.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        found = sender.states(ids.to(sender.device), mask.to(sender.device), layers)
        real = mask.bool()
        for layer in layers:
            parts[layer].append(found[layer].cpu()[real].to(torch.bfloat16))
        start = stop
    for layer in layers:
        states = {"states": torch.cat(parts[layer])}
        write_atomic(shard_path(out, layer, number), partial(save_file, states, metadata={"made_of": stamp}))


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "store", "folder of the store", "prepared models and data")
    parser.add_argument("--layers", type=int, nargs="+", required=True, help="indices into hidden_states")
    options = parser.parse_args()
    encode(read_json(options.spec, "`snakemake -n`"), options.layers, options.cache, options.out)


if __name__ == "__main__":
    run_stage(main)
