"""Loss terms of the bridge (names as in `config.parts.Losses`), one file an idea. In fp32, means over the batch."""

from telepathy.losses.anchor import anchor_cos, anchor_mse
from telepathy.losses.cross_entropy import frozen_head_cross_entropy
from telepathy.losses.directions import projection, recon_cos
from telepathy.losses.diversity import batch_div, div_codes, div_count, div_var
from telepathy.losses.infonce import infonce
from telepathy.losses.reconstruction import recon_mse
from telepathy.losses.words import bow

__all__ = [
    "anchor_cos",
    "anchor_mse",
    "batch_div",
    "bow",
    "div_codes",
    "div_count",
    "div_var",
    "frozen_head_cross_entropy",
    "infonce",
    "projection",
    "recon_cos",
    "recon_mse",
]
