"""The bridge: normalizer -> body -> output stage, from sender states to soft tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from telepathy.bridge.normalizer import Normalizer
from telepathy.bridge.output import OutputStage
from telepathy.bridge.perceiver import Perceiver
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.errors import fail


class Bridge(nn.Module):
    """All that is trained; sender and receiver stay frozen.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` bool -> soft tokens `[B, K, d_r]`.
    """

    def __init__(
        self,
        config: BridgeConfig,
        d_sender: int,
        d_receiver: int,
        receiver_rms: float,
        statistics: dict[str, Tensor] | None = None,
    ):
        """Build a bridge at its initial weights; seed torch's generator before.

        Args:
            config: the recipe.
            d_sender: sender width d_s.
            d_receiver: receiver width d_r.
            receiver_rms: start of the output scale unless the recipe sets one.
            statistics: s_mean, s_std `[d_s]`, r_mean, r_std `[d_r]`, for normalizers that use them.
        """
        super().__init__()
        self.normalizer = Normalizer(config.normalizer, statistics)
        self.body = Perceiver(config.body, config.soft_tokens, d_sender, d_receiver)
        self.output = OutputStage(config.output, config.output_init or receiver_rms, d_receiver)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Soft tokens of a batch."""
        return self.output(self.body(self.normalizer(states), mask))


def load_statistics(folder: Path) -> dict[str, Tensor]:
    """Read a calibration.

    Raises:
        UserError: missing or damaged.
    """
    path = folder / "statistics.safetensors"
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise fail(path, f"not readable ({error})", "run python -m telepathy.calibrate") from None


def load_weights(bridge: nn.Module, path: Path) -> None:
    """Fill a bridge from a file.

    Raises:
        UserError: missing, damaged, or of another architecture.
    """
    try:
        bridge.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise fail(path, f"not the weights of this bridge ({reason})", "run python -m telepathy.train") from None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch's generator start from `seed`, and restore it afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
