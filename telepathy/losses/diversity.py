"""Terms against collapse: different items, or different codes, should differ."""

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 1e-8


def _mean_cosine(rows: Tensor) -> Tensor:
    """Mean cosine of different rows `[N, d]`, from |sum u|² - sum |u|²; 0 for one row."""
    if len(rows) < 2:
        return rows.sum() * 0.0
    units = F.normalize(rows.float(), dim=-1)
    pairs = units.sum(0).pow(2).sum() - units.pow(2).sum()
    return pairs / (len(rows) * (len(rows) - 1))


def batch_div(soft: Tensor) -> Tensor:
    """Mean cosine of different items' flattened soft tokens `[B, K, d_r]`; 0 for one item (phases 15 and later)."""
    return _mean_cosine(soft.flatten(1))


def div_codes(entries: Tensor) -> Tensor:
    """Mean cosine of different positions' code vectors `[B, K, D]`, over all items."""
    return _mean_cosine(entries.flatten(0, 1))


def div_var(entries: Tensor) -> Tensor:
    """-log of the mean over dimensions of the variance over items and positions; `[B, K, D]` (phase 15)."""
    return -torch.log(entries.float().flatten(0, 1).var(0).mean() + EPS)


def div_count(codes: Tensor) -> Tensor:
    """-log of the share of distinct codes, `[B, K]` or `[B, K, D]`: counted, so without a gradient (phase 15)."""
    rows = codes.detach().reshape(codes.shape[0] * codes.shape[1], -1)
    distinct = len(torch.unique(rows, dim=0)) / len(rows)
    return -torch.log(torch.tensor(distinct + EPS, device=codes.device))
