"""The record's "diffusion transformer": one stack of layers applied again and again, from noise, without a flow."""

import torch
from torch import Tensor, nn

from telepathy.bridge.attention import perceiver_layers
from telepathy.config.parts import Iterated as IteratedConfig

SEED = 42


class Iterated(nn.Module):
    """Latents start as noise; each round adds its step embedding and applies the same perceiver layers.

    Trained end to end like any other body: there is no velocity and no noise schedule. In training every item
    starts elsewhere, drawn from torch's generator. In evaluation the start comes from a fixed seed and is the same
    for every item, so that a result does not depend on the item's place in its batch.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: IteratedConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        width = config.width or d_receiver
        self.shape, self.noise = (soft_tokens, width), config.noise
        self.steps = nn.Parameter(torch.randn(config.rounds, width))
        self.into = nn.Linear(d_sender, width)
        self.layers = perceiver_layers(config.depth, width, config.heads)
        self.out = nn.Linear(width, d_receiver)

    def start(self, items: int) -> Tensor:
        """First latents `[B, K, w]`, on the CPU so that every device starts from the same numbers."""
        if self.training:
            return self.noise * torch.randn(items, *self.shape, device="cpu")
        generator = torch.Generator().manual_seed(SEED)
        return self.noise * torch.randn(self.shape, generator=generator, device="cpu").expand(items, -1, -1)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Refine noise to K vectors of the receiver's width."""
        keys = self.into(states)
        x = self.start(len(states)).to(keys)
        for step in self.steps:
            x = x + step.to(keys.dtype)
            for layer in self.layers:
                x = layer(x, keys, mask)
        return self.out(x)
