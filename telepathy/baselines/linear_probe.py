"""Logistic regression on the sender's stored states: what the sender knows, without any receiver.

Features are standardised on the training rows; the strength C is the one with the best validation accuracy (the
smallest among equals), and test rows are read only then.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from telepathy.baselines.outcome import Outcome
from telepathy.data.prompts import fill
from telepathy.data.rows import Item, read_split
from telepathy.files import text_sha256
from telepathy.record import Row
from telepathy.store import LayerStore


def features(store: LayerStore, items: list[Item], pooling: str) -> np.ndarray:
    """States of items `[n, d]`, fp32: the last token's, or the mean over tokens."""
    states = (store[item.text_sha256].float() for item in items)
    return np.stack([(one[-1] if pooling == "last" else one.mean(0)).numpy() for one in states])


def fit(x: np.ndarray, y: list[str], strength: float) -> Pipeline:
    """Standardise and fit."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000)).fit(x, y)


def run(spec: dict[str, Any], cache: Path) -> Outcome:
    """Choose C on validation rows, then evaluate on the test rows."""
    recipe, folder = spec["recipe"], cache / "data" / spec["data"]
    store = LayerStore(cache / "states" / spec["states"], recipe["layer"])
    train, held_out = (read_split(folder, split) for split in ("train", "validation"))
    x, y = features(store, train, recipe["pooling"]), [item.gold for item in train]
    x_held = features(store, held_out, recipe["pooling"])
    models = [(strength, fit(x, y, strength)) for strength in sorted(recipe["strengths"])]
    accuracies = [model.score(x_held, [item.gold for item in held_out]) for _, model in models]
    strength, model = models[int(np.argmax(accuracies))]
    test = read_split(folder, "test")
    logs = model.predict_log_proba(features(store, test, recipe["pooling"]))
    classes = list(model.classes_)
    rows = []
    for item, line in zip(test, logs.tolist(), strict=True):
        scores = {label: float(f"{line[classes.index(label)]:.6g}") for label in spec["task"]["labels"]
                  if label in classes}  # fmt: skip
        prompt = text_sha256(fill(spec["task"]["sender_prompt"], item.text))
        rows.append(Row(item.id, item.text_sha256, prompt, item.gold, classes[int(np.argmax(line))], True, scores))
    return Outcome(rows, resolved={"strength": strength, "validation_accuracy": max(accuracies)})
