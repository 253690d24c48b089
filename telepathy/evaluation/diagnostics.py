"""What a trained bridge's soft tokens are like, beside what they achieve. Deterministic; part of the run's record."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from telepathy.bridge.bridge import Bridge
from telepathy.bridge.coded import usage
from telepathy.data.rows import Item
from telepathy.losses import batch_div
from telepathy.training.objective import Objective
from telepathy.tuned.objective import TunedObjective

ROWS = 16


def rms(soft: Tensor) -> float:
    """Root mean square over all entries."""
    return soft.float().pow(2).mean().sqrt().item()


@torch.no_grad()
def diagnose(bridge: Bridge, objective: Objective, items: Sequence[Item]) -> dict[str, Any]:
    """Measure on validation rows, evenly spaced: neighbours in the file may share a class.

    Returns:
        soft_rms and receiver_rms; item_similarity (mean cosine of different items' soft tokens) and
        token_similarity (of one item's K tokens); the receiver's loss with the items' own soft tokens, with
        another item's, with zeros, and with noise of the same RMS; usage of codes where there is a bottleneck.
    """
    bridge.eval()
    items = items[:: max(1, len(items) // ROWS)][:ROWS]
    with objective.autocast():
        trace = bridge.trace(*objective.states([item.text_sha256 for item in items]))
    soft = trace.soft.float()
    noise = torch.randn(soft.shape, generator=torch.Generator().manual_seed(0)).to(soft)
    found = {
        "rows": len(items),
        "soft_rms": rms(soft),
        "receiver_rms": objective.receiver.embedding_rms,
        "item_similarity": batch_div(soft).item(),
        "token_similarity": torch.stack([batch_div(one.unsqueeze(1)) for one in soft]).mean().item(),
        "loss": objective.lm(items, soft).item(),
        "loss_shuffled": objective.lm(items, soft.roll(max(1, len(items) // 2), 0)).item(),
        "loss_zero": objective.lm(items, torch.zeros_like(soft)).item(),
        "loss_noise": objective.lm(items, noise * rms(soft)).item(),
        "codes": usage(trace.coded.codes) if trace.coded is not None else None,
    }
    bridge.train()
    return {name: _short(value) for name, value in found.items()}


def _short(value: Any) -> Any:
    """Six significant digits; what is not finite becomes None."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if value == value and abs(value) != float("inf") else None


def gradient_norms(bridge: nn.Module, objective: Objective | TunedObjective, items: Sequence[Item]) -> dict[str, float]:
    """Norm of each unweighted term's gradient over all of the trained parameters, on one batch of items."""
    torch.manual_seed(0)
    terms, _ = objective.terms(bridge, items)
    parameters = list(bridge.parameters())
    norms = {}
    for name, term in terms.items():
        if not term.requires_grad:
            norms[name] = 0.0
            continue
        found = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
        norms[name] = torch.stack([one.float().norm() for one in found if one is not None]).norm().item()
    return {name: _short(norm) for name, norm in norms.items()}
