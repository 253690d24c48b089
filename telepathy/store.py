"""The hidden-state store: each text once per sender and layer, bf16, in checked shards.

    <key>/rows.json                      text hash -> [shard, first token, tokens]
    <key>/layer-20/00003.safetensors     one tensor `states` [tokens of the shard, d]
    <key>/layer-20.json                  written last: sha256 of all of these

Shards are memory-mapped, so a store may be larger than memory.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from telepathy.errors import fail
from telepathy.files import file_sha256, read_json

MADE_BY = "python -m telepathy.encode"


def shard_path(folder: Path, layer: int, shard: int) -> Path:
    """Path of one shard."""
    return folder / f"layer-{layer:02d}" / f"{shard:05d}.safetensors"


def marker_path(folder: Path, layer: int) -> Path:
    """Path of the file that says that a layer is whole."""
    return folder / f"layer-{layer:02d}.json"


class LayerStore:
    """Read the states of one layer of a store.

    Attributes:
        width: hidden size d.
        model: key of the sender that wrote it.
    """

    def __init__(self, folder: Path, layer: int):
        """Open a store.

        Raises:
            UserError: the layer is not stored, or the list of rows was changed.
        """
        self.folder, self.layer = folder, layer
        marker = read_json(marker_path(folder, layer), MADE_BY)
        self.width: int = marker["width"]
        self.model: str = marker["model"]
        self.hashes: dict[str, str] = marker["sha256"]
        rows = folder / "rows.json"
        if not rows.is_file() or file_sha256(rows) != self.hashes["rows.json"]:
            raise fail(rows, "missing or changed (wrong sha256)", f"delete {folder} and run {MADE_BY}")
        self._rows: dict[str, list[int]] = read_json(rows, MADE_BY)
        self._shards: dict[int, Any] = {}

    def _shard(self, shard: int) -> Any:
        if shard not in self._shards:
            path = shard_path(self.folder, self.layer, shard)
            wanted = self.hashes.get(path.relative_to(self.folder).as_posix())
            again = f"delete {self.folder} and run {MADE_BY}"
            if not path.is_file() or file_sha256(path) != wanted:
                raise fail(path, "missing, truncated or changed (wrong sha256)", again)
            try:
                self._shards[shard] = safe_open(path, "pt").__enter__().get_slice("states")
            except SafetensorError as error:
                raise fail(path, f"not readable ({error})", again) from None
        return self._shards[shard]

    def __getitem__(self, text_sha256: str) -> Tensor:
        """States `[T, d]` (bf16) of a text.

        Raises:
            UserError: the text is not in the store.
        """
        if text_sha256 not in self._rows:
            raise fail(self.folder, f"holds no states of text {text_sha256}", f"delete it and run {MADE_BY}")
        shard, start, length = self._rows[text_sha256]
        return self._shard(shard)[start : start + length]

    def batch(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """States of several texts, right-padded: `[B, T, d]` fp32 and a mask `[B, T]` bool."""
        return pad_states([self[text] for text in texts])


def pad_states(states: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Right-pad sequences `[T_i, d]` to `[B, T, d]` fp32 with zeros, and give the mask `[B, T]` (True = real)."""
    lengths = torch.tensor([len(one) for one in states])
    padded = torch.nn.utils.rnn.pad_sequence([one.float() for one in states], batch_first=True)
    return padded, torch.arange(padded.shape[1])[None, :] < lengths[:, None]


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Masked mean over tokens: `[B, T, d]`, `[B, T]` -> `[B, d]`."""
    weights = mask.to(states.dtype).unsqueeze(-1)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)
