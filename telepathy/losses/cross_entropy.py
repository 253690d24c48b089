"""Cross-entropy through the receiver's frozen head."""

import torch
from torch import Tensor


class _FrozenHeadCrossEntropy(torch.autograd.Function):
    """Cross-entropy through a frozen head, chunk by chunk; the gradient is made in the forward pass.

    The head asks for no gradient, so softmax(z) - onehot, times the head, is all that backward needs. Full logits
    `[N, V]` never exist at once (benchmarks/head.py measures memory and time against autograd).
    """

    @staticmethod
    def forward(
        ctx, hidden: Tensor, head: Tensor, targets: Tensor, softcap: float | None, chunk: int, shares: Tensor | None
    ) -> Tensor:
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        gradient = torch.empty_like(hidden, dtype=torch.float32)
        for at in range(0, len(hidden), chunk):
            part, gold = hidden[at : at + chunk], targets[at : at + chunk]
            logits = (part.to(head.dtype) @ head.T).float()
            slope = None
            if softcap is not None:
                bounded = torch.tanh(logits / softcap)
                logits, slope = softcap * bounded, 1 - bounded.pow(2)
            rows = torch.arange(len(gold), device=gold.device)
            # In place: a chunk of logits is large, and softmax and cross-entropy would each make another one.
            logits -= logits.amax(-1, keepdim=True)
            at_gold = logits[rows, gold]
            delta = logits.exp_()
            sums = delta.sum(-1)
            costs = sums.log() - at_gold
            total += (costs if shares is None else costs * shares[at : at + chunk]).sum().double()
            delta /= sums.unsqueeze(-1)
            delta[rows, gold] -= 1
            if slope is not None:
                delta *= slope
            gradient[at : at + chunk] = (delta.to(head.dtype) @ head).float()
        ctx.dtype = hidden.dtype
        if shares is None:
            ctx.save_for_backward(gradient / len(hidden))
            return (total / len(hidden)).float()
        ctx.save_for_backward(gradient * shares.unsqueeze(1))
        return total.float()

    @staticmethod
    def backward(ctx, upstream: Tensor):
        (gradient,) = ctx.saved_tensors
        return (upstream * gradient).to(ctx.dtype), None, None, None, None, None


def frozen_head_cross_entropy(
    hidden: Tensor,
    head: Tensor,
    targets: Tensor,
    softcap: float | None = None,
    chunk: int = 64,
    weights: Tensor | None = None,
) -> Tensor:
    """Mean cross-entropy of next tokens through a frozen head; with weights, sum(w·ce) / sum(w) (phase 11).

    Args:
        hidden: states that predict the targets, `[N, d]`.
        head: output head `[V, d]`, without gradient.
        targets: token ids `[N]`.
        softcap: bound c of logits c·tanh(z/c), if the model has one.
        chunk: rows at a time; memory is chunk x V.
        weights: weight of each target `[N]`, without gradient; all the same if absent.
    """
    shares = None if weights is None else weights.detach().float() / weights.detach().float().sum()
    return _FrozenHeadCrossEntropy.apply(hidden, head, targets, softcap, chunk, shares)
