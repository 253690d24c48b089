"""Build what a bridge run needs from its specification: the same for training and evaluation."""

from pathlib import Path
from typing import Any

from telepathy.bridge.bridge import Bridge, load_statistics, seeded
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.device import deterministic, pick_device
from telepathy.models.frozen import FrozenLM
from telepathy.store import LayerStore
from telepathy.training.objective import Objective


def assemble(spec: dict[str, Any], cache: Path) -> tuple[Bridge, Objective]:
    """A bridge at its seeded initial weights, and its objective on the frozen receiver."""
    deterministic()
    recipe = BridgeConfig.model_validate(spec["recipe"])
    receiver = FrozenLM(cache / "models" / spec["models"]["receiver"], spec["compute"], pick_device())
    store = LayerStore(cache / "states" / spec["states"], spec["recipe"]["layer"])
    statistics = load_statistics(cache / "calibrations" / spec["calibration"]) if "calibration" in spec else None
    with seeded(spec["seed"]):
        bridge = Bridge(recipe, store.width, receiver.width, receiver.embedding_rms, statistics)
    return bridge.to(receiver.device), Objective(recipe, spec["task"], receiver, store)
