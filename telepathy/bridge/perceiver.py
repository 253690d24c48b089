"""Perceiver resampler: learned latents read the sender's states (Jaegle et al. 2021; Alayrac et al. 2022)."""

from torch import Tensor, nn

from telepathy.bridge.attention import between, latents, perceiver_layers
from telepathy.config.parts import Perceiver as PerceiverConfig


class Perceiver(nn.Module):
    """The body of nearly all phases: K latents, N layers, no final norm, no positions on the latents.

    Keys and values are the states, through a linear map only where widths differ; likewise the output. With the
    receiver's own width, N=2 and K=16 at 4,096 this has 537,092,096 parameters (the recorded 537,092,097 include
    the output stage's scale).

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: PerceiverConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        width = config.width or d_receiver
        self.latents = latents(soft_tokens, width)
        self.into = between(d_sender, width)
        self.layers = perceiver_layers(config.depth, width, config.heads)
        self.out = between(width, d_receiver)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Resample states to K vectors of the receiver's width."""
        keys = self.into(states)
        x = self.latents.to(keys.dtype).expand(len(states), -1, -1)
        for layer in self.layers:
            x = layer(x, keys, mask)
        return self.out(x)
