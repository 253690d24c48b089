"""Checkpoints without pickle: one safetensors file with weights, averages, optimizer moments and log.

Written atomically; a run that is killed at any moment goes on from the last whole one and ends in the same bytes.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from telepathy.files import write_atomic


def save(
    path: Path,
    bridge: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    step: int,
    log: list[dict],
    made_by: str,
) -> None:
    """Save everything that the next step depends on; `made_by` is the hash of the code that trained so far.

    No state of a random generator is among it: each step seeds its own.
    """
    tensors: dict[str, Tensor] = {f"weight/{name}": value for name, value in bridge.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{name}": torch.as_tensor(value) for name, value in moments.items()}
    if average is not None:
        tensors |= {f"average/{name}": value for name, value in average.state_dict().items()}
    note = {"step": str(step), "log": json.dumps(log), "made_by": made_by}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_atomic(path, lambda part: save_file(tensors, part, metadata=note))


def load(
    path: Path, bridge: nn.Module, optimizer: torch.optim.Optimizer, average: nn.Module | None, made_by: str
) -> tuple[int, list[dict[str, Any]]]:
    """Restore a checkpoint in place.

    Returns:
        The number of finished steps and their log; (0, []) if there is none, none that can be read, or one that
        other code made (a checkpoint is only saved work: without it the run starts over).
    """
    if not path.exists():
        return 0, []
    try:
        with safe_open(path, "pt") as file:
            note = file.metadata() or {}
            if note.get("made_by") != made_by:
                return 0, []
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        bridge.load_state_dict(_below(tensors, "weight/"))
        if average is not None:
            average.load_state_dict(_below(tensors, "average/"))
    except (OSError, SafetensorError, RuntimeError):
        path.unlink(missing_ok=True)
        return 0, []
    state = optimizer.state_dict()
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _below(tensors, "optimizer/").items():
        index, _, key = name.partition("/")
        moments.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": moments, "param_groups": state["param_groups"]})
    return int(note["step"]), json.loads(note["log"])


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
