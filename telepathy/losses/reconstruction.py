"""The source mean, as a side head reads it."""

import torch.nn.functional as F
from torch import Tensor

from telepathy.store import pooled


def recon_mse(read: Tensor, states: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference of what a head reads and the masked mean source state (phase 8).

    Shapes: read `[B, d_s]` (the mean over k of W·x_k), states `[B, T, d_s]`, mask `[B, T]`.
    """
    return F.mse_loss(read.float(), pooled(states.float(), mask))
