"""The bridge: normalizer -> body -> bottleneck -> output stage, from sender states to soft tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from telepathy.bridge.bodies import make_body
from telepathy.bridge.bottlenecks import make_bottleneck
from telepathy.bridge.coded import Coded
from telepathy.bridge.normalizer import Normalizer
from telepathy.bridge.output import OutputStage
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.errors import fail


@dataclass(frozen=True)
class Trace:
    """What a bridge makes of a batch.

    Attributes:
        soft: soft tokens `[B, K, d_r]`, fp32.
        resampled: the body's output `[B, K, d_r]`, before bottleneck and output stage.
        coded: the bottleneck's result, if there is one.
    """

    soft: Tensor
    resampled: Tensor
    coded: Coded | None


class Bridge(nn.Module):
    """All that is trained; sender and receiver stay frozen.

    States come in fp32 and are cast to the body's own arithmetic at its entrance; the output stage is in fp32.

    Shapes: states `[B, T, d_s]`, mask `[B, T]` bool -> soft tokens `[B, K, d_r]`.
    """

    def __init__(
        self,
        config: BridgeConfig,
        d_sender: int,
        d_receiver: int,
        receiver_rms: float,
        statistics: dict[str, Tensor] | None = None,
        sender_vocabulary: int | None = None,
    ):
        """Build a bridge at its initial weights; seed torch's generator before.

        Args:
            config: the recipe.
            d_sender: sender width d_s.
            d_receiver: receiver width d_r.
            receiver_rms: the receiver's embedding RMS: unit of the output scale's start and of flow targets.
            statistics: s_mean, s_std `[d_s]`, r_mean, r_std `[d_r]`, for normalizers that use them.
            sender_vocabulary: number of the sender's tokens, for the head that reads them.
        """
        super().__init__()
        self.normalizer = Normalizer(config.normalizer, statistics)
        self.body = make_body(config.body, config.soft_tokens, d_sender, d_receiver, receiver_rms)
        self.bottleneck = None if config.bottleneck is None else make_bottleneck(config.bottleneck, d_receiver)
        self.output = OutputStage(config.output, receiver_rms * config.output_gain, d_receiver)
        self.heads = nn.ModuleDict()
        if config.losses.recon_mse:
            self.heads["recon_mse"] = nn.Linear(d_receiver, d_sender)
        if config.losses.bow:
            if sender_vocabulary is None:
                raise ValueError("loss bow needs the size of the sender's vocabulary")
            self.heads["bow"] = nn.Linear(d_receiver, sender_vocabulary)

    def _entering(self, states: Tensor) -> Tensor:
        """States as the body takes them: normalised, in the arithmetic of its parameters."""
        dtype = next((one.dtype for one in self.body.parameters()), states.dtype)
        return self.normalizer(states).to(dtype)

    def trace(self, states: Tensor, mask: Tensor) -> Trace:
        """Soft tokens of a batch, and what they came from."""
        resampled = self.body(self._entering(states), mask)
        coded = None if self.bottleneck is None else self.bottleneck(resampled)
        return Trace(self.output(resampled if coded is None else coded.vectors), resampled, coded)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Soft tokens of a batch."""
        return self.trace(states, mask).soft

    def flow_loss(self, x1: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """Velocity error of a flow body for embeddings x_1 `[B, K, d_r]`."""
        return self.body.loss(x1, self._entering(states), mask)

    def read_mean(self, resampled: Tensor) -> Tensor:
        """What the head for `recon_mse` reads: `[B, K, d_r]` -> `[B, d_s]`."""
        head = self.heads["recon_mse"]
        return head(resampled.to(head.weight.dtype)).mean(1)

    def read_words(self, resampled: Tensor) -> Tensor:
        """What the head for `bow` reads from the largest entry over k: `[B, K, d_r]` -> `[B, V]`."""
        head = self.heads["bow"]
        return head(resampled.to(head.weight.dtype).amax(1))


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
    """Fill a trained module from a file; side heads, which only losses use, need not be in it.

    Raises:
        UserError: missing, damaged, or of another architecture.
    """
    try:
        missing, unknown = bridge.load_state_dict(load_file(path), strict=False)
        strange = [name for name in missing if not name.startswith("heads.")] + unknown
        if strange:
            raise RuntimeError(f"{strange[0]} and {len(strange) - 1} others do not match")
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise fail(path, f"not the weights of this run ({reason})", "run python -m telepathy.train") from None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch's generator start from `seed`, and restore it afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
