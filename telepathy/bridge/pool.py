"""One vector for each text, and one vector for all soft tokens: what the bodies without attention share."""

from torch import Tensor, nn

from telepathy.losses.directions import projection
from telepathy.store import pooled


def mean_state(states: Tensor, mask: Tensor) -> Tensor:
    """Masked mean over tokens, summed in fp32: `[B, T, d]`, `[B, T]` -> `[B, d]`."""
    return pooled(states.float(), mask).to(states.dtype)


def repeat(x: Tensor, soft_tokens: int) -> Tensor:
    """The same vector K times: `[B, d]` -> `[B, K, d]`."""
    return x.unsqueeze(1).expand(-1, soft_tokens, -1)


class Carry(nn.Module):
    """Carry vectors to another width without training anything.

    Where the widths agree this changes nothing. Where they differ, a seeded Gaussian map (see `losses.projection`)
    keeps lengths and angles up to a small error; it is a buffer, rebuilt from its seed and never stored.

    Shapes: `[..., d_s]` -> `[..., d_r]`.
    """

    def __init__(self, d_sender: int, d_receiver: int):
        super().__init__()
        self.register_buffer("across", projection(d_sender, d_receiver), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map the last dimension."""
        return x if self.across is None else x @ self.across.to(x.dtype)
