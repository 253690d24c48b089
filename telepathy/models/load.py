"""How a frozen model's weights come onto devices: whole on one GPU, in 4 bits, over several GPUs, or drawn in place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig, PretrainedConfig, PreTrainedModel

from telepathy.device import compute_dtype, own_gpus
from telepathy.errors import fail

NF4_SHARE = 0.35
"""Memory in 4 bits beside bfloat16: embeddings, head and norms stay as they are."""

RESERVE = 1.3
"""Room that a model needs beside its weights, for activations and the gradient that passes through."""


def load_model(home: Path, source: dict[str, Any], compute: str, device: torch.device) -> PreTrainedModel:
    """The model of a prepared folder, on its devices, in evaluation mode and without gradients.

    Args:
        home: folder with `config.json` and, unless the source is `random`, safetensors.
        source: where the model comes from, as in the configuration.
        compute: `auto`, `float32`, `bfloat16` or `nf4`.
        device: of this process; a GPU stands for all GPUs of the process.

    Raises:
        UserError: `nf4` without a GPU or without bitsandbytes.
    """
    if compute == "nf4" and device.type != "cuda":
        # On a CPU its first pass without a gradient packs the weights for inference, and none comes through after that.
        raise fail("compute: nf4", "needs a GPU", "set `compute: auto` here")
    dtype = compute_dtype(compute, device)
    config = AutoConfig.from_pretrained(home)
    if source["source"] == "random":
        model = _random(config, source["seed"], dtype, device)
    else:
        options: dict[str, Any] = {"dtype": dtype, "use_safetensors": True}
        if compute == "nf4":
            options["quantization_config"] = _four_bits()
        if device.type == "cuda":
            options["device_map"] = _places(config, _bytes(home, dtype, compute), device)
        model = AutoModelForCausalLM.from_pretrained(home, **options)
        if "device_map" not in options:
            model.to(device)
    return model.eval().requires_grad_(False)


def place(needed: float, free: Sequence[float]) -> int | None:
    """The first of some GPUs that holds a whole model with room to compute; None: only several of them do.

    Args:
        needed: bytes of the weights.
        free: free bytes of each GPU.
    """
    return next((index for index, room in enumerate(free) if needed * RESERVE <= room), None)


def spread(config: PretrainedConfig, free: Sequence[float]) -> dict[str, int]:
    """Which part of a model goes to which of some GPUs: blocks in order, in proportion to free memory.

    Everything else (embeddings, final norm, head) is on the first one, which also hands out the last hidden states.

    Returns:
        Module name -> GPU number; every parameter is below exactly one of the names.
    """
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    blocks = model.get_decoder().layers
    path = next(name for name, module in model.named_modules() if module is blocks)
    found: dict[str, int] = {}
    for number in range(len(blocks)):
        middle = (number + 0.5) / len(blocks) * sum(free)
        found[f"{path}.{number}"] = next(index for index in range(len(free)) if middle <= sum(free[: index + 1]))
    # Beside each module on the way down to the blocks.
    at, above = model, ""
    for step in path.split("."):
        found |= {f"{above}{name}": 0 for name, _ in at.named_children() if name != step}
        at, above = getattr(at, step), f"{above}{step}."
    return found


def _places(config: PretrainedConfig, needed: float, device: torch.device) -> dict[str, Any]:
    gpus = own_gpus(torch.cuda.device_count())
    free = [float(torch.cuda.mem_get_info(gpu)[0]) for gpu in gpus]
    one = place(needed, free)
    if one is not None or len(gpus) == 1:
        return {"": gpus[one or 0]}
    return {name: gpus[index] for name, index in spread(config, free).items()}


def _bytes(home: Path, dtype: torch.dtype, compute: str) -> float:
    """Memory of the weights; those on disk are taken to have two bytes a number."""
    stored = sum(path.stat().st_size for path in home.glob("*.safetensors"))
    return stored * (NF4_SHARE if compute == "nf4" else dtype.itemsize / 2)


def _four_bits() -> BitsAndBytesConfig:
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        fix = "install it (pip install -e '.[quantized]') or set `compute: bfloat16`"
        raise fail("compute: nf4", "needs the package bitsandbytes", fix) from None
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _random(config: PretrainedConfig, seed: int, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """Weights drawn on the device itself: nothing of their size is ever on disk or in host memory."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.device(device):
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config, dtype=dtype)
