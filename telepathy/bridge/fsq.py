"""Finite scalar quantisation (Mentzer et al. 2024): a few dimensions, each rounded to a few levels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from telepathy.bridge.coded import Coded
from telepathy.config.parts import FSQ as FSQConfig


def _in_fp32(layer: nn.Linear, x: Tensor) -> Tensor:
    return F.linear(x.float(), layer.weight.float(), layer.bias.float())


class FSQ(nn.Module):
    """W_u·round(bound(W_d·x)), the gradient straight through the rounding, in fp32.

    The bound is a tanh, shifted by half a step where the number of levels L is even, so that there are exactly L
    levels (the original code rounded without the shift and had L - 1). It has no codebook, and so no errors.

    Shapes: x `[B, K, w]` -> `Coded`, with codes and entries `[B, K, D]`, D = number of levels given.
    """

    def __init__(self, config: FSQConfig, width: int):
        super().__init__()
        # The library takes a second or two to import, and only this bottleneck needs it.
        from vector_quantize_pytorch import FSQ as Rounding

        self.down, self.up = nn.Linear(width, len(config.levels)), nn.Linear(len(config.levels), width)
        for layer in (self.down, self.up):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.rounding = Rounding(list(config.levels), return_indices=False)

    def forward(self, x: Tensor) -> Coded:
        """Quantise."""
        with torch.autocast(x.device.type, enabled=False):
            entries, _ = self.rounding(_in_fp32(self.down, x))
            vectors = _in_fp32(self.up, entries).to(x.dtype)
        return Coded(vectors=vectors, codes=entries.detach(), entries=entries)
