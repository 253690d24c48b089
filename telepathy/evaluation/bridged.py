"""Rows of a bridge: sender states -> soft tokens -> receiver -> label or text."""

from collections.abc import Sequence

import torch
from torch import Tensor

from telepathy.bridge.bridge import Bridge
from telepathy.data.prompts import fill
from telepathy.data.rows import Item
from telepathy.evaluation.scoring import batches, label_rows, score_labels, text_rows
from telepathy.record import Row
from telepathy.training.objective import Objective


@torch.no_grad()
def bridge_rows(
    bridge: Bridge, objective: Objective, items: Sequence[Item], replaced: Sequence[Tensor] | None = None
) -> list[Row]:
    """Evaluate a bridge on items, in their order.

    Args:
        bridge: a trained bridge.
        objective: the receiver's side.
        items: what is scored.
        replaced: soft tokens `[K, d_r]` to use for each item in place of the bridge's own (controls).
    """
    bridge.eval()
    instead = None
    if replaced is not None:
        instead = {item.id: soft for item, soft in zip(items, replaced, strict=True)}

    def prepare(chosen: list[Item]) -> tuple[list[list[int]], Tensor]:
        if instead is not None:
            return [objective.layout.prefix] * len(chosen), torch.stack([instead[item.id] for item in chosen])
        soft = objective.soft_tokens(bridge, [item.text_sha256 for item in chosen])
        return [objective.layout.prefix] * len(chosen), soft

    prompts = [f"{fill(objective.sender_prompt, item.text)}\0{objective.layout.shown}" for item in items]
    source = batches(items, prepare)
    if objective.verbalizer is not None:
        scores = score_labels(objective.receiver, items, objective.verbalizer, source)
        rows = label_rows(items, objective.verbalizer.labels, scores, prompts)
    else:
        task = objective.task | {"max_new_tokens": objective.max_new_tokens}
        rows = text_rows(objective.receiver, items, task, source, prompts)
    bridge.train()
    return rows
