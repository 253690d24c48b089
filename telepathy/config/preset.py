"""A preset: which pairs, tasks, budgets and seeds; and the whole configuration around it."""

from typing import Any, Literal

from pydantic import Field, model_validator

from telepathy.config.base import Strict
from telepathy.config.hardware import Hardware, Restart
from telepathy.config.methods import Method
from telepathy.config.models import Model
from telepathy.config.phases import Phase, Variant, variants
from telepathy.config.scale import Scale
from telepathy.config.tasks import Rows, Task


class Pair(Strict):
    """A sender and a receiver, by their names in `models`; they may be the same."""

    sender: str
    receiver: str


class PresetTask(Strict):
    """How a preset uses a task."""

    rows: Rows
    bridge: dict[str, Any] = Field(
        default_factory=dict,
        description="Overrides of every bridge recipe on this task, phases aside (deep-merged).",
    )
    tuned: dict[str, Any] = Field(
        default_factory=dict,
        description="Overrides of every recipe that trains the receiver's reading on this task (deep-merged).",
    )
    scale: dict[str, Any] = Field(
        default_factory=dict, description="Overrides of the preset's `scale` for phases on this task (deep-merged)."
    )


class Experiment(Strict):
    """A named grid of runs that feeds named tables and figures, in the presets that it names under `in`."""

    title: str
    question: str = Field(default="", description="What it asks, in one sentence; printed in the paper.")
    methods: list[str] = Field(default=[], description="Each runs on all `tasks` that it can answer.")
    tasks: list[str] = Field(default=[])
    phases: Literal["all"] | list[str] = Field(
        default=[], description="Each runs on its own task; `p07` means all its variants, `p07.recorded` that one."
    )
    pairs: list[str] = Field(min_length=1)
    seeds: list[int] = Field(min_length=1)
    vary: dict[str, list[Any]] = Field(
        default={},
        description="Settings of bridge recipes, such as `body.depth`: each value in turn, all else as it is.",
    )
    transfer: bool = Field(
        default=False,
        description="Each bridge is also scored on the other `tasks` that have the same labels.",
    )
    reference: str | None = Field(default=None, description="The method that all others are compared with.")
    null: str | None = Field(
        default=None, description="A method without information; all others are compared with it too, as a family."
    )
    better_of: list[str] = Field(
        default=[], description="Methods whose better one the reference must beat to be called super-additive."
    )
    across: Literal["methods", "pairs"] = Field(
        default="methods", description="`pairs`: the reference is each method itself, with the first pair."
    )
    tables: list[str] = Field(default=[], description="Tables that show it (modules of analysis/tables).")
    figures: list[str] = Field(default=[], description="Figures that show it (modules of analysis/figures).")

    @model_validator(mode="after")
    def _grid_or_series(self) -> "Experiment":
        if bool(self.methods) != bool(self.tasks):
            raise ValueError("`methods` and `tasks` belong together")
        if bool(self.methods) == bool(self.phases):
            raise ValueError("give either `methods` and `tasks`, or `phases`")
        if self.phases and (self.reference or self.null or self.better_of or self.vary or self.transfer):
            raise ValueError("`phases` are each compared with their own control; remove `reference` and the like")
        if self.better_of and self.reference is None:
            raise ValueError("`better_of` needs a `reference`")
        if self.across == "pairs" and (self.reference or self.null):
            raise ValueError("across pairs, each method is its own reference; remove `reference` and `null`")
        if any(not values for values in self.vary.values()):
            raise ValueError("`vary` gives no value for a setting")
        return self


class Statistics(Strict):
    """Numbers of the statistics section."""

    resamples: int = Field(default=10_000, ge=100)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    power: float = Field(default=0.8, gt=0.5, lt=1)
    relevance: float = Field(
        default=0.1, gt=0, lt=1, description="Smallest effect of interest on an accuracy or a rate."
    )
    seed: int = 0


class Config(Strict):
    """The whole resolved configuration."""

    preset: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str = Field(description="What the preset is, in a few words; printed in the paper.")
    base: str | None = Field(default=None, description="A preset that this one starts from, experiments included.")
    seeds: list[int] | None = Field(
        default=None, min_length=1, description="Seeds of every experiment, instead of its own."
    )
    only: list[str] | str | None = Field(
        default=None, description="Experiments to run and to show, instead of all of the preset."
    )
    compute: Literal["auto", "float32", "bfloat16", "nf4"] = Field(
        default="auto",
        description="Arithmetic of the frozen models; auto: bfloat16 where the device is fast with it; nf4: weights in "
        "4 bits (bitsandbytes), arithmetic in bfloat16.",
    )
    together: int = Field(
        default=4,
        ge=0,
        description="Most trained runs of a task and pair that share a process, which loads models once (five times as "
        "many of other kinds); 0: one job a run.",
    )
    runs: Literal["train", "archive"] = Field(
        default="train",
        description="train: make every raw run; archive: put back those of results/archive/<preset>, train nothing.",
    )
    hardware: Hardware = Hardware()
    restart: Restart = Restart()
    models: dict[str, Model]
    pairs: dict[str, Pair] = Field(min_length=1)
    tasks: dict[str, Task]
    methods: dict[str, Method]
    phases: dict[str, Phase] = Field(default={})
    roles: dict[str, str] = Field(
        default_factory=dict, description="Task of the research -> task of this preset that stands for it."
    )
    scale: Scale = Scale()
    use: dict[str, PresetTask] = Field(min_length=1, description="The preset's tasks with rows and overrides.")
    bridge: dict[str, Any] = Field(
        default_factory=dict, description="Overrides of every bridge recipe, phases aside (deep-merged)."
    )
    tuned: dict[str, Any] = Field(
        default_factory=dict, description="The same for prompt tuning and LoRA, which read the text (deep-merged)."
    )
    experiments: dict[str, Experiment] = Field(min_length=1)
    statistics: Statistics = Statistics()

    @model_validator(mode="after")
    def _names_exist(self) -> "Config":
        def known(name: str, section: str, names: Any, key: str) -> None:
            if name not in names:
                raise ValueError(f"{key}: `{name}` is not in `{section}` (known: {', '.join(sorted(names))})")

        if self.hardware.processes > 1 and self.together:
            copies = f"{self.hardware.processes} copies of them (hardware.gpus / hardware.split)"
            raise ValueError(f"together: runs that share a process share its models; for {copies} set `together: 0`")
        for name, pair in self.pairs.items():
            known(pair.sender, "models", self.models, f"pairs.{name}.sender")
            known(pair.receiver, "models", self.models, f"pairs.{name}.receiver")
        for task in self.use:
            known(task, "tasks", self.tasks, "use")
        for role, task in self.roles.items():
            known(task, "use", self.use, f"roles.{role}")
        for name, experiment in self.experiments.items():
            for phase in experiment.phases if experiment.phases != "all" else []:
                base, _, variant = phase.partition(".")
                known(base, "phases", self.phases, f"experiments.{name}.phases")
                given = [one.name for one in variants(base, self.phases[base])]
                if variant:
                    known(variant, f"the variants of {base}", given, f"experiments.{name}.phases")
            for method in experiment.methods:
                known(method, "methods", self.methods, f"experiments.{name}.methods")
            for task in experiment.tasks:
                known(task, "use", self.use, f"experiments.{name}.tasks")
            for pair in experiment.pairs:
                known(pair, "pairs", self.pairs, f"experiments.{name}.pairs")
            for key in ("reference", "null"):
                method = getattr(experiment, key)
                if method is not None and experiment.methods:
                    known(method, f"experiments.{name}.methods", experiment.methods, key)
            for method in experiment.better_of:
                known(method, f"experiments.{name}.methods", experiment.methods, "better_of")
        for name, method in self.methods.items():
            for key in ("bridge", "match", "like"):
                used = getattr(method.recipe, key, None)
                if used is not None:
                    known(used, "methods", self.methods, f"methods.{name}.recipe.{key}")
                    if self.methods[used].recipe.kind != "bridge":
                        raise ValueError(f"methods.{name}.recipe.{key}: `{used}` is no bridge")
        return self

    def chosen(self, experiment: Experiment) -> list[Variant]:
        """Variants of an experiment's phases in the order of the series; `all` leaves out what has no task here."""
        wanted = list(self.phases) if experiment.phases == "all" else experiment.phases
        found = []
        for name, phase in self.phases.items():
            if experiment.phases == "all" and self.task_of(phase) is None:
                continue
            found += [one for one in variants(name, phase) if {name, f"{name}.{one.name}"} & set(wanted)]
        return found

    def task_of(self, phase: Phase) -> str | None:
        """The preset's task for a phase; None if it has none."""
        task = self.roles.get(phase.task, phase.task)
        return task if task in self.use else None
