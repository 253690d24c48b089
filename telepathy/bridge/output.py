"""Output stages: bring the body's vectors to the scale of the receiver's embeddings (phases 3-16)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-8


class OutputStage(nn.Module):
    """One learnable scalar s, started at the receiver's embedding RMS, and a bounding function.

    Kinds: `none` Z = x (phases 1, 2, 6); `ln_tanh_scale` Z = tanh(LN(x))·|s| (3-5); `tanh_scale` Z = tanh(x)·s
    (7-11); `scale` Z = x·s (15); `rms_scale` Z = x / RMS(x)·s, per token (15 and later); `rms_fixed` the same with the
    receiver's RMS itself (flow samples, which no receiver loss could scale). In fp32.

    Shapes: x `[B, K, d_r]` -> `[B, K, d_r]`.
    """

    def __init__(self, kind: str, start: float, width: int):
        super().__init__()
        self.kind = kind
        if kind == "rms_fixed":
            self.register_buffer("scale", torch.tensor(float(start)))
        elif kind != "none":
            self.scale = nn.Parameter(torch.tensor(float(start)))
        if kind == "ln_tanh_scale":
            self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Bound and scale."""
        x = x.float()
        match self.kind:
            case "none":
                return x
            case "ln_tanh_scale":
                weight, bias = self.norm.weight.float(), self.norm.bias.float()
                return torch.tanh(F.layer_norm(x, x.shape[-1:], weight, bias)) * self.scale.abs()
            case "tanh_scale":
                return torch.tanh(x) * self.scale
            case "scale":
                return x * self.scale
            case "rms_scale" | "rms_fixed":
                return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * self.scale
        raise ValueError(f"unknown output stage {self.kind}")
