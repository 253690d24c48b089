"""What a baseline hands back, and how it becomes a raw run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from telepathy.data.rows import Item
from telepathy.device import Stopwatch
from telepathy.provenance import code_sha256, data_sha256, overlap, weights_sha256
from telepathy.record import Row, write_run

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Fitted:
    """A baseline that has made all its choices, from training and validation rows.

    Attributes:
        answer: gives the rows of items, in their order; the only function that ever sees test rows.
        resolved: what was chosen; `answer` may add what it did.
        device: where it computes.
        dtype: arithmetic of the models; None where there are none.
    """

    answer: Callable[[list[Item]], list[Row]]
    resolved: dict[str, Any] = field(default_factory=dict)
    device: torch.device = CPU
    dtype: torch.dtype | None = None


@dataclass(frozen=True)
class Outcome:
    """Rows of a baseline, where they were computed, what it chose on validation rows; and times, never the same."""

    rows: list[Row]
    device: torch.device = CPU
    dtype: torch.dtype | None = None
    resolved: dict[str, Any] = field(default_factory=dict)
    volatile: dict[str, Any] = field(default_factory=dict)


def write_outcome(
    outcome: Outcome, spec: dict[str, Any], cache: Path, out: Path, watch: Stopwatch, module: str
) -> None:
    """Write the raw run of an outcome; `module` is the one whose sources made it."""
    watch.device, watch.dtype = outcome.device, outcome.dtype
    record = {
        "spec": {key: value for key, value in spec.items() if key not in ("id", "name", "uses")},
        "id": spec["id"],
        "resolved": outcome.resolved,
        "inputs": {
            "code": code_sha256(module),
            "data": data_sha256(cache / "data" / spec["data"]),
            "overlap": overlap(cache / "data" / spec["data"]),
            "weights": weights_sha256(cache, spec["models"]),
        },
    }
    write_run(out, record, outcome.rows, watch.environment() | outcome.volatile)
