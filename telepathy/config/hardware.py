"""What a preset asks of machines, and what happens when a training diverges. Nothing here is part of a run's identity,
except a restart policy other than the usual one and states that are computed as needed, which change rows.
"""

from pydantic import Field, model_validator

from telepathy.config.base import Strict


class Hardware(Strict):
    """GPUs, memory and disk that a preset may use."""

    gpus: int = Field(default=0, ge=0, description="GPUs that a training job asks the cluster for; 0: none.")
    split: int = Field(
        default=1,
        ge=1,
        description="GPUs that one copy of the models is spread over. `gpus / split` processes then train one run "
        "together, each on its share of every batch. Jobs that do not train ask for `split` GPUs.",
    )
    gres: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9_]+(:[A-Za-z0-9_.]+)?$",
        description="For clusters that know `--gres` and not `--gpus`: what a GPU is called there, such as `gpu` or "
        "`gpu:a100`.",
    )
    checkpointing: bool = Field(
        default=False,
        description="Recompute the receiver's activations in the backward pass: a third more time, far less memory, "
        "the same gradients.",
    )
    store_gb: float | None = Field(
        default=None,
        gt=0,
        description="Disk that hidden-state stores may take together. Beyond it the largest are not written: their "
        "runs load the sender and compute the states of each batch. Absent: no limit.",
    )

    @model_validator(mode="after")
    def _whole_copies(self) -> "Hardware":
        if self.gpus and self.gpus % self.split:
            raise ValueError(f"gpus {self.gpus} is not a multiple of split {self.split}")
        return self

    def by_gpus(self, count: int) -> int:
        """The resource `gpu` of a job with so many GPUs."""
        return 0 if self.gres else count

    def by_gres(self, count: int) -> str:
        """Its resource `gres`; empty where the other one asks."""
        return f"{self.gres}:{count}" if self.gres and count else ""

    @property
    def processes(self) -> int:
        """Processes that train one run together."""
        return max(1, self.gpus // self.split)

    @property
    def one_copy(self) -> int:
        """GPUs of a job that holds one copy of the models."""
        return min(self.gpus, self.split)


class Restart(Strict):
    """What to do when a training's loss or gradient is no longer finite; every restart is recorded in the run."""

    halvings: int = Field(default=2, ge=0, description="First, so many times: start over with half the learning rate.")
    seeds: int = Field(default=1, ge=0, description="Then, so many times: start over with another seed, all else new.")
