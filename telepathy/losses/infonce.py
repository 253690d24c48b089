"""Contrast of each item with the others of its batch."""

import torch
import torch.nn.functional as F
from torch import Tensor


def infonce(soft: Tensor, tau: float) -> Tensor:
    """Cross-entropy of F·Fᵀ/tau with each item as its own answer, F the unit mean soft tokens (phases 2 to 9).

    An item's similarity with itself is always 1, so the term only pushes items apart. 0 for one item.

    Shapes: soft `[B, K, d_r]`.
    """
    means = F.normalize(soft.float().mean(1), dim=-1)
    return F.cross_entropy(means @ means.T / tau, torch.arange(len(soft), device=soft.device))
