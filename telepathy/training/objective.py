"""What a bridge is trained on: the loss terms of its recipe for one batch of items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from telepathy import losses
from telepathy.bridge.bridge import Bridge, Trace
from telepathy.bridge.flow import interpolated, padded
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.data.prompts import Layout, fill, make_layout
from telepathy.data.rows import Item
from telepathy.data.verbalizer import Verbalizer, make_verbalizer
from telepathy.live import LiveStates
from telepathy.models.frozen import FrozenLM
from telepathy.receiver import label_loss, text_loss
from telepathy.store import LayerStore
from telepathy.training.parallel import ALONE, Team

MOST_QUESTION_TOKENS = 512


@dataclass
class Objective:
    """The receiver's side of a run, the same for training and evaluation.

    Attributes:
        recipe: the bridge's recipe.
        task: what methods see of the task (prompts, labels; see `plan`).
        receiver: the frozen receiver.
        store: the sender's states.
        sender_words: the sender's token ids of a text, for the bag-of-words term; else None.
        team: the processes that train together; in a team the `lm` term is this process's part of it.
    """

    recipe: BridgeConfig
    task: dict
    receiver: FrozenLM
    store: LayerStore | LiveStates
    sender_words: Callable[[str], list[int]] | None = None
    team: Team = ALONE

    @cached_property
    def layout(self) -> Layout:
        """The receiver's sequence."""
        primer = self.task["primer"] if self.recipe.primer is None else self.recipe.primer
        shown = self.recipe.evaluation
        return make_layout(
            self.receiver,
            self.recipe.layout,
            primer,
            self.recipe.soft_tokens,
            shown.layout if shown else None,
            shown.primer if shown else None,
        )

    @cached_property
    def verbalizer(self) -> Verbalizer | None:
        """The closed label set in the receiver's tokens; None for open answers."""
        labels = {label: self.layout.target(self.receiver, label) for label in self.task["labels"]}
        return make_verbalizer(labels, self.receiver.tokenizer.eos_token_id) if labels else None

    @cached_property
    def across(self) -> Tensor | None:
        """Map between the widths, for terms that compare directions."""
        return losses.projection(self.store.width, self.receiver.width)

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the loss terms."""
        return self.recipe.losses.weights

    @property
    def sender_prompt(self) -> str:
        """What the sender reads."""
        return self.recipe.sender_prompt or self.task["sender_prompt"]

    @property
    def max_new_tokens(self) -> int:
        """Length of a generated answer; twice the task's where the question is written out first."""
        return self.task["max_new_tokens"] * (2 if self.recipe.target == "question_answer" else 1)

    def states(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States `[B, T, d_s]` and mask `[B, T]` of texts (by hash), on the receiver's device."""
        states, mask = self.store.batch(list(texts))
        return states.to(self.receiver.device), mask.to(self.receiver.device)

    def autocast(self) -> torch.autocast:
        """bf16 arithmetic of the bridge on a GPU; its weights stay as they are."""
        kind = self.receiver.device.type
        low = self.receiver.dtype == torch.bfloat16 and kind == "cuda"
        return torch.autocast(kind, torch.bfloat16, enabled=low)

    def soft_tokens(self, bridge: Bridge, texts: Sequence[str]) -> Tensor:
        """Soft tokens `[B, K, d_r]` of texts (by hash)."""
        with self.autocast():
            return bridge(*self.states(texts))

    def terms(self, bridge: Bridge, items: Sequence[Item]) -> tuple[dict[str, Tensor], Tensor | None]:
        """Unweighted loss terms with a weight above 0; and the soft tokens, None where no term needs them."""
        wanted = self.weights
        sources = items
        if self.recipe.training.broken == "sources":
            # A control: every row learns its target from the next row's source.
            sources = [*items[1:], items[0]]
        states, mask = self.states([item.text_sha256 for item in sources])
        with self.autocast():
            if set(wanted) == {"flow"}:
                return {"flow": self._flow(bridge, items, states, mask)}, None
            trace = bridge.trace(states, mask)
            return {name: self._term(name, bridge, items, trace, states, mask) for name in wanted}, trace.soft

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Weighted sum of the terms."""
        return torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()

    def lm(self, items: Sequence[Item], soft: Tensor) -> Tensor:
        """The receiver's cross-entropy over the targets, given soft tokens `[B, K, d_r]`.

        In a team the receiver reads this process's rows alone; the team's mean is the cross-entropy of the batch.
        """
        own = self.team.share(len(items))
        if self.verbalizer is not None and self.recipe.target != "label_text":
            before = [*self.layout.trained, *self.layout.lead]
            golds = [item.gold for item in items]
            loss = label_loss(self.receiver, [before] * len(items), self.verbalizer, golds, soft, own)
        else:
            first = self.recipe.losses.first_tokens
            loss = text_loss(
                self.receiver,
                self.layout,
                [self.target(item) for item in items],
                soft,
                (first.count, first.weight) if first else None,
                self.recipe.training.mask_padding,
                own,
            )
        return loss if self.team.size == 1 else self.team.size * loss

    def target(self, item: Item) -> list[int]:
        """Token ids of an item's text target."""
        answer = item.gold if item.target is None or self.recipe.target == "final" else item.target
        limit = self.recipe.training.max_target_tokens
        if self.recipe.target == "question_answer":
            answer, limit = f"{item.text}\nAnswer: {answer}", 2 * limit
        return self.layout.target(self.receiver, answer)[:limit]

    def _term(
        self, name: str, bridge: Bridge, items: Sequence[Item], trace: Trace, states: Tensor, mask: Tensor
    ) -> Tensor:
        settings, soft, coded = self.recipe.losses, trace.soft, trace.coded
        match name:
            case "lm":
                return self.lm(items, soft)
            case "recon_cos":
                return losses.recon_cos(soft, states, mask, self.across)
            case "infonce":
                return losses.infonce(soft, settings.tau)
            case "anchor_mse":
                unit = self.receiver.embedding_rms if settings.anchor_relative else None
                return losses.anchor_mse(soft, *self._anchors(items), unit)
            case "anchor_cos":
                return losses.anchor_cos(soft, *self._anchors(items))
            case "recon_mse":
                return losses.recon_mse(bridge.read_mean(trace.resampled), states, mask)
            case "bow":
                return losses.bow(bridge.read_words(trace.resampled), self._words(items))
            case "vq" | "entropy":
                return coded.errors[name] if name == "vq" else -coded.errors[name]
            case "div_count":
                return losses.div_count(coded.codes)
            case "div_codes":
                return losses.div_codes(coded.entries)
            case "div_var":
                return losses.div_var(coded.entries)
            case "batch_div":
                return losses.batch_div(soft)
        raise ValueError(f"no loss term {name}")

    def _anchors(self, items: Sequence[Item]) -> tuple[Tensor, Tensor]:
        """Receiver embeddings `[B, T, d_r]` and mask `[B, T]` of the text that the anchor terms look at."""
        if self.recipe.losses.anchor_to == "question":
            rows = [self._question(item) for item in items]
        else:
            rows = [self.target(item) for item in items]
        return self._embedded(rows)

    def _question(self, item: Item) -> list[int]:
        return self.receiver.tokens(fill(self.sender_prompt, item.text))[:MOST_QUESTION_TOKENS]

    def _embedded(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        ids = torch.full((len(rows), max(map(len, rows))), self.receiver.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids, dtype=torch.bool)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = True
        with torch.no_grad():
            embeds = self.receiver.embed(ids.to(self.receiver.device)).float()
        return embeds, mask.to(self.receiver.device)

    def _words(self, items: Sequence[Item]) -> list[list[int]]:
        if self.sender_words is None:
            raise ValueError("the bag-of-words term needs the sender's tokenizer")
        return [sorted(set(self.sender_words(fill(self.sender_prompt, item.text)))) for item in items]

    def _flow(self, bridge: Bridge, items: Sequence[Item], states: Tensor, mask: Tensor) -> Tensor:
        """Velocity error towards the embeddings that the recipe's body aims at."""
        count = self.recipe.soft_tokens
        if self.recipe.body.target == "question_padded":
            embeds, real = self._embedded([self._question(item) for item in items])
            x1 = padded(embeds, real, count)
        else:
            embeds, real = self._embedded([self.layout.scored(self.target(item)) for item in items])
            x1 = interpolated(embeds, real if self.recipe.training.mask_padding else None, count)
        return bridge.flow_loss(x1, states, mask)
