"""What a bottleneck gives: quantised vectors and the codes behind them."""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Coded:
    """A quantised batch.

    Attributes:
        vectors: `[B, K, w]`; the gradient passes straight through the quantiser.
        codes: code numbers `[B, K]` (VQ) or level values `[B, K, D]` (FSQ), for counting; no gradient.
        entries: code vectors z_q `[B, K, D]`, also straight through, for terms on their spread.
        errors: `vq`, the codebook and commitment error; `entropy`, that of code usage as a share of its maximum.
    """

    vectors: Tensor
    codes: Tensor
    entries: Tensor
    errors: dict[str, Tensor] = field(default_factory=dict)


def usage(codes: Tensor) -> dict[str, float]:
    """How many codes a batch uses: codes `[B, K]` or `[B, K, D]`.

    Returns:
        `distinct_share`: distinct codes / (B·K); `perplexity`: exp of the entropy of their counts; `used`: how many
        are distinct.
    """
    rows = codes.reshape(codes.shape[0] * codes.shape[1], -1)
    found, counts = torch.unique(rows, dim=0, return_counts=True)
    shares = counts.double() / len(rows)
    entropy = -(shares * shares.log()).sum()
    return {"distinct_share": len(found) / len(rows), "perplexity": entropy.exp().item(), "used": float(len(found))}
