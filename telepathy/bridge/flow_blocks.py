"""Blocks of the flow bodies: time embedding, and layers modulated by a condition (Peebles and Xie 2023)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from telepathy.bridge.attention import Attention, feed_forward

PERIOD = 10_000


class TimeEmbedding(nn.Module):
    """Sinusoids of t in [0, 1], then two linear maps around a SiLU (hidden 4w).

    Shapes: t `[B]` -> `[B, w]`.
    """

    def __init__(self, width: int):
        super().__init__()
        self.width = width
        self.map = nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, width))

    def forward(self, t: Tensor) -> Tensor:
        """Embed times."""
        half = max(1, self.width // 2)
        rates = torch.exp(-math.log(PERIOD) / half * torch.arange(half, device=t.device))
        angles = t.float().unsqueeze(1) * rates
        waves = torch.cat([angles.cos(), angles.sin()], dim=-1)
        return self.map(F.pad(waves, (0, self.width - waves.shape[1])).to(self.map[0].weight.dtype))


def modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """LN(x)·(1 + scale) + shift, the norm without weights of its own: x `[B, K, w]`, the others `[B, w]`."""
    return F.layer_norm(x, x.shape[-1:]) * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


def modulation(width: int, parts: int) -> nn.Sequential:
    """A condition `[B, w]` to `parts` vectors of width w, side by side."""
    return nn.Sequential(nn.SiLU(), nn.Linear(width, parts * width))


class ModulatedBlock(nn.Module):
    """AdaLN before self-attention, cross-attention and feed-forward layer, each with its own map (phase 12)."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.to_self, self.to_cross, self.to_ff = (modulation(width, 2) for _ in range(3))
        self.self_attention, self.cross = (Attention(width, heads, dropout) for _ in range(2))
        self.ff = feed_forward(width, dropout)

    def forward(self, x: Tensor, condition: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """One block: x `[B, K, w]`, condition `[B, w]`, keys `[B, T, w]`, mask `[B, T]` -> `[B, K, w]`."""
        normed = modulated(x, *self.to_self(condition).chunk(2, dim=-1))
        x = x + self.self_attention(normed, normed)
        x = x + self.cross(modulated(x, *self.to_cross(condition).chunk(2, dim=-1)), keys, mask)
        return x + self.ff(modulated(x, *self.to_ff(condition).chunk(2, dim=-1)))


class GatedBlock(nn.Module):
    """AdaLN-zero around self-attention and feed-forward layer, ungated cross-attention between (phases 13, 14).

    Six vectors from one map that starts at zero: shift, scale and gate of each of the two. At the start only
    cross-attention acts.
    """

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.to_all = modulation(width, 6)
        self.self_attention, self.cross = (Attention(width, heads, dropout) for _ in range(2))
        self.ff = feed_forward(width, dropout)
        nn.init.zeros_(self.to_all[1].weight)
        nn.init.zeros_(self.to_all[1].bias)

    def forward(self, x: Tensor, condition: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """One block: x `[B, K, w]`, condition `[B, w]`, keys `[B, T, w]`, mask `[B, T]` -> `[B, K, w]`."""
        shift, scale, gate, shift_ff, scale_ff, gate_ff = self.to_all(condition).chunk(6, dim=-1)
        normed = modulated(x, shift, scale)
        x = x + gate.unsqueeze(1) * self.self_attention(normed, normed)
        x = x + self.cross(F.layer_norm(x, x.shape[-1:]), keys, mask)
        return x + gate_ff.unsqueeze(1) * self.ff(modulated(x, shift_ff, scale_ff))
