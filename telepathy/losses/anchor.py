"""Anchors: hold the mean soft token near the mean embedding of a text."""

import torch.nn.functional as F
from torch import Tensor

from telepathy.store import pooled


def anchor_mse(soft: Tensor, embeds: Tensor, mask: Tensor, relative_to: float | None) -> Tensor:
    """Mean squared difference of mean soft token and masked mean embedding (phase 3).

    Embeddings are so small that the raw term is near 1e-6 and hardly has a gradient; `relative_to` an RMS both
    sides are measured in it.

    Shapes: soft `[B, K, d_r]`, embeds `[B, T, d_r]`, mask `[B, T]`.
    """
    error = F.mse_loss(soft.float().mean(1), pooled(embeds.float(), mask))
    return error if relative_to is None else error / relative_to**2


def anchor_cos(soft: Tensor, embeds: Tensor, mask: Tensor) -> Tensor:
    """1 - cosine of mean soft token and masked mean embedding (phases 3.1 to 9). Shapes as in `anchor_mse`."""
    return 1 - F.cosine_similarity(soft.float().mean(1), pooled(embeds.float(), mask), dim=-1).mean()
