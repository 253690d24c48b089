"""Attention and the perceiver layer, with the small pieces that several bodies build on."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def latents(*shape: int) -> nn.Parameter:
    """Learned start vectors, 0.02·N(0, 1)."""
    return nn.Parameter(0.02 * torch.randn(*shape))


def between(d_in: int, d_out: int) -> nn.Module:
    """A linear map where two widths differ, nothing where they agree."""
    return nn.Identity() if d_in == d_out else nn.Linear(d_in, d_out)


def feed_forward(width: int, dropout: float = 0.0) -> nn.Sequential:
    """Two linear maps around a GELU, hidden width 4w."""
    layers = [nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)]
    return nn.Sequential(*layers, *([nn.Dropout(dropout)] if dropout else []))


class Attention(nn.Module):
    """Multi-head attention with biased projections; dropout, if any, is on the attention weights.

    Shapes: queries `[B, K, w]`, context `[B, T, w]`, mask `[B, T]` bool (True = real) or None -> `[B, K, w]`.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads, self.dropout = heads, dropout
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from queries to context."""

        def split(x: Tensor) -> Tensor:
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = split(self.query(queries)), split(self.key(context)), split(self.value(context))
        allowed = None if mask is None else mask[:, None, None, :]
        dropped = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed, dropout_p=dropped)
        return self.out(mixed.transpose(1, 2).flatten(-2))


class PerceiverLayer(nn.Module):
    """Pre-norm cross-attention, self-attention and GELU feed-forward (4w); keys are not normalised."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm_cross, self.norm_self, self.norm_ff = (nn.LayerNorm(width) for _ in range(3))
        self.cross = Attention(width, heads)
        self.self_attention = Attention(width, heads)
        self.ff = feed_forward(width)

    def forward(self, x: Tensor, keys: Tensor, mask: Tensor, earlier: Tensor | None = None) -> Tensor:
        """One layer: x `[B, K, w]`, keys `[B, T, w]`, mask `[B, T]` -> `[B, K, w]`.

        Self-attention also reads the `earlier` latents `[B, K', w]`, if there are any.
        """
        x = x + self.cross(self.norm_cross(x), keys, mask)
        normed = self.norm_self(x)
        context = normed if earlier is None else torch.cat([normed, self.norm_self(earlier)], dim=1)
        x = x + self.self_attention(normed, context)
        return x + self.ff(self.norm_ff(x))


def perceiver_layers(depth: int, width: int, heads: int) -> nn.ModuleList:
    """A stack of perceiver layers."""
    return nn.ModuleList(PerceiverLayer(width, heads) for _ in range(depth))
