"""Turn a configuration into the de-duplicated set of jobs and runs, each with an identity.

An identity is a hash of exactly the fields that change what the job writes, so a title or a comment never
re-trains anything, and two experiments that need the same run share it. No torch, no pandas.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telepathy.config.load import merge, validate
from telepathy.config.methods import Bridge, LinearProbe, Majority, ZeroShot
from telepathy.config.preset import Config, Pair
from telepathy.config.tasks import Task
from telepathy.errors import fail
from telepathy.files import digest, read_json, write_json

Spec = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run: `spec` holds all that changes its rows, `id` is the hash of it."""

    id: str
    task: str
    method: str
    spec: Spec

    @property
    def folder(self) -> str:
        """Where its record lies, relative to the preset's results."""
        return f"runs/{self.task}/{self.method}/{self.id}"


@dataclass(frozen=True)
class Cell:
    """One place in an experiment's grid, and the run that fills it."""

    experiment: str
    task: str
    method: str
    pair: str
    seed: int
    run: str


@dataclass
class Plan:
    """All jobs of a preset by key: models, data, hidden states, calibrations, runs; and the grids they fill."""

    config: Config
    models: dict[str, Spec] = field(default_factory=dict)
    data: dict[str, Spec] = field(default_factory=dict)
    states: dict[str, Spec] = field(default_factory=dict)
    calibrations: dict[str, Spec] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    def ids(self, *, trained: bool) -> list[str]:
        """Ids of the runs that have a training stage, or of those that have none."""
        return [run.id for run in self.runs.values() if (run.spec["recipe"]["kind"] == "bridge") is trained]

    def calibration_needs(self, key: str) -> list[str]:
        """Files below `results/cache/` that a calibration reads."""
        spec = self.calibrations[key]
        return [
            f"models/{spec['receiver']}/model.json",
            f"data/{spec['data']}/task.json",
            f"states/{spec['states']}/layer-{spec['layer']:02d}.json",
        ]

    def needs(self, run: str) -> list[str]:
        """Files below `results/cache/` that a run reads."""
        spec = self.runs[run].spec
        files = [f"data/{spec['data']}/task.json"]
        files += [f"models/{key}/model.json" for role, key in spec["models"].items() if role != "sender"]
        if "states" in spec:
            files.append(f"states/{spec['states']}/layer-{spec['recipe']['layer']:02d}.json")
        if "calibration" in spec:
            files.append(f"calibrations/{spec['calibration']}/statistics.safetensors")
        return files


def resolve_layer(layer: float | int, depth: int) -> int:
    """Index into `hidden_states`: an index stays, a fraction of the depth is rounded, never below 1."""
    return layer if isinstance(layer, int) else max(1, round(layer * depth))


def make_plan(config: Config) -> Plan:
    """Expand every experiment of a configuration.

    Raises:
        UserError: an override that makes a recipe invalid, or a source layer beyond the sender's depth.
    """
    plan = Plan(config)
    for name, experiment in config.experiments.items():
        for task_name in experiment.tasks:
            kind = "labels" if config.tasks[task_name].labels else "answer"
            for method_name in experiment.methods:
                method = config.methods[method_name]
                if kind not in method.targets:
                    continue
                recipe = _recipe(config, method_name, task_name)
                for pair_name in experiment.pairs:
                    for seed in experiment.seeds:
                        run = _run(plan, recipe, task_name, method_name, config.pairs[pair_name], seed)
                        plan.cells.append(Cell(name, task_name, method_name, pair_name, seed, run))
    return plan


def _recipe(config: Config, method: str, task: str) -> Any:
    """A method's recipe with the preset's and the task's overrides."""
    recipe = config.methods[method].recipe
    if not isinstance(recipe, Bridge):
        return recipe
    content = recipe.model_dump(exclude_unset=True, exclude_defaults=False)
    layers = [(f"methods.yaml ({method})", {})]
    for where, over in (
        (f"preset {config.preset} or --config: bridge", config.bridge),
        (f"preset {config.preset} or --config: use.{task}.bridge", config.use[task].bridge),
    ):
        content = merge(content, over)
        layers.append((where, over))
    return validate(Bridge, content, layers)


def _run(plan: Plan, recipe: Any, task_name: str, method: str, pair: Pair, seed: int) -> str:
    config = plan.config
    task = config.tasks[task_name]
    spec: Spec = {"data": _data(plan, task_name), "task": _shown(task), "compute": config.compute}
    if isinstance(recipe, ZeroShot):
        reader = pair.sender if recipe.reader == "sender" else pair.receiver
        spec |= {"models": {"reader": _model(plan, reader)}, "recipe": recipe.model_dump(exclude={"reader"})}
    elif isinstance(recipe, Majority):
        spec |= {"models": {}, "recipe": recipe.model_dump()}
        del spec["compute"]
    elif isinstance(recipe, LinearProbe):
        layer = _layer(config, pair.sender, recipe.layer, method)
        spec |= {
            "models": {"sender": _model(plan, pair.sender)},
            "recipe": recipe.model_dump() | {"layer": layer},
            "states": _states(plan, pair.sender, task_name, layer),
        }
    else:
        layer = _layer(config, pair.sender, recipe.layer, method)
        spec |= {
            "models": {"sender": _model(plan, pair.sender), "receiver": _model(plan, pair.receiver)},
            "recipe": recipe.model_dump() | {"layer": layer},
            "states": _states(plan, pair.sender, task_name, layer),
            "seed": seed,
        }
        if recipe.calibration is not None:
            spec["calibration"] = _calibration(plan, recipe, pair, task_name, layer)
    identity = digest(spec)
    plan.runs.setdefault(identity, Run(identity, task_name, method, spec))
    return identity


def _layer(config: Config, sender: str, layer: float | int, method: str) -> int:
    depth = config.models[sender].depth
    index = resolve_layer(layer, depth)
    if index > depth:
        raise fail(f"methods.{method}", f"layer {index} is beyond the {depth} blocks of {sender}", "use a fraction")
    return index


def _shown(task: Task) -> Spec:
    """The part of a task that methods see beside its rows."""
    keys = (
        "sender_prompt",
        "zero_shot_prompt",
        "primer",
        "max_tokens",
        "max_new_tokens",
        "final",
        "pattern",
        "stop",
    )
    return task.model_dump(include=set(keys)) | {"labels": task.label_names}


def _model(plan: Plan, name: str) -> str:
    spec = plan.config.models[name].model_dump(exclude={"title", "license"})
    key = f"{name}-{digest(spec)}"
    plan.models[key] = spec
    return key


def _data(plan: Plan, task_name: str) -> str:
    task = plan.config.tasks[task_name]
    keys = {"data", "splits", "text", "cut", "labels", "label_column", "choices_column", "answer", "final"}
    spec = task.model_dump(include=keys) | {"rows": plan.config.use[task_name].rows.model_dump()}
    key = f"{task_name}-{digest(spec)}"
    plan.data[key] = spec
    return key


def _states(plan: Plan, sender: str, task_name: str, layer: int, take: dict[str, int] | None = None) -> str:
    """A hidden-state store: one model, one task, one prompt. Layers are a union: adding one adds only it."""
    task = plan.config.tasks[task_name]
    spec: Spec = {
        "model": _model(plan, sender),
        "data": _data(plan, task_name),
        "prompt": "{text}" if take else task.sender_prompt,
        "max_tokens": task.max_tokens,
        "compute": plan.config.compute,
        "take": take,
    }
    key = f"{sender}-{task_name}-{digest(spec)}"
    layers = set(plan.states.get(key, {}).get("layers", [])) | {layer}
    plan.states[key] = spec | {"layers": sorted(layers)}
    return key


def _calibration(plan: Plan, recipe: Bridge, pair: Pair, task_name: str, layer: int) -> str:
    if recipe.calibration is None:
        raise ValueError("a recipe without statistics needs no calibration")
    rows = min(recipe.calibration.rows, plan.config.use[task_name].rows.train)
    spec = {
        "receiver": _model(plan, pair.receiver),
        "states": _states(plan, pair.sender, task_name, layer, take={"train": rows}),
        "data": _data(plan, task_name),
        "layer": layer,
        "level": recipe.calibration.level,
        "rows": rows,
        "max_tokens": plan.config.tasks[task_name].max_tokens,
    }
    key = f"{pair.sender}-{pair.receiver}-{task_name}-{digest(spec)}"
    plan.calibrations[key] = spec
    return key


def overview(plan: Plan) -> Spec:
    """What the analysis needs: grids, titles, statistics, models; run folders relative to the preset's results."""
    config = plan.config
    return {
        "preset": config.preset,
        "title": config.title,
        "statistics": config.statistics.model_dump(),
        "models": {
            name: model.model_dump(include={"title", "license", "depth", "width", "source"})
            for name, model in sorted(config.models.items())
            if any(name in (pair.sender, pair.receiver) for pair in config.pairs.values())
        },
        "pairs": {name: pair.model_dump() for name, pair in config.pairs.items()},
        "tasks": {
            name: {
                "title": config.tasks[name].title,
                "license": config.tasks[name].license,
                "labels": config.tasks[name].label_names,
                "rows": used.rows.model_dump(),
                "data": _data(plan, name),
            }
            for name, used in config.use.items()
        },
        "methods": {
            name: {"title": method.title, "about": method.about, "kind": method.recipe.kind}
            for name, method in config.methods.items()
        },
        "experiments": {name: e.model_dump() for name, e in config.experiments.items()},
        "cells": [vars(cell) for cell in plan.cells],
        "runs": {
            run.id: {"folder": run.folder, "task": run.task, "method": run.method, "spec": run.spec}
            for run in plan.runs.values()
        },
    }


def write_plan(plan: Plan, results: Path) -> None:
    """Write all specifications; a file that already says the same is left alone.

    Shared jobs go to `results/cache/plan/<kind>/<key>.json`, runs to `results/<preset>/plan/runs/<id>.json`. Both
    are named by their hash, so jobs in flight are never disturbed by another configuration. The layers of a store
    are not part of its identity, hence not of its file.
    """
    shared, own = results / "cache" / "plan", results / plan.config.preset / "plan"
    files: dict[Path, Spec] = {own / "overview.json": overview(plan)}
    for kind in ("models", "data", "states", "calibrations"):
        for key, spec in getattr(plan, kind).items():
            files[shared / kind / f"{key}.json"] = {name: spec[name] for name in spec if name != "layers"}
    for run in plan.runs.values():
        files[own / "runs" / f"{run.id}.json"] = run.spec | {
            "id": run.id,
            "name": {"task": run.task, "method": run.method},
        }
    for path, spec in files.items():
        if not (path.exists() and _same(path, spec)):
            write_json(path, spec)


def _same(path: Path, spec: Spec) -> bool:
    try:
        return digest(read_json(path, "snakemake"), 64) == digest(spec, 64)
    except Exception:
        return False  # damaged: write it again
