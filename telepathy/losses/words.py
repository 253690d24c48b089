"""The set of input tokens, as a side head reads it."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def bow(logits: Tensor, words: Sequence[Sequence[int]]) -> Tensor:
    """Binary cross-entropy of every vocabulary entry, mean over batch and vocabulary (phase 9).

    BCE(z, y) = softplus(z) - y·z, so the multi-hot matrix is never made.

    Args:
        logits: `[B, V]`.
        words: token ids of each text; repeats count once, and padding is left out by the caller.
    """
    present = [(row, word) for row, ids in enumerate(words) for word in sorted(set(ids))]
    rows, columns = torch.tensor(present, dtype=torch.long, device=logits.device).reshape(-1, 2).T
    wide = logits.float()
    return (F.softplus(wide).sum() - wide[rows, columns].sum()) / wide.numel()
