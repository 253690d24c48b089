"""Normalizers: bring sender states to the receiver's scale before the body (phases 1-11 and 15)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FLOOR = 1e-6


class Normalizer(nn.Module):
    """y = (x - s_mean) / (s_std + 1e-8) * r_std + r_mean, per dimension, in fp32.

    The receiver's statistics live in the receiver's width, so they can be applied as they are only where the two
    widths agree. Where they differ, the receiver's side is one pair of numbers: the RMS over dimensions of its std
    and of its mean (a sender dimension has no counterpart of its own).

    Kinds: `fixed` keeps the four vectors as buffers (phases 1, 2, 6, 15); `learnable` makes them parameters with
    absolute stds and one scalar gain (3-5); `learnable_clamped` clamps the stds to 1e-6 and has no gain (7-11);
    `identity` passes x on unchanged (16 and later). `layer_norm` scales each token to zero mean and unit variance
    without parameters (ours): in small models the first token's state is an attention sink, a hundred times
    larger than all others, which saturates the body's attention unless each token is scaled by itself.

    Shapes: x `[B, T, d_s]` -> `[B, T, d_s]`.
    """

    def __init__(self, kind: str, statistics: dict[str, Tensor] | None):
        super().__init__()
        self.kind = kind
        if kind in ("identity", "none", "layer_norm"):
            return
        if statistics is None:
            raise ValueError(f"normalizer {kind} needs statistics")
        values = dict(statistics)
        if values["r_mean"].shape != values["s_mean"].shape:
            for name in ("r_mean", "r_std"):
                values[name] = torch.full_like(values["s_mean"], values[name].pow(2).mean().sqrt().item())
        for name in ("s_mean", "s_std", "r_mean", "r_std"):
            value = values[name].clone().float()
            if kind == "fixed":
                self.register_buffer(name, value)
            else:
                setattr(self, name, nn.Parameter(value))
        if kind == "learnable":
            self.gain = nn.Parameter(torch.ones(()))

    def forward(self, states: Tensor) -> Tensor:
        """Normalise states `[B, T, d_s]`."""
        if self.kind in ("identity", "none"):
            return states
        if self.kind == "layer_norm":
            return F.layer_norm(states.float(), states.shape[-1:]).to(states.dtype)
        s_std, r_std = self.s_std, self.r_std
        if self.kind == "learnable":
            s_std, r_std = s_std.abs(), r_std.abs()
        elif self.kind == "learnable_clamped":
            s_std, r_std = s_std.clamp(min=FLOOR), r_std.clamp(min=FLOOR)
        out = (states.float() - self.s_mean) / (s_std + 1e-8) * r_std + self.r_mean
        return (out * self.gain if self.kind == "learnable" else out).to(states.dtype)
