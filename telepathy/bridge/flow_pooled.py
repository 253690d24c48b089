"""Flow conditioned on a pooled source vector and on the source itself, in every block (phase 12)."""

from torch import Tensor, nn

from telepathy.bridge.flow_blocks import ModulatedBlock
from telepathy.bridge.flow_body import FlowBody
from telepathy.bridge.pool import mean_state
from telepathy.config.parts import FlowPooled as FlowPooledConfig


class FlowPooled(FlowBody):
    """Modulation from the time and a two-layer map of the projected source's masked mean. Shapes: `FlowBody`."""

    def __init__(self, config: FlowPooledConfig, soft_tokens: int, d_sender: int, d_receiver: int, unit: float):
        super().__init__(config, soft_tokens, d_sender, d_receiver, unit, ModulatedBlock)
        width = config.width or d_receiver
        self.pool = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def gist(self, keys: Tensor, mask: Tensor) -> Tensor:
        """Map of the mean."""
        return self.pool(mean_state(keys, mask))
