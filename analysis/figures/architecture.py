"""The bridge between the two frozen models, with the settings of the plan's leading method."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from analysis.figures._common import PAGE, Data, note, stage
from analysis.study import Study
from analysis.values import lead_values

WIDTH, HEIGHT = 70.0, 23.5  # drawing units: tenths of an inch
FROZEN, FROZEN_EDGE = "#ECECEC", "#8A8A8A"
TRAINED, TRAINED_EDGE = "#DCEAF5", "#0072B2"
SOFT, SOFT_EDGE = "#FBE3CF", "#D55E00"
INK, QUIET = "#222222", "#555555"
MIDDLE = 13.0


def draw(study: Study) -> tuple[Figure, Data]:
    """Left to right: sender, normalizer, resampler, output stage, soft tokens, receiver."""
    figure = plt.figure(figsize=(PAGE, PAGE * HEIGHT / WIDTH))
    figure.set_layout_engine("none")
    settings = {value.id.removeprefix("lead."): value.text for value in lead_values(study)}
    header, rows = ["setting", "value"], [[key, text] for key, text in settings.items()]
    if study.lead is None:
        note(figure, "no trained method in this preset")
        return figure, (header, rows)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    axes.set_axis_off()
    pair = study.plan["pairs"][study.main_pair]
    _sender(axes, study.plan["models"][pair["sender"]], settings)
    _bridge(axes, settings)
    run = next(r for r in study.described if study.plan["runs"][r]["method"] == study.lead)
    layout = study.plan["runs"][run]["spec"]["recipe"]["layout"]
    _receiver(axes, study.plan["models"][pair["receiver"]], settings, layout)
    _legend(axes)
    return figure, (header, rows)


def _box(axes: Axes, x: float, y: float, w: float, h: float, face: str, edge: str, **style: object) -> None:
    shape = "round,pad=0,rounding_size=0.6"
    axes.add_patch(FancyBboxPatch((x, y), w, h, boxstyle=shape, facecolor=face, edgecolor=edge, linewidth=0.8, **style))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], size: float = 7) -> None:
    style = {"arrowstyle": "-|>", "mutation_scale": size, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.add_patch(FancyArrowPatch(start, end, color=INK, **style))


def _text(axes: Axes, x: float, y: float, text: str, size: float = 6.5, **style: object) -> None:
    style = {"ha": "center", "va": "center", "color": INK, "linespacing": 1.25} | style
    axes.text(x, y, text, fontsize=size, **style)


def _sender(axes: Axes, model: dict[str, Any], settings: dict[str, str]) -> None:
    """The sender as a stack of blocks; the one whose output is read is marked."""
    x, w, bottom, top = 1.0, 11.5, 5.2, 20.4
    _box(axes, x, bottom, w, top - bottom, FROZEN, FROZEN_EDGE)
    _text(axes, x + w / 2, top + 1.1, "Sender (frozen)", 7, weight="bold")
    blocks, gap = 7, 0.45
    room = top - bottom - 4.6
    height = (room - gap * (blocks - 1)) / blocks
    layers = [float(n) for n in settings["layer"].split(" or ")]
    mark = min(blocks - 1, round(layers[0] / model["depth"] * (blocks - 1)))
    for i in range(blocks):
        y = bottom + 0.9 + i * (height + gap)
        edge, face = (TRAINED_EDGE, "white") if i == mark else (FROZEN_EDGE, "white")
        axes.add_patch(Rectangle((x + 1.2, y), w - 2.4, height, facecolor=face, edgecolor=edge, linewidth=0.7))
        if i == mark:
            center = y + height / 2
            axes.plot([x + w - 1.2, x + w + 1.4], [center, center], color=INK, linewidth=0.9, solid_capstyle="butt")
            axes.plot([x + w + 1.4] * 2, [center, MIDDLE], color=INK, linewidth=0.9, solid_joinstyle="miter")
            _text(axes, x + w / 2, center, f"layer {settings['layer']}", 5.6, color=TRAINED_EDGE)
    _text(
        axes,
        x + w / 2,
        top - 1.9,
        f"{_fold(model['title'])}\n{model['depth']} blocks, width {model['width']}",
        5.8,
    )
    _text(axes, x + w / 2, 3.6, "input text", 6.5, style="italic")
    _arrow(axes, (x + w / 2, 4.2), (x + w / 2, bottom), 6)


def _bridge(axes: Axes, settings: dict[str, str]) -> None:
    """The three trained parts and what flows between them."""
    _box(axes, 19.2, 4.4, 24.0, 17.0, "none", TRAINED_EDGE, linestyle=(0, (4, 2)))
    title = f"Bridge (trained, {settings['steps']} steps)"
    _text(axes, 31.2, 22.4, title, 7, weight="bold", color=TRAINED_EDGE)
    _arrow(axes, (13.9, MIDDLE), (20.2, MIDDLE))
    _text(axes, 16.5, MIDDLE + 2.0, "states\n$H$: $T\\times d_s$", 6, color=QUIET)
    _box(axes, 20.2, MIDDLE - 3.2, 5.3, 6.4, TRAINED, TRAINED_EDGE)
    _text(axes, 22.85, MIDDLE, f"normalizer\n({_stack(settings['normalizer'])})", 5.8)
    _arrow(axes, (25.5, MIDDLE), (26.8, MIDDLE))
    x, w = 26.8, 9.0
    _box(axes, x, 5.6, w, 14.8, TRAINED, TRAINED_EDGE)
    _text(axes, x + w / 2, 18.8, f"perceiver resampler\nwidth: {_stack(settings['width'])}", 5.8)
    parts = ("cross-attention\nto the states", "self-attention", "feed-forward")
    y = 9.0
    for label, h in zip(reversed(parts), (2.0, 2.0, 3.0), strict=True):
        box = Rectangle((x + 0.7, y), w - 1.4, h, facecolor="white", edgecolor=TRAINED_EDGE, linewidth=0.6)
        axes.add_patch(box)
        _text(axes, x + w / 2, y + h / 2, label, 5.5)
        y += h + 0.5
    _text(axes, x + w - 0.7, 8.1, f"$\\times$ {settings['depth']}", 6, ha="right")
    _text(axes, x + w / 2, 6.7, f"$K$ = {settings['soft_tokens']} learned latents", 5.4, color=QUIET)
    _arrow(axes, (35.8, MIDDLE), (37.1, MIDDLE))
    _box(axes, 37.1, MIDDLE - 3.2, 5.2, 6.4, TRAINED, TRAINED_EDGE)
    _text(axes, 39.7, MIDDLE, f"output\nstage\n({_stack(settings['output'])})", 5.8)
    _text(axes, 46.5, MIDDLE + 2.0, "soft tokens\n$Z$: $K\\times d_r$", 6, color=QUIET)


def _receiver(axes: Axes, model: dict[str, Any], settings: dict[str, str], layout: list[str]) -> None:
    """The receiver above its input sequence, which the layout of the plan spells out."""
    x, w = 51.0, 18.0
    _box(axes, x, 11.6, w, 8.8, FROZEN, FROZEN_EDGE)
    _text(axes, x + w / 2, 21.5, "Receiver (frozen)", 7, weight="bold")
    size = f"{model['depth']} blocks, width {model['width']}"
    _text(axes, x + w / 2, 16.0, f"{_fold(model['title'])}\n{size}", 5.8)
    weights = {"bos": 0.8, "eos": 0.8, "primer": 1.3, "target": 1.25, "soft": 2.0}
    names = {"bos": "BOS", "eos": "EOS", "soft": f"$Z$ ($K$ = {settings['soft_tokens']})"}
    total = sum(weights[piece] for piece in layout)
    left, y, h, gap = x, 7.4, 2.4, 0.25
    for piece in layout:
        width = w * weights[piece] / total
        face, edge = (SOFT, SOFT_EDGE) if piece == "soft" else ("white", FROZEN_EDGE)
        _box(axes, left + gap / 2, y, width - gap, h, face, edge)
        center = left + width / 2
        _text(axes, center, y + h / 2, names.get(piece, piece), 5.5)
        _arrow(axes, (center, y + h), (center, 11.6), 5)
        if piece == "soft":
            turns = [42.3, 49.6, 49.6, center], [MIDDLE, MIDDLE, 5.2, 5.2]
            axes.plot(*turns, color=INK, linewidth=0.9, solid_joinstyle="miter")
            _arrow(axes, (center, 5.2), (center, y))
        left += width
    _text(axes, x + w / 2, 3.6, "loss on the target; only the bridge is updated", 5.8, color=QUIET)


def _legend(axes: Axes) -> None:
    for x, face, edge, text in (
        (14.5, FROZEN, FROZEN_EDGE, "frozen"),
        (22.0, TRAINED, TRAINED_EDGE, "trained"),
        (30.0, SOFT, SOFT_EDGE, "soft tokens, passed as input embeddings"),
    ):
        _box(axes, x, 1.1, 1.8, 1.2, face, edge)
        _text(axes, x + 2.4, 1.65, text, 6, ha="left")


def _fold(title: str, limit: int = 16) -> str:
    """Break a long model title once, at the hyphen or space nearest to its middle."""
    places = [i for i, letter in enumerate(title) if letter in "- " and 0 < i < len(title) - 1]
    if len(title) <= limit or not places:
        return title
    cut = min(places, key=lambda i: abs(i - len(title) / 2))
    return f"{title[: cut + 1].rstrip()}\n{title[cut + 1 :]}"


def _stack(text: str) -> str:
    return text.replace(" ", "\n") if len(text) > 8 else text


if __name__ == "__main__":
    stage("architecture", __doc__, draw)
