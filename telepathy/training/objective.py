"""What a bridge is trained on: the loss terms of its recipe for one batch of items."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from telepathy.bridge.bridge import Bridge
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.data.prompts import Layout, make_layout
from telepathy.data.rows import Item
from telepathy.data.verbalizer import Verbalizer, make_verbalizer
from telepathy.losses import batch_div, projection, recon_cos
from telepathy.models.frozen import FrozenLM
from telepathy.receiver import label_loss, text_loss
from telepathy.store import LayerStore


@dataclass
class Objective:
    """The receiver's side of a run, the same for training and evaluation.

    Attributes:
        recipe: the bridge's recipe.
        task: what methods see of the task (prompts, labels; see `plan`).
        receiver: the frozen receiver.
        store: the sender's states.
    """

    recipe: BridgeConfig
    task: dict
    receiver: FrozenLM
    store: LayerStore

    @cached_property
    def layout(self) -> Layout:
        """The receiver's sequence."""
        primer = self.task["primer"] if self.recipe.primer is None else self.recipe.primer
        return make_layout(self.receiver, self.recipe.layout, primer, self.recipe.soft_tokens)

    @cached_property
    def verbalizer(self) -> Verbalizer | None:
        """The closed label set in the receiver's tokens; None for open answers."""
        labels = {label: self.layout.target(self.receiver, label) for label in self.task["labels"]}
        return make_verbalizer(labels, self.receiver.tokenizer.eos_token_id) if labels else None

    @cached_property
    def across(self) -> Tensor | None:
        """Map between the widths, for terms that compare directions."""
        return projection(self.store.width, self.receiver.width)

    def soft_tokens(self, bridge: Bridge, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Soft tokens `[B, K, d_r]` of texts (by hash), with the states `[B, T, d_s]` and mask they came from."""
        states, mask = self.store.batch(list(texts))
        states, mask = states.to(self.receiver.device), mask.to(self.receiver.device)
        low = self.receiver.dtype == torch.bfloat16
        with torch.autocast(states.device.type, torch.bfloat16, enabled=low and states.is_cuda):
            return bridge(states, mask), states, mask

    def terms(self, bridge: Bridge, items: Sequence[Item]) -> tuple[dict[str, Tensor], Tensor]:
        """Unweighted loss terms with a weight above 0, and the soft tokens."""
        weights = self.recipe.losses
        soft, states, mask = self.soft_tokens(bridge, [item.text_sha256 for item in items])
        terms: dict[str, Tensor] = {}
        if weights.lm:
            if self.verbalizer is not None:
                golds = [item.gold for item in items]
                terms["lm"] = label_loss(self.receiver, self.layout, self.verbalizer, golds, soft)
            else:
                limit = self.recipe.training.max_target_tokens
                targets = [self.layout.target(self.receiver, item.target or "")[:limit] for item in items]
                terms["lm"] = text_loss(self.receiver, self.layout, targets, soft)
        if weights.recon_cos:
            terms["recon_cos"] = recon_cos(soft, states, mask, self.across)
        if weights.batch_div:
            terms["batch_div"] = batch_div(soft)
        return terms, soft

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Weighted sum of the terms."""
        return torch.stack([getattr(self.recipe.losses, name) * term for name, term in terms.items()]).sum()
