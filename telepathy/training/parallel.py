"""Data-parallel training: several processes train one run, each reading its share of every batch with the receiver.

The receiver is large and the bridge is small. So each process computes the bridge on the whole batch, and only the
receiver's pass is shared out. Terms that look at the batch as a whole (contrast, code usage) and all noise are then
those of a single process, whatever the number of processes, and the averaged gradient is the single process's up to
the order of sums. Nothing but gradients and a few numbers is exchanged.

Processes are started by `python -m telepathy.launch`, which runs torchrun.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

from telepathy.device import pick_device

PATIENCE = timedelta(hours=3)
"""How long a process waits for the others, while the first one scores validation rows."""


@dataclass(frozen=True)
class Team:
    """The processes that train a run together; a process that trains alone is a team of one.

    Attributes:
        rank: number of this process.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files, scores validation rows and shows progress."""
        return self.rank == 0

    def share(self, rows: int) -> list[int]:
        """Which of the rows of a batch this process reads; together they read each row once."""
        return list(range(self.rank, rows, self.size))

    def average(self, gradients: Iterable[Tensor | None]) -> None:
        """Average gradients in place over the processes, in one exchange. A gradient is None in all of them or none."""
        found = [one for one in gradients if one is not None]
        if self.size == 1 or not found:
            return
        # One type at a time: bfloat16 weights beside float32 ones would lose or gain digits.
        for dtype in sorted({one.dtype for one in found}, key=str):
            parts = [one for one in found if one.dtype == dtype]
            flat = torch.cat([one.reshape(-1) for one in parts])
            distributed.all_reduce(flat)
            flat /= self.size
            for one, mean in zip(parts, flat.split([one.numel() for one in parts]), strict=True):
                one.copy_(mean.view_as(one))

    def mean(self, numbers: dict[str, float]) -> dict[str, float]:
        """Mean of each number over the processes."""
        if self.size == 1:
            return numbers
        values = self._tensor(list(numbers.values()))
        distributed.all_reduce(values)
        return dict(zip(numbers, (values / self.size).tolist(), strict=True))

    def any(self, here: bool) -> bool:
        """Whether it holds in any of the processes; all of them get the same answer."""
        if self.size == 1:
            return here
        flag = self._tensor([float(here)])
        distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
        return bool(flag.item())

    def once(self, work: Callable[[], Any]) -> Any:
        """Let the first process do something whose outcome is JSON, and give that outcome to all."""
        if self.size == 1:
            return work()
        content = json.dumps(work()).encode() if self.first else b""
        length = torch.tensor([len(content)], device=pick_device())
        distributed.broadcast(length, 0)
        text = torch.zeros(int(length.item()), dtype=torch.uint8, device=pick_device())
        if self.first:
            text.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        distributed.broadcast(text, 0)
        return json.loads(bytes(text.cpu().numpy()))

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.size > 1:
            self.any(False)

    def _tensor(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=pick_device())


ALONE = Team()


def join_team() -> Team:
    """The team that torchrun's variables describe; this process joins it. Without them: a process alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    if not distributed.is_initialized():
        device = pick_device()
        if device.type == "cuda":
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    return Team(distributed.get_rank(), size)
