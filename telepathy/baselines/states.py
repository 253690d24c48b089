"""Stored states of the sender as features."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from telepathy.data.rows import Item
from telepathy.live import LiveStates
from telepathy.store import LayerStore


def features(store: LayerStore | LiveStates, items: Sequence[Item], pooling: Literal["last", "mean"]) -> np.ndarray:
    """States of items `[n, d]`, fp32: the last token's, or the mean over tokens."""
    states = (store[item.text_sha256].float().cpu() for item in items)
    return np.stack([(one[-1] if pooling == "last" else one.mean(0)).numpy() for one in states])
