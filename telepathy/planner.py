"""Turn a configuration into the de-duplicated set of jobs and runs, each with an identity.

An identity is a hash of exactly the fields that change what the job writes, so a title or a comment never
re-trains anything, and two experiments that need the same run share it. No torch, no pandas.
"""

from collections.abc import Iterator
from typing import Any

from telepathy.config.hardware import Restart
from telepathy.config.methods import (
    TRAINED,
    Bridge,
    Control,
    FewShot,
    Latency,
    LinearProbe,
    LoRA,
    Majority,
    PromptTuning,
    PrunedText,
    RidgeMap,
    ZeroShot,
)
from telepathy.config.models import PLANNING
from telepathy.config.parts import LastToken, MeanPool
from telepathy.config.preset import Config, Experiment, Pair
from telepathy.config.tasks import Task
from telepathy.disk import beyond
from telepathy.errors import fail
from telepathy.files import digest
from telepathy.plan import Cell, Plan, Run, Spec
from telepathy.resolve import resolve_bridge, resolve_tuned, source_layer


def make_plan(config: Config) -> Plan:
    """Expand every experiment of a configuration; where stores would take too much disk, the largest are not written.

    Raises:
        UserError: an override that makes a recipe invalid, or a source layer beyond the sender's depth.
    """
    plan = _expanded(config, frozenset())
    too_large = beyond(plan.store_sizes(), config.hardware.store_gb)
    return _expanded(config, too_large) if too_large else plan


def _expanded(config: Config, too_large: frozenset[str]) -> Plan:
    plan = Plan(config, too_large=too_large)
    for name, experiment in config.experiments.items():
        for task, method in _grid(config, experiment):
            for pair in experiment.pairs:
                for seed in experiment.seeds:
                    _fill(plan, name, experiment, task, method, pair, seed)
    return plan


def _fill(plan: Plan, name: str, experiment: Experiment, task: str, method: str, pair: str, seed: int) -> None:
    """The cells of one task, method, pair and seed: the method itself, its varied settings, its transfers."""
    run = _run(plan, method, task, pair, seed)
    plan.cells.append(Cell(name, task, method, pair, seed, run))
    for key, values in experiment.vary.items():
        for value in values:
            varied = _run(plan, method, task, pair, seed, {key: value})
            plan.cells.append(Cell(name, task, method, pair, seed, varied, f"{key}={value}"))
    labels = plan.config.tasks[task].label_names
    for other in experiment.tasks if experiment.transfer else []:
        if other != task and labels and set(plan.config.tasks[other].label_names) == set(labels):
            moved = _transfer(plan, method, other, task, pair, seed)
            plan.cells.append(Cell(name, task, method, pair, seed, moved, trained_on=other))


def _grid(config: Config, experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Tasks and methods of an experiment; a method is left out where it cannot answer the task."""
    for task in experiment.tasks:
        kind = "labels" if config.tasks[task].labels else "answer"
        for method in experiment.methods:
            if kind in config.methods[method].targets:
                yield task, method
    for variant in config.chosen(experiment):
        task = config.task_of(config.phases[variant.phase])
        if task is None:
            role = config.phases[variant.phase].task
            raise fail(
                f"preset {config.preset}", f"no task stands for `{role}` of {variant.phase}", "add it to `roles`"
            )
        yield task, variant.method


def _run(
    plan: Plan, method: str, task_name: str, pair_name: str, seed: int, settings: dict[str, Any] | None = None
) -> str:
    """Plan one run; its id."""
    config = plan.config
    task, pair, recipe = config.tasks[task_name], config.pairs[pair_name], config.methods[method].recipe
    both = {"sender": pair.sender, "receiver": pair.receiver}
    spec: Spec = {"data": data_key(plan, task_name), "task": _shown(task), "compute": config.compute}
    if settings and not isinstance(recipe, Bridge):
        raise fail("experiments.yaml: vary", f"`{method}` is no bridge, and has no such settings", "name a bridge")
    uses = None
    match recipe:
        case Bridge():
            spec |= _bridge(plan, method, recipe, task_name, pair, settings or {})
            # Nothing random is left in a bridge that has no weights: one run stands for all seeds.
            spec |= {"seed": 0 if _without_weights(recipe) else seed}
        case Control() | Latency():
            uses = _run(plan, recipe.bridge, task_name, pair_name, seed)
            spec |= {"recipe": recipe.model_dump()} | _of_bridge(plan.runs[uses].spec)
        case PromptTuning() | LoRA():
            tuned = resolve_tuned(config, recipe, task_name)
            spec |= {"models": {"receiver": _model(plan, pair.receiver)}, "recipe": tuned.model_dump(), "seed": seed}
        case ZeroShot() | FewShot():
            spec |= {"models": {"reader": _model(plan, both[recipe.reader])}, "recipe": recipe.model_dump()}
            del spec["recipe"]["reader"]
            spec |= {"seed": seed} if isinstance(recipe, FewShot) else {}
        case Majority():
            spec |= {"models": {}, "recipe": recipe.model_dump()}
            del spec["compute"]
        case LinearProbe():
            layers = sorted({source_layer(config, pair.sender, layer, method) for layer in recipe.layers})
            spec |= {"models": {"sender": _model(plan, pair.sender)}}
            spec |= {"recipe": recipe.model_dump() | {"layers": layers}}
            spec |= {"states": _all_states(plan, pair.sender, task_name, layers)}
        case RidgeMap():
            layer = source_layer(config, pair.sender, recipe.layer, method)
            spec |= {"models": {role: _model(plan, name) for role, name in both.items()}}
            spec |= {"recipe": recipe.model_dump() | {"layer": layer}}
            spec |= {"states": _all_states(plan, pair.sender, task_name, [layer])}
        case PrunedText():
            like = config.methods[recipe.like].recipe
            bridge = resolve_bridge(config, recipe.like, like, task_name, pair.sender, pair.receiver)
            # The first words are the same whoever the sender is.
            roles = both if recipe.criterion == "surprisal" else {"receiver": pair.receiver}
            spec |= {"models": {role: _model(plan, name) for role, name in roles.items()}}
            spec |= {"recipe": recipe.model_dump(exclude={"like"}) | {"tokens": bridge.soft_tokens}}
        case _:
            spec |= {"models": {role: _model(plan, name) for role, name in both.items()}}
            spec |= {"recipe": recipe.model_dump()}
    if recipe.kind in TRAINED and config.restart != Restart():
        spec["restart"] = config.restart.model_dump()
    return _add(plan, task_name, method, spec, pair_name, uses)


def _add(plan: Plan, task: str, method: str, spec: Spec, pair: str, uses: str | None) -> str:
    spec |= _way(plan, spec)
    identity = digest(spec)
    plan.runs.setdefault(identity, Run(identity, task, method, spec, pair, uses))
    return identity


def _way(plan: Plan, spec: Spec) -> Spec:
    """What a specification says of states that are computed as needed, since they round differently; else nothing."""
    return {"live": True} if spec.get("states") in plan.too_large else {}


def _of_bridge(bridge: Spec) -> Spec:
    """What a run that uses a trained bridge shares with that bridge's own run."""
    shared = {key: bridge[key] for key in ("models", "states", "calibration") if key in bridge}
    return {"bridge": bridge} | shared


def _transfer(plan: Plan, method: str, trained_on: str, task_name: str, pair_name: str, seed: int) -> str:
    """A bridge that another task trained, on the rows, prompts and labels of this one."""
    uses = _run(plan, method, trained_on, pair_name, seed)
    used, task = plan.runs[uses].spec, plan.config.tasks[task_name]
    sender = plan.config.pairs[pair_name].sender
    spec: Spec = {"data": data_key(plan, task_name), "task": _shown(task), "compute": plan.config.compute}
    spec |= {"recipe": {"kind": "transfer", "bridge": method, "trained_on": trained_on}} | _of_bridge(used)
    spec["states"] = _all_states(plan, sender, task_name, [used["recipe"]["layer"]])
    return _add(plan, task_name, method, spec, pair_name, uses)


def _bridge(plan: Plan, method: str, recipe: Bridge, task_name: str, pair: Pair, settings: dict[str, Any]) -> Spec:
    recipe = resolve_bridge(plan.config, method, recipe, task_name, pair.sender, pair.receiver, settings)
    prompt = recipe.sender_prompt or plan.config.tasks[task_name].sender_prompt
    layer = int(recipe.layer)
    spec: Spec = {
        "models": {"sender": _model(plan, pair.sender), "receiver": _model(plan, pair.receiver)},
        # Which method the width was matched to is past once the width is a number.
        "recipe": recipe.model_dump() | {"match": None},
        "states": _states(plan, pair.sender, task_name, prompt, layer),
    }
    if recipe.calibration is not None:
        spec["calibration"] = _calibration(plan, recipe, pair, task_name, layer)
    return spec


def _without_weights(recipe: Bridge) -> bool:
    """Whether a bridge is a fixed function of the states, neither initialised nor trained."""
    untrained = recipe.training.steps == 0 and recipe.bottleneck is None
    return untrained and isinstance(recipe.body, MeanPool | LastToken)


def _all_states(plan: Plan, sender: str, task_name: str, layers: list[int]) -> str:
    """Stored states of several layers, for the task's own prompt."""
    prompt = plan.config.tasks[task_name].sender_prompt
    return [_states(plan, sender, task_name, prompt, layer) for layer in layers][-1]


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
    spec = plan.config.models[name].model_dump(exclude={"title", "license", *PLANNING})
    key = f"{name}-{digest(spec)}"
    plan.models[key] = spec
    return key


def data_key(plan: Plan, task_name: str) -> str:
    """Plan a task's rows; their key."""
    task = plan.config.tasks[task_name]
    keys = {"data", "splits", "text", "cut", "labels", "label_column", "choices_column", "answer", "final"}
    spec = task.model_dump(include=keys) | {"rows": plan.config.use[task_name].rows.model_dump()}
    key = f"{task_name}-{digest(spec)}"
    plan.data[key] = spec
    return key


def _states(
    plan: Plan, sender: str, task_name: str, prompt: str, layer: int, take: dict[str, int] | None = None
) -> str:
    """A hidden-state store: one model, one task, one prompt. Layers are a union: adding one adds only it."""
    task = plan.config.tasks[task_name]
    spec: Spec = {
        "model": _model(plan, sender),
        "data": data_key(plan, task_name),
        "prompt": prompt,
        "max_tokens": task.max_tokens,
        "compute": plan.config.compute,
        "take": take,
    }
    key = f"{sender}-{task_name}-{digest(spec)}"
    kept = plan.live if key in plan.too_large else plan.states
    layers = set(kept.get(key, {}).get("layers", [])) | {layer}
    kept[key] = spec | {"layers": sorted(layers)}
    return key


def _calibration(plan: Plan, recipe: Bridge, pair: Pair, task_name: str, layer: int) -> str:
    if recipe.calibration is None:
        raise ValueError("a recipe without statistics needs no calibration")
    rows = min(recipe.calibration.rows, plan.config.use[task_name].rows.train)
    spec = {
        "receiver": _model(plan, pair.receiver),
        "states": _states(plan, pair.sender, task_name, "{text}", layer, take={"train": rows}),
        "data": data_key(plan, task_name),
        "layer": layer,
        "level": recipe.calibration.level,
        "rows": rows,
        "max_tokens": plan.config.tasks[task_name].max_tokens,
    }
    spec |= _way(plan, spec)
    key = f"{pair.sender}-{pair.receiver}-{task_name}-{digest(spec)}"
    plan.calibrations[key] = spec
    return key
