"""Models on the Hugging Face hub, pinned by commit; and local folders of the same format."""

from pathlib import Path
from typing import Any

from telepathy.errors import fail
from telepathy.files import file_sha256, read_json
from telepathy.hub import snapshot

# Weights only as safetensors: the older formats are pickles, which run code when they are read.
WANTED = ["*.safetensors", "*.safetensors.index.json", "*.json", "tokenizer*", "*.txt", "LICENSE*"]
# The same weights once more, in the format of their makers.
UNWANTED = ["consolidated*", "original/*"]


def fetch(spec: dict[str, Any]) -> Path:
    """Download (or find in the cache) one commit of a repository and return its folder.

    Raises:
        UserError: gated, unknown, damaged, not whole, or not reachable and not in the cache.
    """
    folder = snapshot(spec["repo"], spec["revision"], "model", WANTED, UNWANTED)
    _check_whole(folder, "is its download complete? connect to the network and run again")
    return folder


def check_local(spec: dict[str, Any]) -> Path:
    """Find a local model folder and compare the sha256 of the files that the configuration names.

    Raises:
        UserError: no folder, no safetensors in it, a part of them missing, or another sha256.
    """
    folder = Path(spec["path"]).expanduser()
    _check_whole(folder, "point `path` at a whole Hugging Face style folder")
    for name, wanted in spec["sha256"].items():
        found = file_sha256(folder / name) if (folder / name).is_file() else "missing"
        if found != wanted:
            raise fail(folder / name, f"sha256 is {found}, not {wanted}", "restore the file or correct `sha256`")
    return folder.resolve()


def _check_whole(folder: Path, fix: str) -> None:
    if not (folder / "config.json").is_file():
        raise fail(folder, "not a model folder (no config.json)", fix)
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = set(read_json(index, "the download")["weight_map"].values())
        if missing := sorted(name for name in shards if not (folder / name).is_file()):
            raise fail(
                folder, f"holds {len(shards) - len(missing)} of {len(shards)} weight files, not {missing[0]}", fix
            )
    elif not any(folder.glob("*.safetensors")):
        raise fail(folder, "holds no .safetensors weights", "convert them; pickled weights are never loaded")
