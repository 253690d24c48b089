"""What a baseline hands back."""

from dataclasses import dataclass, field
from typing import Any

import torch

from telepathy.record import Row


@dataclass(frozen=True)
class Outcome:
    """Rows of a baseline, where they were computed, what it chose on validation rows; and times, never the same."""

    rows: list[Row]
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype | None = None
    resolved: dict[str, Any] = field(default_factory=dict)
    volatile: dict[str, Any] = field(default_factory=dict)
