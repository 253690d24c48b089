"""A beginning that many sequences share, which a frozen model reads only once."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from telepathy.models.frozen import FrozenLM

MOST_TOKENS = 1 << 16
"""Tokens of the beginning that are held at a time, over all rows of a batch: a copy for each row takes memory."""


class SharedPrefix:
    """The keys and values of a beginning; `trunk` goes on from it as `FrozenLM.trunk` would from nothing.

    Keys and values of a token depend only on what stands before it, so the outcome is that of reading the whole
    sequence, up to rounding.
    """

    def __init__(self, model: FrozenLM, tokens: Sequence[int]):
        """Read the beginning.

        Args:
            model: the frozen model; `can_share` must hold for it.
            tokens: token ids of the beginning, at least one.
        """
        self.model, self.length = model, len(tokens)
        self._cache = DynamicCache(config=model.model.config)
        ids = torch.tensor([list(tokens)], device=model.device)
        with torch.no_grad():
            model.trunk(model.embed(ids), torch.ones_like(ids), self._cache)

    @torch.no_grad()
    def trunk(self, embeds: Tensor, mask: Tensor) -> Tensor:
        """Last hidden state `[B, T, d]` of right-padded embeddings `[B, T, d]` that follow the beginning."""
        rows = max(1, MOST_TOKENS // self.length)
        return torch.cat([self._part(*part) for part in zip(embeds.split(rows), mask.split(rows), strict=True)])

    def _part(self, embeds: Tensor, mask: Tensor) -> Tensor:
        cache = copy.deepcopy(self._cache)  # a pass appends to the cache it is given
        cache.batch_repeat_interleave(len(embeds))
        return self.model.trunk(embeds, torch.cat([mask.new_ones(len(mask), self.length), mask], 1), cache)


def can_share(model: FrozenLM) -> bool:
    """Whether all that a model keeps of a beginning are keys and values.

    Recurrent layers (Mamba, linear attention) also keep a running state, which padding would change, and some models
    share keys between layers: these read every sequence in full.
    """
    layers = DynamicCache(config=model.model.config).layers
    return all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in layers)


def beginning(rows: Sequence[list[int]]) -> list[int]:
    """The longest beginning that all token rows share and that leaves each of them a token.

    Examples:
        >>> beginning([[5, 6, 7], [5, 6, 8, 9], [5, 6, 7, 7]])
        [5, 6]
    """
    # In sorted order all other rows lie between these two, and share what they share.
    least, most = min(rows), max(rows)
    room = min(map(len, rows)) - 1
    return [*least[: next((at for at in range(room) if least[at] != most[at]), room)]]
