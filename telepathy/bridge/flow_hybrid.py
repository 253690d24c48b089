"""Flow that meets the source in cross-attention and in a global vector read by a learned query (phase 14)."""

import math

from torch import Tensor

from telepathy.bridge.attention import Attention, latents
from telepathy.bridge.flow_blocks import GatedBlock
from telepathy.bridge.flow_body import FlowBody
from telepathy.config.parts import FlowHybrid as FlowHybridConfig

HEADS = 8
"""Heads of the query, whatever the blocks have; fewer where the width is no multiple of them."""


class FlowHybrid(FlowBody):
    """Modulation from the time and from what one query attends to. Shapes: `FlowBody`."""

    def __init__(self, config: FlowHybridConfig, soft_tokens: int, d_sender: int, d_receiver: int, unit: float):
        super().__init__(config, soft_tokens, d_sender, d_receiver, unit, GatedBlock)
        width = config.width or d_receiver
        self.query = latents(1, width)
        self.attend = Attention(width, math.gcd(HEADS, width))

    def gist(self, keys: Tensor, mask: Tensor) -> Tensor:
        """The query's answer."""
        return self.attend(self.query.to(keys.dtype).expand(len(keys), -1, -1), keys, mask).squeeze(1)
