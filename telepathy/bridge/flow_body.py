"""What the flow bodies share: a velocity network between two projections, its loss and its sampler."""

import torch
from torch import Tensor, nn

from telepathy.bridge.attention import between, latents
from telepathy.bridge.flow import draw, euler, flow_loss, starts
from telepathy.bridge.flow_blocks import GatedBlock, ModulatedBlock, TimeEmbedding
from telepathy.config.parts import FlowCross, FlowHybrid, FlowPooled


class FlowBody(nn.Module):
    """A flow from noise to embeddings; bodies differ in their blocks and in `gist`.

    The flow lives in the receiver's width, and the network maps d_r -> w -> d_r. With `learned_target` it lives in
    w: the target is W_in·x_1, which trains W_in inside the target, and W_out maps samples back but never gets a
    gradient (the record's phases 13 and 14). With `scaled` the target is x_1 in units of the receiver's embedding
    RMS, as large as the noise, and samples are multiplied back.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`, sampled; x_t `[B, K, d]` with d = d_r or w.
    """

    def __init__(
        self,
        config: FlowPooled | FlowCross | FlowHybrid,
        soft_tokens: int,
        d_sender: int,
        d_receiver: int,
        unit: float,
        block: type[ModulatedBlock] | type[GatedBlock],
    ):
        """Build the network.

        Args:
            config: the body's section.
            soft_tokens: K.
            d_sender: sender width d_s.
            d_receiver: receiver width d_r.
            unit: the receiver's embedding RMS, used with `scaled`.
            block: which blocks to stack.
        """
        super().__init__()
        width = config.width or d_receiver
        self.unit = unit if config.scaled else 1.0
        self.learned_target, self.shared_noise = config.learned_target, config.shared_noise
        self.sampler_steps = config.sampler_steps
        self.shape = (soft_tokens, width if config.learned_target else d_receiver)
        self.source = nn.Linear(d_sender, width)
        self.time = TimeEmbedding(width)
        self.positions = latents(soft_tokens, width)
        self.into = nn.Linear(d_receiver, width) if config.learned_target else between(d_receiver, width)
        self.blocks = nn.ModuleList(block(width, config.heads, config.dropout) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        self.back = nn.Linear(width, d_receiver)

    def gist(self, keys: Tensor, mask: Tensor) -> Tensor:
        """What modulation knows of the source beside the time: keys `[B, T, w]`, mask `[B, T]` -> `[B, w]`."""
        return keys.new_zeros(len(keys), keys.shape[-1])

    def velocity(self, x_t: Tensor, t: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """Predicted x_1 - x_0 at x_t `[B, K, d]` and t `[B]`."""
        keys = self.source(states)
        return self._velocity(x_t, t, keys, mask, self.gist(keys, mask))

    def _velocity(self, x_t: Tensor, t: Tensor, keys: Tensor, mask: Tensor, gist: Tensor) -> Tensor:
        x = x_t.to(self.positions.dtype)
        x = (x if self.learned_target else self.into(x)) + self.positions
        condition = self.time(t) + gist
        for block in self.blocks:
            x = block(x, condition, keys, mask)
        x = self.norm(x)
        return x if self.learned_target else self.back(x)

    def loss(self, x1: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """Velocity error for embeddings x_1 `[B, K, d_r]`, at a random time and from random noise."""
        target = x1.float() / self.unit
        if self.learned_target:
            target = self.into(target.to(self.positions.dtype))
        x0, t = draw(target)
        return flow_loss(lambda x_t, at: self.velocity(x_t, at, states, mask), target.float(), x0, t)

    @torch.no_grad()
    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Sample."""
        keys = self.source(states)
        gist = self.gist(keys, mask)
        x0 = starts(len(states), self.shape, self.shared_noise, states.device)
        x = euler(lambda x_t, t: self._velocity(x_t, t, keys, mask, gist), x0, self.sampler_steps)
        if self.learned_target:
            x = self.back(x.to(self.back.weight.dtype))
        return x * self.unit
