"""A plan: what a preset makes, what each of it reads, and the grids that runs fill. Made by `telepathy.planner`.

    python -m telepathy.plan --preset NAME [--cost]      # what would run, how long, what it costs

No torch, no pandas.
"""

from dataclasses import dataclass, field
from typing import Any

from telepathy.config.methods import DEPENDENT, TRAINED
from telepathy.config.preset import Config
from telepathy.disk import store_bytes
from telepathy.errors import run_stage

Spec = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run: `spec` holds all that changes its rows, `id` is the hash of it.

    Attributes:
        pair: name of the first pair that asked for it.
        uses: id of the run whose trained bridge it needs, if any.
    """

    id: str
    task: str
    method: str
    spec: Spec
    pair: str
    uses: str | None = None

    @property
    def folder(self) -> str:
        """Where its record lies, relative to the preset's results."""
        return f"runs/{self.task}/{self.method}/{self.id}"


@dataclass(frozen=True)
class Cell:
    """One place in an experiment's grid, and the run that fills it.

    Attributes:
        setting: the varied key and its value (`body.depth=2`), in experiments with `vary`; else None.
        trained_on: the task that the bridge was trained on, where it is not `task`.
    """

    experiment: str
    task: str
    method: str
    pair: str
    seed: int
    run: str
    setting: str | None = None
    trained_on: str | None = None


@dataclass
class Plan:
    """All jobs of a preset by key: models, data, hidden states, calibrations, runs; and the grids they fill.

    Attributes:
        states: hidden-state stores that are written.
        live: those that are not, since they would take too much disk: what reads them computes states as needed.
        too_large: keys of the stores that belong into `live`.
    """

    config: Config
    models: dict[str, Spec] = field(default_factory=dict)
    data: dict[str, Spec] = field(default_factory=dict)
    states: dict[str, Spec] = field(default_factory=dict)
    live: dict[str, Spec] = field(default_factory=dict)
    too_large: frozenset[str] = frozenset()
    calibrations: dict[str, Spec] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    def groups(self) -> dict[str, list[str]]:
        """Runs that share a process, by the group's name: of one task and pair, a few at a time.

        Runs that use another one's bridge come in groups of their own, after it. Runs without training are short,
        and gain from each other's scores: five times as many of them make a group.
        """
        found: dict[str, list[str]] = {}
        for run in self.runs.values():
            found.setdefault(f"{run.task}-{run.pair}-{stage(run)}", []).append(run.id)
        groups = {}
        for name, ids in found.items():
            most = max(1, self.config.together) * (1 if name.endswith("-trained") else 5)
            for start in range(0, len(ids), most):
                groups[f"{name}-{start // most}"] = ids[start : start + most]
        return groups

    def ids(self, *kinds: str) -> list[str]:
        """Ids of the runs of some stages: `trained`; `latency` and `reuse` of a trained one; `baseline`, the others."""
        return [run.id for run in self.runs.values() if stage(run) in kinds]

    def store_sizes(self) -> dict[str, int]:
        """About how many bytes each store takes, or would take if it were written."""
        sizes = {}
        for key, spec in (self.states | self.live).items():
            texts = sum((spec["take"] or self.data[spec["data"]]["rows"]).values())
            tokens = self.config.tasks[task_of(spec["data"])].planned_tokens
            sizes[key] = store_bytes(texts, tokens, len(spec["layers"]), self.models[spec["model"]]["width"])
        return sizes

    def calibration_needs(self, key: str) -> list[str]:
        """Files below `results/cache/` that a calibration reads."""
        spec = self.calibrations[key]
        files = [f"models/{spec['receiver']}/model.json", f"data/{spec['data']}/task.json"]
        if "live" in spec:
            return [*files, f"models/{self.live[spec['states']]['model']}/model.json"]
        return [*files, f"states/{spec['states']}/layer-{spec['layer']:02d}.json"]

    def needs(self, run: str) -> list[str]:
        """Files below `results/cache/` that a run reads."""
        spec = self.runs[run].spec
        files = [f"data/{spec['data']}/task.json"]
        # A stored state stands for the sender, except where it has to write, to be timed, or to lend its vocabulary.
        stored = "states" in spec and "live" not in spec
        silent = {"sender"} if stored and not _speaks(spec) else set()
        files += [f"models/{key}/model.json" for role, key in spec["models"].items() if role not in silent]
        if stored:
            recipe = spec.get("bridge", spec)["recipe"]
            layers = recipe["layers"] if "layers" in recipe else [recipe["layer"]]
            files += [f"states/{spec['states']}/layer-{layer:02d}.json" for layer in layers]
        if "calibration" in spec:
            files.append(f"calibrations/{spec['calibration']}/statistics.safetensors")
        return files


def task_of(data: str) -> str:
    """The task of a key of `Plan.data`."""
    return data.rpartition("-")[0]


def stage(run: Run) -> str:
    """Which stage makes a run: `trained`, `baseline`, `latency` or `reuse`."""
    kind = run.spec["recipe"]["kind"]
    if kind in TRAINED:
        return "trained"
    if kind in DEPENDENT:
        return "latency" if kind == "latency" else "reuse"
    return "baseline"


def _speaks(spec: Spec) -> bool:
    """Whether a run needs the sender itself although its states are stored."""
    recipe = spec["recipe"]
    return recipe["kind"] == "latency" or bool(recipe.get("losses", {}).get("bow"))


if __name__ == "__main__":
    from telepathy.bill import main  # which imports this module: not above

    run_stage(main)
