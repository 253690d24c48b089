"""A frozen model that reads a task's prompt: what all baselines that show a model text have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from telepathy.baselines.memo import Memo
from telepathy.data.prompts import CONTENT_FREE, continuation, fit, reading
from telepathy.data.rows import Item
from telepathy.data.verbalizer import Verbalizer, make_verbalizer
from telepathy.device import deterministic, pick_device
from telepathy.evaluation.scoring import (
    Batch,
    batches,
    calibrated,
    label_rows,
    score_labels,
    text_rows,
    written_rows,
)
from telepathy.models.frozen import FrozenLM, frozen
from telepathy.models.prefix import SharedPrefix, beginning, can_share
from telepathy.receiver import label_scores
from telepathy.record import Row

WRITTEN_TOKENS = 10
"""Length of a written answer to a closed label set, as in the record."""

SCORES: Memo[Tensor] = Memo(8)
"""Plain label scores of this process: the plain run, the calibrated one and the ensemble read the same prompts."""


@dataclass(frozen=True)
class TextReader:
    """A model with a task's zero-shot prompt.

    Attributes:
        folder: where the model lies.
        model: the model.
        task: what methods see of the task.
    """

    folder: Path
    model: FrozenLM
    task: dict[str, Any]

    @property
    def template(self) -> str:
        """The prompt, with a place for the text."""
        return self.task["zero_shot_prompt"] or self.task["sender_prompt"]

    @cached_property
    def verbalizer(self) -> Verbalizer:
        """The labels as they follow the prompt, in the model's tokens."""
        labels = {label: self.model.tokens(continuation(self.template, label)) for label in self.task["labels"]}
        return make_verbalizer(labels, self.model.tokenizer.eos_token_id)

    def prompt(self, text: str, max_tokens: int | None = None) -> str:
        """The filled prompt, the text cut to what the task (or `max_tokens`) allows."""
        return fit(self.model, self.template, text, max_tokens or self.task["max_tokens"])

    def prior(self) -> Tensor:
        """Log-probabilities of the labels `[labels]` for texts without content (Zhao et al. 2021)."""
        empty = [reading(self.model, self.prompt(text)) for text in CONTENT_FREE]
        return torch.logsumexp(label_scores(self.model, empty, self.verbalizer, None), 0).log_softmax(-1)

    def scores(self, items: Sequence[Item], prompts: Sequence[str], prior: Tensor | None = None) -> Tensor:
        """Log-probabilities of the labels `[items, labels]`; computed once a process for the same prompts."""
        settings = [str(self.folder), str(self.model.device), str(self.model.dtype), self.template, self.task["labels"]]
        shown = [[item.id, item.text_sha256, prompt] for item, prompt in zip(items, prompts, strict=True)]

        def score() -> Tensor:
            return score_labels(self.model, items, self.verbalizer, self._source(items, self._rows(prompts)))

        plain = SCORES.get([settings, shown], score)
        return plain if prior is None else calibrated(plain, prior)

    def scores_after_shots(self, items: Sequence[Item], prompts: Sequence[str]) -> Tensor:
        """The same for prompts that begin alike: the model reads their common beginning once."""
        rows, shared = self._rows(prompts), None
        if can_share(self.model) and (first := beginning(rows)):
            shared, rows = SharedPrefix(self.model, first), [row[len(first) :] for row in rows]
        return score_labels(self.model, items, self.verbalizer, self._source(items, rows), shared=shared)

    def answers(
        self, items: Sequence[Item], prompts: Sequence[str], way: str = "scored", prior: Tensor | None = None
    ) -> list[Row]:
        """Rows of items: labels `scored` (by a prior, if given) or `written`; open answers are always written."""
        labels = self.task["labels"]
        if labels and way == "scored":
            return label_rows(items, labels, self.scores(items, prompts, prior), prompts)
        source = self._source(items, self._rows(prompts))
        if labels:
            return written_rows(self.model, items, labels, source, prompts, WRITTEN_TOKENS)
        return text_rows(self.model, items, self.task, source, prompts)

    def _rows(self, prompts: Sequence[str]) -> list[list[int]]:
        return [reading(self.model, prompt) for prompt in prompts]

    def _source(self, items: Sequence[Item], rows: Sequence[list[int]]) -> Iterator[Batch]:
        by_id = dict(zip((item.id for item in items), rows, strict=True))

        def prepare(chosen: list[Item]) -> tuple[list[list[int]], None]:
            return [by_id[item.id] for item in chosen], None

        return batches(items, prepare)


def open_reader(spec: dict[str, Any], cache: Path, role: str) -> TextReader:
    """The model of a run's role (`reader`, `sender`, `receiver`) with the run's task."""
    deterministic()
    folder = cache / "models" / spec["models"][role]
    return TextReader(folder, frozen(folder, spec["compute"], pick_device()), spec["task"])
