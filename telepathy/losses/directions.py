"""Directions of soft tokens against those of the source, across widths."""

import torch
import torch.nn.functional as F
from torch import Tensor

from telepathy.store import pooled


def projection(d_sender: int, d_receiver: int) -> Tensor | None:
    """A fixed linear map `[d_s, d_r]` that compares directions across widths; None where the widths agree.

    The original compared 4,096-dimensional means of two different models directly, which other pairs cannot. A
    seeded Gaussian map keeps angles up to a small error (Johnson and Lindenstrauss 1984) and learns nothing.
    """
    if d_sender == d_receiver:
        return None
    generator = torch.Generator().manual_seed(0)
    return torch.randn(d_sender, d_receiver, generator=generator, device="cpu") / d_receiver**0.5


def recon_cos(soft: Tensor, states: Tensor, mask: Tensor | None, across: Tensor | None) -> Tensor:
    """1 - cosine of mean soft token and masked mean source state (phase 1).

    Without a mask the mean runs over all positions, as recorded; positions padded with zeros do not turn it.

    Shapes: soft `[B, K, d_r]`, states `[B, T, d_s]`, mask `[B, T]` or None, across `[d_s, d_r]` or None.
    """
    source = states.float().mean(1) if mask is None else pooled(states.float(), mask)
    if across is not None:
        source = source @ across.to(source)
    return 1 - F.cosine_similarity(soft.float().mean(1), source, dim=-1).mean()
