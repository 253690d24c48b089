"""Which device and arithmetic a stage uses, and the volatile facts that `environment.json` records."""

import os
import platform
import resource
import subprocess
import time
from functools import cache
from importlib.metadata import version
from typing import Any

import torch

from telepathy.errors import fail
from telepathy.sources import ROOT

PACKAGES = ("torch", "transformers", "peft", "tokenizers", "datasets", "safetensors", "numpy", "scipy", "scikit-learn",
            "statsmodels", "pandas", "matplotlib", "seaborn", "snakemake")  # fmt: skip


def pick_device() -> torch.device:
    """This process's first GPU if there is one, else the CPU. `TELEPATHY_DEVICE=cpu` overrides."""
    wanted = os.environ.get("TELEPATHY_DEVICE")
    if wanted or not torch.cuda.is_available():
        return torch.device(wanted or "cpu")
    return torch.device("cuda", own_gpus(torch.cuda.device_count())[0])


def own_gpus(count: int) -> list[int]:
    """Which of the job's GPUs belong to this process: all of them, or an equal share where torchrun started several.

    Raises:
        UserError: fewer GPUs than processes.
    """
    processes, rank = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
    each = count // processes
    if not each:
        raise fail("hardware", f"{processes} processes, but only {count} GPUs here", "lower `gpus`, or raise `split`")
    return list(range(rank * each, (rank + 1) * each))


def compute_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """Arithmetic of the frozen models: as configured; `auto` takes bfloat16 where the device is fast with it, and
    weights in 4 bits (`nf4`) compute in bfloat16.

    Asked of the hardware's instruction set, not timed, so that one machine always answers the same.
    """
    if wanted == "nf4":
        return torch.bfloat16
    if wanted != "auto":
        return getattr(torch, wanted)
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def deterministic() -> None:
    """Ask torch for the deterministic kernels, so that a second run gives the same bits on one machine."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


@cache
def commit() -> str | None:
    """The commit that is checked out, marked if files differ from it; None outside a repository."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


class Stopwatch:
    """Collects what `environment.json` says of one stage."""

    def __init__(self, device: torch.device, dtype: torch.dtype | None):
        self.start = time.perf_counter()
        self.device, self.dtype = device, dtype

    def environment(self) -> dict[str, Any]:
        """Volatile facts: versions, device, wall time, peak memory. Never the input of a number."""
        cuda = self.device.type == "cuda"
        peak = (
            torch.cuda.max_memory_allocated() / 2**20
            if cuda
            else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        )
        return {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "host": platform.node(),
            "device": torch.cuda.get_device_name() if cuda else f"CPU {platform.machine()}",
            "threads": torch.get_num_threads(),
            "compute": str(self.dtype).removeprefix("torch.") if self.dtype else None,
            "packages": {name: version(name) for name in PACKAGES},
            "commit": commit(),
            "wall_seconds": round(time.perf_counter() - self.start, 1),
            "peak_memory_mb": round(peak),
        }
