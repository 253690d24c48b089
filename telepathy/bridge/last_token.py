"""An untrained body: the last token's state itself ("identity" in the record)."""

import torch
from torch import Tensor, nn

from telepathy.bridge.pool import Carry, repeat
from telepathy.config.parts import LastToken as LastTokenConfig


class LastToken(nn.Module):
    """State of the last real token, repeated; no parameters, only the output stage's scale learns.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` (padding on the right) -> `[B, K, d_r]`.
    """

    def __init__(self, config: LastTokenConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        self.soft_tokens = soft_tokens
        self.carry = Carry(d_sender, d_receiver)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Repeat the last state."""
        rows = torch.arange(len(states), device=states.device)
        return repeat(self.carry(states[rows, mask.sum(1) - 1]), self.soft_tokens)
