"""Which class builds which bottleneck."""

from torch import nn

from telepathy.bridge.fsq import FSQ
from telepathy.bridge.vq import VQ
from telepathy.config import parts


def make_bottleneck(config: parts.Bottleneck, width: int) -> nn.Module:
    """Build a bottleneck at its initial weights: x `[B, K, w]` -> `Coded`."""
    match config:
        case parts.VQ():
            return VQ(config, width)
        case parts.FSQ():
            return FSQ(config, width)
    raise TypeError(f"no bottleneck for {type(config).__name__}")
