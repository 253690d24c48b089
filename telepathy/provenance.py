"""Hashes of what a run was made from: code, data, weights."""

import hashlib
from pathlib import Path
from typing import Any

from telepathy.files import read_json
from telepathy.sources import ROOT, sources


def code_sha256(*modules: str) -> str:
    """sha256 over the sources of stages and of all of ours that they import."""
    check = hashlib.sha256()
    for path in sources(*modules):
        check.update(path.encode() + b"\0" + (ROOT / path).read_bytes() + b"\0")
    return check.hexdigest()


def data_sha256(folder: Path) -> dict[str, str]:
    """sha256 of a prepared task's split files."""
    return read_json(folder / "task.json", "python -m telepathy.data.prepare")["files"]


def overlap(folder: Path) -> dict[str, int]:
    """How many test rows of a prepared task nearly repeat a training row."""
    task = read_json(folder / "task.json", "python -m telepathy.data.prepare")
    return {"test": task["counts"]["test"], "near": len(task["near_duplicates"])}


def weights_sha256(cache: Path, models: dict[str, str]) -> dict[str, Any]:
    """sha256 of the weight files of each model that a run used, by role."""
    found = {}
    for role, key in models.items():
        files = read_json(cache / "models" / key / "model.json", "python -m telepathy.models.prepare")["files"]
        found[role] = {name: sha for name, sha in files.items() if name.endswith(".safetensors")}
    return found
