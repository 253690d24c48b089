"""From a recipe as written to the recipe as run: a preset's overrides or scale, layers and widths as numbers.

What comes out is what a run's record shows, so no setting that was applied stays hidden. No torch, no pandas.
"""

from typing import Any

from telepathy.config.load import merge, validate
from telepathy.config.methods import Bridge
from telepathy.config.preset import Config
from telepathy.config.scale import Scale
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


def resolve_bridge(config: Config, method: str, recipe: Bridge, task: str, sender: str, receiver: str) -> Bridge:
    """A bridge recipe for one task and pair.

    A phase is scaled; any other bridge takes the preset's overrides and then the task's.

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
            content = merge(content, over)
            layers.append((where, over))
        recipe = validate(Bridge, content, layers)
        content = recipe.model_dump()
    scale = _scale_of(config, task) if is_phase else Scale()
    _scaled(content, scale, config.models[receiver].width)
    content["layer"] = source_layer(config, sender, recipe.layer, method)
    layers.append((f"preset {config.preset}: scale", {}))
    made: Bridge = validate(Bridge, content, layers)
    return made


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
    steps = scale.steps.whole(training["steps"])
    training["warmup"] = min(steps, round(training["warmup"] * steps / training["steps"]))
    if training.get("ema") is not None:
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
