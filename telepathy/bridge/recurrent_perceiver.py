"""Latent chain of thought: rounds of soft tokens, each reading the states and the round before (phase 19)."""

import torch
from torch import Tensor, nn

from telepathy.bridge.attention import between, latents, perceiver_layers
from telepathy.config.parts import RecurrentPerceiver as RecurrentPerceiverConfig


class RecurrentPerceiver(nn.Module):
    """R rounds of K/R tokens; the layers are shared, each round has its own latents and step embedding.

    A round's self-attention also reads the previous round's result, through the layer's own norm. All rounds are
    concatenated. Step embeddings start at N(0, 1), as recorded.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.
    """

    def __init__(self, config: RecurrentPerceiverConfig, soft_tokens: int, d_sender: int, d_receiver: int):
        super().__init__()
        if soft_tokens % config.rounds:
            raise ValueError(f"soft_tokens {soft_tokens} is not a multiple of rounds {config.rounds}")
        width = config.width or d_receiver
        self.latents = latents(config.rounds, soft_tokens // config.rounds, width)
        self.steps = nn.Parameter(torch.randn(config.rounds, width))
        self.into = between(d_sender, width)
        self.layers = perceiver_layers(config.depth, width, config.heads)
        self.out = between(width, d_receiver)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Think in rounds and give all of them."""
        keys = self.into(states)
        rounds: list[Tensor] = []
        for start, step in zip(self.latents, self.steps, strict=True):
            x = (start + step).to(keys.dtype).expand(len(states), -1, -1)
            for layer in self.layers:
                x = layer(x, keys, mask, rounds[-1] if rounds else None)
            rounds.append(x)
        return self.out(torch.cat(rounds, dim=1))
