"""Rows of any trained run: a bridge's, or a receiver's that was tuned to read the text."""

from collections.abc import Sequence

from torch import nn

from telepathy.bridge.bridge import Bridge
from telepathy.data.rows import Item
from telepathy.evaluation.bridged import bridge_rows
from telepathy.record import Row
from telepathy.training.objective import Objective
from telepathy.tuned.objective import TunedObjective


def answer(module: nn.Module, objective: Objective | TunedObjective, items: Sequence[Item]) -> list[Row]:
    """Answer items, in their order."""
    if isinstance(objective, TunedObjective):
        return objective.rows(module, items)
    if not isinstance(module, Bridge):
        raise TypeError(f"{type(module).__name__} is no bridge")
    return bridge_rows(module, objective, items)
