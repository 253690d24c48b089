"""Ridge regression from a state of the sender to the receiver's embedding of the class name, as one soft token.

The closed-form relative of a bridge: what it predicts is scaled to the size of the receiver's embeddings and read by
the receiver where a bridge would put its soft tokens. The record chose the strength on test rows; here the receiver's
accuracy on validation rows decides (the smallest strength among equals).
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from telepathy.baselines.outcome import Fitted
from telepathy.baselines.states import features
from telepathy.data.prompts import Layout, fill, make_layout
from telepathy.data.rows import Item, read_split
from telepathy.data.verbalizer import make_verbalizer
from telepathy.device import deterministic, pick_device
from telepathy.evaluation.scoring import batches, label_accuracy, label_rows, score_labels
from telepathy.live import open_states
from telepathy.models.frozen import FrozenLM, frozen
from telepathy.record import Row

LAYOUT = ("bos", "primer", "soft", "target", "eos")


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Fit a map for each strength, and keep the one whose soft tokens the receiver reads best on validation rows."""
    deterministic()
    recipe, task = spec["recipe"], spec["task"]
    receiver = frozen(cache / "models" / spec["models"]["receiver"], spec["compute"], pick_device())
    store = open_states(spec, cache, recipe["layer"])
    layout = make_layout(receiver, LAYOUT, task["primer"], 1)
    tokens = {label: layout.target(receiver, label) for label in task["labels"]}
    verbalizer = make_verbalizer(tokens, receiver.tokenizer.eos_token_id)

    def scores(items: list[Item], model: Pipeline) -> Tensor:
        soft = soft_tokens(model, features(store, items, recipe["pooling"]), receiver.embedding_rms)
        place = {item.id: index for index, item in enumerate(items)}

        def prepare(chosen: list[Item]) -> tuple[list[list[int]], Tensor]:
            rows = soft[[place[item.id] for item in chosen]]
            return [layout.prefix] * len(chosen), rows.to(receiver.device)

        return score_labels(receiver, items, verbalizer, batches(items, prepare))

    train, held_out = (read_split(cache / "data" / spec["data"], split) for split in ("train", "validation"))
    names = name_embeddings(receiver, layout, task["labels"])
    x, y = features(store, train, recipe["pooling"]), np.stack([names[item.gold] for item in train])
    strengths = sorted(recipe["strengths"])
    models = [make_pipeline(StandardScaler(), Ridge(alpha=strength)).fit(x.astype(float), y) for strength in strengths]
    accuracies = [label_accuracy(held_out, task["labels"], scores(held_out, model)) for model in models]
    best = accuracies.index(max(accuracies))

    def answer(items: list[Item]) -> list[Row]:
        prompts = [f"{fill(task['sender_prompt'], item.text)}\0{layout.shown}" for item in items]
        return label_rows(items, task["labels"], scores(items, models[best]), prompts)

    resolved = {"strength": strengths[best], "validation_accuracy": max(accuracies), "soft_tokens": 1}
    return Fitted(answer, resolved, receiver.device, receiver.dtype)


def name_embeddings(receiver: FrozenLM, layout: Layout, labels: list[str]) -> dict[str, np.ndarray]:
    """Mean input embedding `[d_r]` of each class name's tokens, as they would follow the soft token."""

    def mean(label: str) -> np.ndarray:
        ids = torch.tensor(layout.target(receiver, label), device=receiver.device)
        return receiver.embed(ids).double().mean(0).cpu().numpy()

    return {label: mean(label) for label in labels}


def soft_tokens(model: Pipeline, x: np.ndarray, rms: float) -> Tensor:
    """What the map predicts from states `[n, d_s]` as soft tokens `[n, 1, d_r]` of the given RMS."""
    made = torch.from_numpy(model.predict(x.astype(float)))
    size = made.pow(2).mean(-1, keepdim=True).sqrt().clamp(min=1e-12)
    return (made * rms / size).float().unsqueeze(1)
