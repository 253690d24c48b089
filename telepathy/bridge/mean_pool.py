"""An untrained body: the mean state itself."""

from torch import Tensor, nn

from telepathy.bridge.pool import Carry, mean_state, repeat
from telepathy.config.parts import MeanPool as MeanPoolConfig


class MeanPool(nn.Module):
    """Masked mean over tokens, repeated; no parameters, only the output stage's scale learns.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: MeanPoolConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        self.soft_tokens = soft_tokens
        self.carry = Carry(d_sender, d_receiver)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Repeat the mean."""
        return repeat(self.carry(mean_state(states, mask)), self.soft_tokens)
