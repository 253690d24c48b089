"""Logistic regression on the sender's stored states: what the sender knows, without any receiver.

Features are standardised on the training rows; layer and strength C are those with the best validation accuracy (the
smallest layer and then the smallest C among equals).
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from telepathy.baselines.outcome import Fitted
from telepathy.baselines.states import features
from telepathy.data.prompts import fill
from telepathy.data.rows import Item, read_split
from telepathy.files import text_sha256
from telepathy.live import LiveStates, open_states
from telepathy.record import Row
from telepathy.store import LayerStore


def regression(x: np.ndarray, y: list[str], strength: float) -> Pipeline:
    """Standardise and fit."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000)).fit(x, y)


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Fit a probe for each layer and strength, and keep the one that does best on validation rows."""
    recipe, task = spec["recipe"], spec["task"]
    train, held_out = (read_split(cache / "data" / spec["data"], split) for split in ("train", "validation"))
    by_layer: dict[str, float] = {}
    best: tuple[float, LayerStore | LiveStates, float, Pipeline] | None = None
    for layer in sorted(recipe["layers"]):
        store = open_states(spec, cache, layer)
        x, x_held = (features(store, items, recipe["pooling"]) for items in (train, held_out))
        for strength in sorted(recipe["strengths"]):
            model = regression(x, [item.gold for item in train], strength)
            accuracy = float(model.score(x_held, [item.gold for item in held_out]))
            by_layer[str(layer)] = max(accuracy, by_layer.get(str(layer), 0.0))
            if best is None or accuracy > best[0]:
                best = (accuracy, store, strength, model)
    if best is None:
        raise ValueError("a probe needs a layer and a strength")  # the configuration refuses empty lists
    accuracy, chosen, strength, probe = best
    classes = list(probe.classes_)

    def answer(items: list[Item]) -> list[Row]:
        logs = probe.predict_log_proba(features(chosen, items, recipe["pooling"]))
        rows = []
        for item, line in zip(items, logs.tolist(), strict=True):
            known = [label for label in task["labels"] if label in classes]
            scores = {label: float(f"{line[classes.index(label)]:.6g}") for label in known}
            prompt = text_sha256(fill(task["sender_prompt"], item.text))
            rows.append(Row(item.id, item.text_sha256, prompt, item.gold, classes[int(np.argmax(line))], True, scores))
        return rows

    resolved = {"layer": chosen.layer, "strength": strength, "validation_accuracy": accuracy, "by_layer": by_layer}
    return Fitted(answer, resolved)
