"""A preset: which pairs, tasks, budgets and seeds; and the whole configuration around it."""

from typing import Any, Literal

from pydantic import Field, model_validator

from telepathy.config.base import Strict
from telepathy.config.methods import Method
from telepathy.config.models import Model
from telepathy.config.tasks import Rows, Task


class Pair(Strict):
    """A sender and a receiver, by their names in `models`; they may be the same."""

    sender: str
    receiver: str


class PresetTask(Strict):
    """How a preset uses a task."""

    rows: Rows
    bridge: dict[str, Any] = Field(
        default_factory=dict, description="Overrides of every bridge recipe on this task (deep-merged)."
    )


class Experiment(Strict):
    """A named grid of runs that feeds named tables and figures."""

    title: str
    methods: list[str] = Field(min_length=1)
    tasks: list[str] = Field(min_length=1)
    pairs: list[str] = Field(min_length=1)
    seeds: list[int] = Field(min_length=1)
    reference: str | None = Field(default=None, description="The method that all others are compared with.")


class Statistics(Strict):
    """Numbers of the statistics section."""

    resamples: int = Field(default=10_000, ge=100)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    power: float = Field(default=0.8, gt=0.5, lt=1)
    seed: int = 0


class Config(Strict):
    """The whole resolved configuration."""

    preset: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str = Field(description="What the preset is, in a few words; printed in the paper.")
    compute: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="Arithmetic of the frozen models; auto: bfloat16 where the device is fast with it.",
    )
    gpus: int = Field(default=0, ge=0, description="GPUs that encoding, training and evaluation ask the cluster for.")
    models: dict[str, Model]
    pairs: dict[str, Pair] = Field(min_length=1)
    tasks: dict[str, Task]
    methods: dict[str, Method]
    use: dict[str, PresetTask] = Field(min_length=1, description="The preset's tasks with rows and overrides.")
    bridge: dict[str, Any] = Field(
        default_factory=dict, description="Overrides of every bridge recipe in this preset (deep-merged)."
    )
    experiments: dict[str, Experiment] = Field(min_length=1)
    statistics: Statistics = Statistics()

    @model_validator(mode="after")
    def _names_exist(self) -> "Config":
        def known(name: str, section: str, names: Any, key: str) -> None:
            if name not in names:
                raise ValueError(f"{key}: `{name}` is not in `{section}` (known: {', '.join(sorted(names))})")

        for name, pair in self.pairs.items():
            known(pair.sender, "models", self.models, f"pairs.{name}.sender")
            known(pair.receiver, "models", self.models, f"pairs.{name}.receiver")
        for task in self.use:
            known(task, "tasks", self.tasks, "use")
        for name, experiment in self.experiments.items():
            for method in experiment.methods:
                known(method, "methods", self.methods, f"experiments.{name}.methods")
            for task in experiment.tasks:
                known(task, "use", self.use, f"experiments.{name}.tasks")
            for pair in experiment.pairs:
                known(pair, "pairs", self.pairs, f"experiments.{name}.pairs")
            if experiment.reference is not None:
                known(experiment.reference, f"experiments.{name}.methods", experiment.methods, "reference")
        return self
