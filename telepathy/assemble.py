"""Build what a bridge run needs from its specification: the same for training and evaluation."""

from pathlib import Path
from typing import Any

import torch

from telepathy.bridge.bridge import Bridge, load_statistics, seeded
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.device import deterministic, pick_device
from telepathy.models.frozen import frozen, tokenizer_of
from telepathy.store import LayerStore
from telepathy.training.objective import Objective


def assemble(spec: dict[str, Any], cache: Path) -> tuple[Bridge, Objective]:
    """A bridge at its seeded initial weights, and its objective on the frozen receiver."""
    deterministic()
    recipe = BridgeConfig.model_validate(spec["recipe"])
    receiver = frozen(cache / "models" / spec["models"]["receiver"], spec["compute"], pick_device())
    store = LayerStore(cache / "states" / spec["states"], spec["recipe"]["layer"])
    statistics = load_statistics(cache / "calibrations" / spec["calibration"]) if "calibration" in spec else None
    words = tokenizer_of(cache / "models" / spec["models"]["sender"]) if recipe.losses.bow else None
    with seeded(spec["seed"]):
        bridge = Bridge(
            recipe, store.width, receiver.width, receiver.embedding_rms, statistics, len(words) if words else None
        )
    bridge = bridge.to(receiver.device, getattr(torch, recipe.training.weights))
    sender_words = (lambda text: words(text, add_special_tokens=False).input_ids) if words else None
    return bridge, Objective(recipe, spec["task"], receiver, store, sender_words)
