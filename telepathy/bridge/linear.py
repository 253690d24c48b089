"""The simplest trained body: one linear map of the mean state."""

from torch import Tensor, nn

from telepathy.bridge.pool import mean_state, repeat
from telepathy.config.parts import Linear as LinearConfig


class Linear(nn.Module):
    """Masked mean over tokens, one linear map, repeated for each soft token; `each`: to all soft tokens at once.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: LinearConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        self.soft_tokens, self.each = soft_tokens, config.each
        self.map = nn.Linear(d_sender, d_receiver * (soft_tokens if config.each else 1))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Map the mean."""
        mapped = self.map(mean_state(states, mask))
        return mapped.unflatten(-1, (self.soft_tokens, -1)) if self.each else repeat(mapped, self.soft_tokens)
