"""Build what a trained run needs from its specification: the same for training and evaluation."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from telepathy.bridge.bridge import Bridge, load_statistics, seeded
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.config.methods import LoRA, PromptTuning
from telepathy.device import deterministic, pick_device
from telepathy.live import open_states
from telepathy.models.frozen import FrozenLM, frozen, tokenizer_of
from telepathy.training.objective import Objective
from telepathy.training.parallel import ALONE, Team
from telepathy.tuned.lora import Adapters
from telepathy.tuned.objective import TunedObjective
from telepathy.tuned.prompt import Prompt


def assemble(spec: dict[str, Any], cache: Path, team: Team = ALONE) -> tuple[nn.Module, Objective | TunedObjective]:
    """What is trained, at its seeded initial weights, and its objective on the receiver."""
    build = assemble_bridge if spec["recipe"]["kind"] == "bridge" else _assemble_tuned
    return build(spec, cache, team)


def assemble_bridge(spec: dict[str, Any], cache: Path, team: Team = ALONE) -> tuple[Bridge, Objective]:
    """A bridge and its objective on the frozen receiver."""
    deterministic()
    recipe = BridgeConfig.model_validate(spec["recipe"])
    receiver = frozen(cache / "models" / spec["models"]["receiver"], spec["compute"], pick_device())
    store = open_states(spec, cache, spec["recipe"]["layer"])
    statistics = load_statistics(cache / "calibrations" / spec["calibration"]) if "calibration" in spec else None
    words = tokenizer_of(cache / "models" / spec["models"]["sender"]) if recipe.losses.bow else None
    with seeded(spec["seed"]):
        bridge = Bridge(
            recipe, store.width, receiver.width, receiver.embedding_rms, statistics, len(words) if words else None
        )
    bridge = bridge.to(receiver.device, getattr(torch, recipe.training.weights))
    sender_words = (lambda text: words(text, add_special_tokens=False).input_ids) if words else None
    return bridge, Objective(recipe, spec["task"], receiver, store, sender_words, team)


def _assemble_tuned(spec: dict[str, Any], cache: Path, team: Team) -> tuple[nn.Module, TunedObjective]:
    deterministic()
    folder, device = cache / "models" / spec["models"]["receiver"], pick_device()
    if spec["recipe"]["kind"] == "prompt_tuning":
        recipe: PromptTuning | LoRA = PromptTuning.model_validate(spec["recipe"])
        receiver = frozen(folder, spec["compute"], device)
        with seeded(spec["seed"]):
            module: nn.Module = Prompt(recipe, receiver)
    else:
        recipe = LoRA.model_validate(spec["recipe"])
        # Its own copy: adapters are built into the model.
        receiver = FrozenLM(folder, spec["compute"], device)
        with seeded(spec["seed"]):
            module = Adapters(recipe, receiver)
    return module.to(device), TunedObjective(recipe, spec["task"], receiver, team)
