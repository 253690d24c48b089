"""Rectified flow (Liu et al. 2023): straight paths from noise x_0 to data x_1, and Euler steps along them."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

SEED = 0


def interpolated(embeds: Tensor, mask: Tensor | None, soft_tokens: int) -> Tensor:
    """Resize each row's real tokens to K by linear interpolation along the sequence, ends onto ends (phase 12).

    Shapes: embeds `[B, T, d]`, mask `[B, T]` (padding on the right) -> `[B, K, d]`. Without a mask padding counts
    as text, as recorded.
    """
    items, longest, width = embeds.shape
    lengths = torch.full((items,), longest, device=embeds.device) if mask is None else mask.sum(1)
    places = torch.linspace(0, 1, soft_tokens, device=embeds.device) * (lengths - 1).unsqueeze(1)
    low = places.floor().long()
    high = torch.minimum(low + 1, (lengths - 1).unsqueeze(1))
    left, right = (embeds.gather(1, at.unsqueeze(-1).expand(-1, -1, width)) for at in (low, high))
    return left + (places - low).unsqueeze(-1).to(embeds.dtype) * (right - left)


def padded(embeds: Tensor, mask: Tensor | None, soft_tokens: int) -> Tensor:
    """Cut each row, or fill it with zeros, to K tokens (phases 13 and 14).

    Shapes: embeds `[B, T, d]`, mask `[B, T]` -> `[B, K, d]`. Without a mask padding stays what it is, as recorded.
    """
    real = embeds if mask is None else embeds * mask.unsqueeze(-1).to(embeds.dtype)
    return F.pad(real[:, :soft_tokens], (0, 0, 0, max(0, soft_tokens - embeds.shape[1])))


def on_path(x0: Tensor, x1: Tensor, t: Tensor) -> Tensor:
    """x_t = t·x_1 + (1 - t)·x_0: `[B, K, d]`, `[B, K, d]`, `[B]` -> `[B, K, d]`."""
    t = t[:, None, None]
    return t * x1 + (1 - t) * x0


def flow_loss(velocity: Callable[[Tensor, Tensor], Tensor], x1: Tensor, x0: Tensor, t: Tensor) -> Tensor:
    """Mean squared error of the velocity at x_t against x_1 - x_0, in fp32.

    Shapes: velocity maps `[B, K, d]`, `[B]` to `[B, K, d]`; x1, x0 `[B, K, d]`, t `[B]`.
    """
    return F.mse_loss(velocity(on_path(x0, x1, t), t).float(), (x1 - x0).float())


def draw(x1: Tensor) -> tuple[Tensor, Tensor]:
    """x_0 ~ N(0, I) and t ~ U(0, 1) for a batch, from torch's generator.

    On the CPU, so that every device trains on the same numbers.
    """
    t = torch.rand(len(x1), device="cpu")
    x0 = torch.randn(x1.shape, device="cpu")
    return x0.to(x1.device), t.to(x1.device)


def starts(items: int, shape: tuple[int, int], shared: bool, device: torch.device) -> Tensor:
    """Where sampling starts, `[B, K, d]` fp32, from a fixed seed.

    Shared: the same `[K, d]` for every item, so that different results come from different inputs. Else item by
    item in batch order, so that an item's start depends on its place.
    """
    generator = torch.Generator().manual_seed(SEED)
    # Item by item: the first numbers of a longer draw need not be those of a shorter one.
    drawn = [torch.randn(shape, generator=generator, device="cpu") for _ in range(1 if shared else items)]
    return torch.stack(drawn).expand(items, -1, -1).to(device)


def euler(velocity: Callable[[Tensor, Tensor], Tensor], x0: Tensor, steps: int) -> Tensor:
    """Follow the velocity from t=0 to t=1 in equal steps; x stays in fp32."""
    x = x0.float()
    for step in range(steps):
        t = torch.full((len(x),), step / steps, device=x.device)
        x = x + velocity(x, t).float() / steps
    return x
