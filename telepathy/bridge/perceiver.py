"""Perceiver resampler: learned latents read the sender's states (Jaegle et al. 2021; Alayrac et al. 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from telepathy.config.methods import Perceiver as PerceiverConfig


class Attention(nn.Module):
    """Multi-head attention with biased projections.

    Shapes: queries `[B, K, w]`, context `[B, T, w]`, mask `[B, T]` bool (True = real) or None -> `[B, K, w]`.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from queries to context."""

        def split(x: Tensor) -> Tensor:
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = split(self.query(queries)), split(self.key(context)), split(self.value(context))
        allowed = None if mask is None else mask[:, None, None, :]
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return self.out(mixed.transpose(1, 2).flatten(-2))


class PerceiverLayer(nn.Module):
    """Pre-norm cross-attention, self-attention and GELU feed-forward (4w); keys are not normalised."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm_cross, self.norm_self, self.norm_ff = (nn.LayerNorm(width) for _ in range(3))
        self.cross = Attention(width, heads)
        self.self_attention = Attention(width, heads)
        self.ff = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """One layer: x `[B, K, w]`, keys `[B, T, w]`, mask `[B, T]` -> `[B, K, w]`."""
        x = x + self.cross(self.norm_cross(x), keys, mask)
        normed = self.norm_self(x)
        x = x + self.self_attention(normed, normed)
        return x + self.ff(self.norm_ff(x))


class Perceiver(nn.Module):
    """The body of nearly all phases: K latents, N layers, no final norm, no positions on the latents.

    Keys and values are the states, through a linear map only where widths differ; likewise the output. With the
    receiver's own width, N=2 and K=16 at 4,096 this has 537,092,096 parameters (the recorded 537,092,097 include
    the output stage's scale).

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: PerceiverConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        width = config.width or d_receiver
        self.latents = nn.Parameter(0.02 * torch.randn(soft_tokens, width))
        self.into = nn.Identity() if d_sender == width else nn.Linear(d_sender, width)
        self.layers = nn.ModuleList(PerceiverLayer(width, config.heads) for _ in range(config.depth))
        self.out = nn.Identity() if width == d_receiver else nn.Linear(width, d_receiver)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Resample states to K vectors of the receiver's width."""
        keys = self.into(states)
        x = self.latents.to(keys.dtype).expand(len(states), -1, -1)
        for layer in self.layers:
            x = layer(x, keys, mask)
        return self.out(x)
