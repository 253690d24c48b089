"""What prompt tuning and LoRA are trained on: the label, after the text. Same loss, verbalizer and rows as a bridge."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from telepathy.config.methods import LoRA, PromptTuning
from telepathy.data.prompts import SOFT, continuation, fit
from telepathy.data.rows import Item
from telepathy.data.verbalizer import Verbalizer, make_verbalizer
from telepathy.evaluation.scoring import batches, label_rows, score_labels
from telepathy.models.frozen import FrozenLM
from telepathy.receiver import label_loss
from telepathy.record import Row
from telepathy.training.parallel import ALONE, Team


@dataclass
class TunedObjective:
    """The receiver's side of a run that has no sender.

    Sequence: beginning token, soft prompt (if any), the ordinary zero-shot prompt with the text, label. Without the
    text: beginning token, soft prompt, primer, label.

    Attributes:
        recipe: prompt tuning or LoRA.
        task: what methods see of the task; a closed label set.
        receiver: the receiver, frozen but for its adapters.
        team: the processes that train together; in a team the loss is this process's part of it.
    """

    recipe: PromptTuning | LoRA
    task: dict
    receiver: FrozenLM
    team: Team = ALONE

    @property
    def weights(self) -> dict[str, float]:
        """The one loss term."""
        return {"lm": 1.0}

    @property
    def blind(self) -> bool:
        """Whether the receiver does without the text."""
        return isinstance(self.recipe, PromptTuning) and not self.recipe.text

    @property
    def soft_tokens(self) -> int:
        """K, 0 for LoRA."""
        return self.recipe.soft_tokens if isinstance(self.recipe, PromptTuning) else 0

    @cached_property
    def template(self) -> str:
        """What stands before the label."""
        return self.task["primer"] if self.blind else self.task["zero_shot_prompt"] or self.task["sender_prompt"]

    @cached_property
    def verbalizer(self) -> Verbalizer:
        """The label set in the receiver's tokens."""
        labels = {label: self.receiver.tokens(continuation(self.template, label)) for label in self.task["labels"]}
        return make_verbalizer(labels, self.receiver.tokenizer.eos_token_id)

    def prompt(self, item: Item) -> str:
        """What the receiver reads of an item."""
        if self.blind:
            return self.template
        return fit(self.receiver, self.template, item.text, self.task["max_tokens"])

    def prefix(self, item: Item) -> list[int]:
        """Token ids before the label, soft tokens as `SOFT`."""
        return [*self.receiver.bos, *[SOFT] * self.soft_tokens, *self.receiver.tokens(self.prompt(item))]

    def terms(self, module: nn.Module, items: Sequence[Item]) -> tuple[dict[str, Tensor], Tensor | None]:
        """The loss of a batch, and the soft prompt `[B, K, d_r]` if there is one."""
        soft = module(len(items))
        prefixes, golds = [self.prefix(item) for item in items], [item.gold for item in items]
        own = self.team.share(len(items))
        loss = label_loss(self.receiver, prefixes, self.verbalizer, golds, soft, own)
        return {"lm": loss if self.team.size == 1 else self.team.size * loss}, soft

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The loss."""
        return terms["lm"]

    @torch.no_grad()
    def rows(self, module: nn.Module, items: Sequence[Item]) -> list[Row]:
        """Answer items, in their order."""
        module.eval()

        def prepare(chosen: list[Item]) -> tuple[list[list[int]], Tensor | None]:
            return [self.prefix(item) for item in chosen], module(len(chosen))

        scores = score_labels(self.receiver, items, self.verbalizer, batches(items, prepare))
        prompts = [f"{self.soft_tokens}\0{self.prompt(item)}" for item in items]
        module.train()
        return label_rows(items, self.verbalizer.labels, scores, prompts)
