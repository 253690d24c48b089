"""Which class builds which body."""

from torch import nn

from telepathy.bridge.flow_cross import FlowCross
from telepathy.bridge.flow_hybrid import FlowHybrid
from telepathy.bridge.flow_pooled import FlowPooled
from telepathy.bridge.iterated import Iterated
from telepathy.bridge.last_token import LastToken
from telepathy.bridge.linear import Linear
from telepathy.bridge.mean_pool import MeanPool
from telepathy.bridge.mlp import MLP
from telepathy.bridge.perceiver import Perceiver
from telepathy.bridge.recurrent_perceiver import RecurrentPerceiver
from telepathy.bridge.small_perceiver import SmallPerceiver
from telepathy.config import parts


def make_body(
    config: parts.Body, soft_tokens: int, d_sender: int, d_receiver: int, receiver_rms: float = 1.0
) -> nn.Module:
    """Build a body at its initial weights: states `[B, T, d_s]`, mask `[B, T]` -> `[B, K, d_r]`.

    Args:
        config: the body's section; its class chooses the body.
        soft_tokens: K.
        d_sender: sender width d_s.
        d_receiver: receiver width d_r.
        receiver_rms: the receiver's embedding RMS, the unit of flow targets.
    """
    sizes = (soft_tokens, d_sender, d_receiver)
    match config:
        case parts.Perceiver():
            return Perceiver(config, *sizes)
        case parts.SmallPerceiver():
            return SmallPerceiver(config, *sizes)
        case parts.RecurrentPerceiver():
            return RecurrentPerceiver(config, *sizes)
        case parts.Iterated():
            return Iterated(config, *sizes)
        case parts.Linear():
            return Linear(config, *sizes)
        case parts.MLP():
            return MLP(config, *sizes)
        case parts.MeanPool():
            return MeanPool(config, *sizes)
        case parts.LastToken():
            return LastToken(config, *sizes)
        case parts.FlowPooled():
            return FlowPooled(config, *sizes, receiver_rms)
        case parts.FlowCross():
            return FlowCross(config, *sizes, receiver_rms)
        case parts.FlowHybrid():
            return FlowHybrid(config, *sizes, receiver_rms)
    raise TypeError(f"no body for {type(config).__name__}")
