"""The perceiver of the record's ablation grids: cross-attention alone."""

from torch import Tensor, nn

from telepathy.bridge.attention import Attention, between, latents
from telepathy.config.parts import SmallPerceiver as SmallPerceiverConfig

START = 0.01
"""Standard deviation of the output map's first weights."""


class SmallPerceiver(nn.Module):
    """Residual cross-attention without norms, self-attention, feed-forward layers or a padding mask.

    Not invariant to padding: padded positions are read like any other, so that a result depends on the longest text
    of its batch. 6,308,352 parameters at width 512, N=2, K=16 between models of width 4,096: 8,192 latents, 2 x
    1,050,624 of attention, and the two linear maps between the widths.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` (unread) -> `[B, K, d_r]`.
    """

    def __init__(self, config: SmallPerceiverConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        width = config.width or d_receiver
        self.latents = latents(soft_tokens, width)
        self.into = between(d_sender, width)
        self.layers = nn.ModuleList(Attention(width, config.heads) for _ in range(config.depth))
        self.out = nn.Linear(width, d_receiver)
        nn.init.normal_(self.out.weight, std=START)
        nn.init.zeros_(self.out.bias)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Read states, padding included, into K vectors of the receiver's width."""
        keys = self.into(states)
        x = self.latents.to(keys.dtype).expand(len(states), -1, -1)
        for attend in self.layers:
            x = x + attend(x, keys)
        return self.out(x)
