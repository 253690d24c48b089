"""Loss terms of the bridge (names as in `config.methods.Losses`). All are means over the batch, in fp32."""

import torch
import torch.nn.functional as F
from torch import Tensor

from telepathy.store import pooled


class _FrozenHeadCrossEntropy(torch.autograd.Function):
    """Cross-entropy through a frozen head, chunk by chunk; the gradient is made in the forward pass.

    The head asks for no gradient, so softmax(z) - onehot, times the head, is all that backward needs. Full logits
    `[N, V]` never exist at once: the gain is memory. Time is that of autograd (benchmarks/head.py).
    """

    @staticmethod
    def forward(ctx, hidden: Tensor, head: Tensor, targets: Tensor, softcap: float | None, chunk: int) -> Tensor:
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        gradient = torch.empty_like(hidden, dtype=torch.float32)
        for at in range(0, len(hidden), chunk):
            part, gold = hidden[at : at + chunk], targets[at : at + chunk]
            logits = (part.to(head.dtype) @ head.T).float()
            slope = None
            if softcap is not None:
                bounded = torch.tanh(logits / softcap)
                logits, slope = softcap * bounded, 1 - bounded.pow(2)
            total += F.cross_entropy(logits, gold, reduction="sum").double()
            delta = logits.softmax(-1)
            delta[torch.arange(len(gold), device=gold.device), gold] -= 1
            if slope is not None:
                delta *= slope
            gradient[at : at + chunk] = (delta.to(head.dtype) @ head).float()
        ctx.save_for_backward(gradient / len(hidden))
        ctx.dtype = hidden.dtype
        return (total / len(hidden)).float()

    @staticmethod
    def backward(ctx, upstream: Tensor):
        (gradient,) = ctx.saved_tensors
        return (upstream * gradient).to(ctx.dtype), None, None, None, None


def frozen_head_cross_entropy(
    hidden: Tensor, head: Tensor, targets: Tensor, softcap: float | None = None, chunk: int = 128
) -> Tensor:
    """Mean cross-entropy of next tokens through a frozen head.

    Args:
        hidden: states that predict the targets, `[N, d]`.
        head: output head `[V, d]`, without gradient.
        targets: token ids `[N]`.
        softcap: bound c of logits c·tanh(z/c), if the model has one.
        chunk: rows at a time; memory is chunk x V.
    """
    return _FrozenHeadCrossEntropy.apply(hidden, head, targets, softcap, chunk)


def projection(d_sender: int, d_receiver: int) -> Tensor | None:
    """A fixed linear map `[d_s, d_r]` that compares directions across widths; None where the widths agree.

    The original compared 4,096-dimensional means of two different models directly, which other pairs cannot. A
    seeded Gaussian map keeps angles up to a small error (Johnson and Lindenstrauss 1984) and learns nothing.
    """
    if d_sender == d_receiver:
        return None
    generator = torch.Generator().manual_seed(0)
    return torch.randn(d_sender, d_receiver, generator=generator) / d_receiver**0.5


def recon_cos(soft: Tensor, states: Tensor, mask: Tensor, across: Tensor | None) -> Tensor:
    """1 - cosine of mean soft token and masked mean source state (phase 1).

    Shapes: soft `[B, K, d_r]`, states `[B, T, d_s]`, mask `[B, T]`, across `[d_s, d_r]` or None.
    """
    source = pooled(states.float(), mask)
    if across is not None:
        source = source @ across.to(source)
    return 1 - F.cosine_similarity(soft.float().mean(1), source, dim=-1).mean()


def batch_div(soft: Tensor) -> Tensor:
    """Mean cosine of different items' flattened soft tokens `[B, K, d_r]`; 0 for one item (phases 15 and later)."""
    if len(soft) < 2:
        return soft.sum() * 0.0
    flat = F.normalize(soft.float().flatten(1), dim=-1)
    similarity = flat @ flat.T
    return (similarity.sum() - similarity.diagonal().sum()) / (len(soft) * (len(soft) - 1))
