"""Which rows a step sees: a seeded permutation for each epoch, computed from the step alone (nothing to restore)."""

from functools import lru_cache

import torch


@lru_cache(maxsize=2)
def _permutation(rows: int, seed: int, epoch: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return torch.randperm(rows, generator=generator).tolist()


def rows_of(batch: int, size: int, rows: int, seed: int) -> list[int]:
    """Row indices of the `batch`-th batch of `size` rows; every row comes once an epoch.

    Args:
        batch: number of the batch, counted over the whole run from 0.
        size: rows a batch.
        rows: rows of the training split.
        seed: the run's seed.
    """
    spots = range(batch * size, (batch + 1) * size)
    return [_permutation(rows, seed, spot // rows)[spot % rows] for spot in spots]
