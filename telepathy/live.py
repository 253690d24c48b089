"""Sender states computed as they are asked for: what takes the place of a store that would not fit on the disk.

The plan decides (`hardware.store_gb`), and a run that reads live states says so in its specification (`live`). The
frozen sender then shares the process, and reads each batch again in every epoch.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from telepathy.data.prompts import fit, reading
from telepathy.data.rows import texts_of
from telepathy.device import pick_device
from telepathy.errors import fail
from telepathy.files import read_json
from telepathy.models.frozen import FrozenLM, frozen, pad_rows
from telepathy.store import LayerStore, pad_states


class LiveStates:
    """The states of one layer, with the interface of a `LayerStore`, from the frozen sender itself.

    Rounded to bf16, as stored ones are; they can still differ from stored ones in the last digits, since other texts
    share a batch.

    Attributes:
        width: hidden size d.
        model: key of the sender.
    """

    def __init__(self, spec: dict[str, Any], cache: Path, layer: int):
        """Load the sender.

        Args:
            spec: of the store that is not there: model, data, prompt, max_tokens, compute, take.
            cache: prepared models and data.
            layer: index into the sender's `hidden_states`.
        """
        self._sender: FrozenLM = frozen(cache / "models" / spec["model"], spec["compute"], pick_device())
        self._spec, self._layer = spec, layer
        self._texts = texts_of(cache / "data" / spec["data"], spec["take"])
        self.width, self.model = self._sender.width, spec["model"]

    @property
    def texts(self) -> list[str]:
        """Hashes of all texts that it has states of."""
        return list(self._texts)

    def __getitem__(self, text_sha256: str) -> Tensor:
        """States `[T, d]` (bf16) of a text.

        Raises:
            UserError: the data set has no such text.
        """
        return self._states([text_sha256])[0]

    def batch(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """States of several texts, right-padded: `[B, T, d]` fp32 and a mask `[B, T]` bool."""
        return pad_states(self._states(texts))

    def _states(self, texts: list[str]) -> list[Tensor]:
        sender, rows = self._sender, [self._tokens(text) for text in texts]
        ids, mask = pad_rows(rows, sender.tokenizer.pad_token_id)
        states = sender.states(ids.to(sender.device), mask.to(sender.device), [self._layer])[self._layer]
        return [one[: len(tokens)].to(torch.bfloat16) for one, tokens in zip(states, rows, strict=True)]

    def _tokens(self, text: str) -> list[int]:
        if text not in self._texts:
            raise fail(self._spec["data"], f"holds no text {text}", "make the data again: telepathy.data.prepare")
        prompt = fit(self._sender, self._spec["prompt"], self._texts[text], self._spec["max_tokens"])
        return reading(self._sender, prompt)


def open_states(spec: dict[str, Any], cache: Path, layer: int) -> LayerStore | LiveStates:
    """The states that a run or a calibration reads.

    Args:
        spec: of the run: `states` is the key of the store, `live` is set where it is not on disk.
        cache: models, data, states, and the plan's specifications.
        layer: index into the sender's `hidden_states`.
    """
    if not spec.get("live"):
        return LayerStore(cache / "states" / spec["states"], layer)
    return LiveStates(read_json(cache / "plan" / "states" / f"{spec['states']}.json", "`snakemake -n`"), cache, layer)
