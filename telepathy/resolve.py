"""From a recipe as written to the recipe as run: a preset's overrides or scale, layers and widths as numbers.

What comes out is what a run's record shows, so no setting that was applied stays hidden. No torch, no pandas.
"""

from collections.abc import Mapping
from typing import Any, get_args

from telepathy.config.load import merge, validate
from telepathy.config.methods import Bridge, LoRA, PromptTuning, Training
from telepathy.config.parts import BODIES
from telepathy.config.preset import Config
from telepathy.config.scale import Scale
from telepathy.config.sizes import matched, parameters
from telepathy.errors import fail


def resolve_layer(layer: float | int, depth: int) -> int:
    """Index into `hidden_states`: an index stays, a fraction of the depth is rounded, never below 1."""
    return layer if isinstance(layer, int) else max(1, round(layer * depth))


def source_layer(config: Config, sender: str, layer: float | int, method: str) -> int:
    """The index of a source layer, checked against the sender's depth.

    Raises:
        UserError: beyond the sender's depth.
    """
    depth = config.models[sender].depth
    index = resolve_layer(layer, depth)
    if index > depth:
        raise fail(f"methods.{method}", f"layer {index} is beyond the {depth} blocks of {sender}", "use a fraction")
    return index


def resolve_bridge(
    config: Config,
    method: str,
    recipe: Bridge,
    task: str,
    sender: str,
    receiver: str,
    settings: Mapping[str, Any] | None = None,
) -> Bridge:
    """A bridge recipe for one task and pair.

    A phase is scaled; any other bridge takes the preset's overrides and then the task's. `settings` (dotted key ->
    value) are an experiment's own and come last.

    Raises:
        UserError: an override that makes the recipe invalid, or a layer beyond the sender's depth.
    """
    content = recipe.model_dump(exclude_unset=True)
    # Defaults of a part are settings too, so that scaling sees them.
    content["body"], content["training"] = recipe.body.model_dump(), recipe.training.model_dump()
    layers: list[tuple[str, dict[str, Any]]] = [(f"methods.{method}", {})]
    is_phase = method.removesuffix("_recorded") in config.phases
    if not is_phase:
        for where, over in (
            (f"preset {config.preset} or --config: bridge", config.bridge),
            (f"preset {config.preset} or --config: use.{task}.bridge", config.use[task].bridge),
        ):
            content = merge(content, _fitting(over, content["body"]["kind"]))
            _untrained_stays(content, recipe.training)
            layers.append((where, over))
    own = nested(settings or {})
    content = merge(content, own)
    layers.append(("experiments.yaml: vary", own))
    recipe = validate(Bridge, content, layers)
    content = recipe.model_dump()
    scale = _scale_of(config, task) if is_phase else Scale()
    _scaled(content, scale, config.models[receiver].width)
    _whole_split(content["training"], config.use[task].rows.train, f"methods.{method} on {task}")
    if recipe.match is not None:
        _match(config, content, recipe.match, task, sender, receiver)
    content["layer"] = source_layer(config, sender, recipe.layer, method)
    layers.append((f"preset {config.preset}: scale", {}))
    made: Bridge = validate(Bridge, content, layers)
    return made


def resolve_tuned(config: Config, recipe: PromptTuning | LoRA, task: str) -> PromptTuning | LoRA:
    """Prompt tuning or LoRA for one task: the preset's `tuned` overrides, then the task's.

    Without the text, prompt tuning is as cheap as a bridge and gets the budget of one: the `bridge.training` overrides.
    """
    content = recipe.model_dump(exclude_unset=True)
    content["training"] = recipe.training.model_dump()
    blind = isinstance(recipe, PromptTuning) and not recipe.text
    used = config.use[task]
    first, second = (config.bridge, used.bridge) if blind else (config.tuned, used.tuned)
    layers: list[tuple[str, dict[str, Any]]] = []
    for name, over in (("preset", first), ("use", second)):
        part = {key: value for key, value in over.items() if key == "training" or not blind}
        if blind and "training" in part:
            # Its own learning rate: a prompt of a few vectors wants another than a network.
            part = {"training": {key: value for key, value in part["training"].items() if key != "lr"}}
        content = merge(content, {key: value for key, value in part.items() if key in type(recipe).model_fields})
        layers.append((f"preset {config.preset} or --config: {name} {'bridge' if blind else 'tuned'}", part))
    made: PromptTuning | LoRA = validate(type(recipe), content, layers)
    return made


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as nested mappings.

    Examples:
        >>> nested({"body.depth": 2, "layer": 3})
        {'body': {'depth': 2}, 'layer': 3}
    """
    whole: dict[str, Any] = {}
    for key, value in settings.items():
        *path, last = key.split(".")
        here = whole
        for step in path:
            here = here.setdefault(step, {})
        here[last] = value
    return whole


def _fitting(over: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Overrides without the settings that a body of this kind does not have; unknown ones stay, and are refused."""
    body = over.get("body")
    if not isinstance(body, Mapping) or "kind" in body:
        return dict(over)
    kinds = {get_args(model.model_fields["kind"].annotation)[0]: model for model in BODIES}
    anywhere = {name for model in BODIES for name in model.model_fields}
    kept = {key: value for key, value in body.items() if key in kinds[kind].model_fields or key not in anywhere}
    return dict(over) | {"body": kept}


def _untrained_stays(content: dict[str, Any], training: Training) -> None:
    """A recipe without steps stays untrained, whatever the budget of the others."""
    if training.steps == 0:
        content["training"] = content["training"] | {"steps": 0, "warmup": 0, "validations": 0, "search": None}


def _whole_split(training: dict[str, Any], prepared: int, where: str) -> None:
    """All training rows are all training rows, however they are asked for: the same run, under the same id."""
    asked = training["rows"]
    if asked is not None and asked > prepared:
        raise fail(where, f"training.rows {asked} is more than the {prepared} prepared", "raise the task's rows.train")
    training["rows"] = None if asked == prepared else asked


def _match(config: Config, content: dict[str, Any], other: str, task: str, sender: str, receiver: str) -> None:
    """Give the body the width that has as many parameters as the body of another method."""
    widths = config.models[sender].width, config.models[receiver].width
    model = config.methods[other].recipe
    if not isinstance(model, Bridge):  # checked by the configuration
        raise TypeError(f"{other} is no bridge")
    wanted = resolve_bridge(config, other, model, task, sender, receiver)
    size = parameters(wanted.body, wanted.soft_tokens, *widths)
    body = Bridge.model_validate(content).body
    content["body"] = matched(body, size, content["soft_tokens"], *widths).model_dump()


def _scale_of(config: Config, task: str) -> Scale:
    over = config.use[task].scale
    where = f"preset {config.preset} or --config: use.{task}.scale"
    made: Scale = validate(Scale, merge(config.scale.model_dump(exclude_unset=True), over), [(where, over)])
    return made


def _scaled(content: dict[str, Any], scale: Scale, receiver_width: int) -> None:
    """Scale a recipe in place; ratios between recipes stay, bounds aside."""
    body, training = content["body"], content["training"]
    if "width" in body:
        width = receiver_width if body["width"] is None else body["width"]
        if isinstance(width, float):
            width = width * receiver_width
        body["width"] = scale.width.whole(width, body.get("heads", 1))
    if "depth" in body:
        body["depth"] = scale.depth.whole(body["depth"])
    content["soft_tokens"] = scale.soft_tokens.whole(content["soft_tokens"], _rounds(body))
    bottleneck = content.get("bottleneck")
    if bottleneck and bottleneck["kind"] == "vq":
        content["bottleneck"] = bottleneck | {"codes": scale.codes.whole(bottleneck.get("codes", 4096))}
    if content.get("calibration"):
        rows = scale.calibration_rows.whole(content["calibration"].get("rows", 500))
        content["calibration"] = content["calibration"] | {"rows": rows}
    steps = scale.steps.whole(training["steps"]) if training["steps"] else 0
    training["warmup"] = min(steps, round(training["warmup"] * steps / max(1, training["steps"])))
    if training.get("ema") is not None and steps:
        # The average forgets as large a share of the run.
        training["ema"] = float(f"{training['ema'] ** (training['steps'] / steps):.6g}")
    training["steps"] = steps
    training["batch"] = scale.batch.whole(training["batch"])
    training["accumulation"] = scale.accumulation.whole(training["accumulation"])
    training["lr"] = float(f"{scale.lr.of(training['lr']):.6g}")
    if scale.target_tokens is not None:
        training["max_target_tokens"] = scale.target_tokens
    if scale.validations is not None:
        training["validations"] = scale.validations


def _rounds(body: dict[str, Any]) -> int:
    return body["rounds"] if body["kind"] == "recurrent_perceiver" else 1
