"""A multilayer perceptron of the mean state."""

from torch import Tensor, nn

from telepathy.bridge.pool import mean_state
from telepathy.config.parts import MLP as MLPConfig


class MLP(nn.Module):
    """Masked mean over tokens, two hidden GELU layers, one output for each soft token.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: MLPConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        width = config.width or d_receiver
        self.shape = (soft_tokens, d_receiver)
        hidden = (nn.Linear(d_sender, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.map = nn.Sequential(*hidden, nn.Linear(width, soft_tokens * d_receiver))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Map the mean."""
        return self.map(mean_state(states, mask)).unflatten(-1, self.shape)
