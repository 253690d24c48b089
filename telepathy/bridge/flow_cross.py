"""Flow that meets the source in cross-attention alone (phase 13)."""

from telepathy.bridge.flow_blocks import GatedBlock
from telepathy.bridge.flow_body import FlowBody
from telepathy.config.parts import FlowCross as FlowCrossConfig


class FlowCross(FlowBody):
    """Modulation from the time alone. Shapes: `FlowBody`."""

    def __init__(self, config: FlowCrossConfig, soft_tokens: int, d_sender: int, d_receiver: int, unit: float):
        super().__init__(config, soft_tokens, d_sender, d_receiver, unit, GatedBlock)
