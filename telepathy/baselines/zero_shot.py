"""One model reads the text itself; plain, or with contextual calibration (Zhao et al. 2021)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from telepathy.baselines.outcome import Outcome
from telepathy.data.prompts import CONTENT_FREE, continuation, fit, reading
from telepathy.data.rows import Item, read_split
from telepathy.data.verbalizer import make_verbalizer
from telepathy.device import deterministic, pick_device
from telepathy.evaluation.scoring import batches, label_rows, score_labels, text_rows
from telepathy.models.frozen import frozen
from telepathy.receiver import label_scores


def run(spec: dict[str, Any], cache: Path) -> Outcome:
    """Evaluate on the test rows."""
    deterministic()
    task = spec["task"]
    reader = frozen(cache / "models" / spec["models"]["reader"], spec["compute"], pick_device())
    items = read_split(cache / "data" / spec["data"], "test")
    template = task["zero_shot_prompt"] or task["sender_prompt"]

    def prompt(text: str) -> str:
        return fit(reader, template, text, task["max_tokens"])

    prompts = [prompt(item.text) for item in items]
    by_id = dict(zip((item.id for item in items), prompts, strict=True))

    def prepare(chosen: Sequence[Item]) -> tuple[list[list[int]], None]:
        return [reading(reader, by_id[item.id]) for item in chosen], None

    source = batches(items, prepare)
    if not task["labels"]:
        return Outcome(text_rows(reader, items, task, source, prompts), reader.device, reader.dtype)
    labels = {label: reader.tokens(continuation(template, label)) for label in task["labels"]}
    verbalizer = make_verbalizer(labels, reader.tokenizer.eos_token_id)
    prior = None
    if spec["recipe"]["calibrated"]:
        empty = [reading(reader, prompt(text)) for text in CONTENT_FREE]
        prior = torch.logsumexp(label_scores(reader, empty, verbalizer, None), 0).log_softmax(-1)
    scores = score_labels(reader, items, verbalizer, source, prior)
    return Outcome(label_rows(items, verbalizer.labels, scores, prompts), reader.device, reader.dtype)
