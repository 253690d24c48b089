"""What a setting changes: accuracy over each varied setting of the bridge, mean over seeds with interval, dots."""

import math
from itertools import pairwise

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from analysis import formats
from analysis.figures._common import CHANCE, COLUMN, FAINT, MAIN, PAGE, Data, note, stage
from analysis.figures._panels import HEADER, rows, seeds_of
from analysis.settings import title
from analysis.study import Group, Study

ACROSS, HEIGHT, TALLEST = 4, 1.5, 9.0
WIDTH, LETTER = 1.1, 0.062
"""Inches: the part of a panel that its values span, and a digit of their names."""
LOGARITHMIC = ("soft_tokens", "training.rows", "training.lr", "training.batch", "body.width")
"""Settings whose values are factors of each other."""
Sweep = list[tuple[str, Group]]


def draw(study: Study) -> tuple[Figure, Data]:
    """A panel for each experiment, task, pair and varied setting; the panels of a task share their vertical range."""
    panels = {
        (task, pair, key): sweep
        for experiment in study.shown_in("sweeps", "figures")
        for (task, pair, key), sweep in sweeps(study, experiment).items()
    }
    if not panels:
        figure = plt.figure(figsize=(COLUMN, 1.2))
        note(figure, "this preset varies no setting")
        return figure, (HEADER, [])
    across = min(ACROSS, len(panels))
    bands = -(-len(panels) // across)
    height = min(TALLEST, HEIGHT * bands + 0.35)
    figure, grid = plt.subplots(bands, across, squeeze=False, figsize=(PAGE if across > 1 else COLUMN, height))
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    ranges: dict[str, list[Axes]] = {}
    for axes, ((task, pair, key), sweep) in zip(grid.flat, panels.items(), strict=False):
        _panel(axes, study, key, sweep)
        several = len({place[1] for place in panels}) > 1
        axes.set_title(study.task(task) + (f"\n{pair}" if several else ""), pad=4)
        axes.set_xlabel(title(key), labelpad=2)
        ranges.setdefault(task, []).append(axes)
    for alike in ranges.values():
        low, high = min(a.get_ylim()[0] for a in alike), max(a.get_ylim()[1] for a in alike)
        for axes in alike:
            axes.set_ylim(low, high)
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy, percent")
    legend = [
        Line2D([], [], color=MAIN, marker="o", markersize=3.5, label="mean over seeds"),
        Line2D([], [], color=FAINT, marker="o", markersize=2.5, linestyle="", label="one seed"),
        Line2D([], [], color=CHANCE, linewidth=0.9, linestyle=(0, (4, 2)), label="chance"),
    ]
    figure.legend(handles=legend, loc="outside lower center", ncols=3)
    data = [row for sweep in panels.values() for row in rows(study, [group for _, group in sweep])]
    return figure, (HEADER, data)


def sweeps(study: Study, experiment: str) -> dict[tuple[str, str, str], Sweep]:
    """Values and means of each varied setting, by task, pair and the setting's key, in the order of the plan."""
    found: dict[tuple[str, str, str], Sweep] = {}
    for group in study.groups_of(experiment):
        if group["setting"]:
            key, value = group["setting"].split("=", 1)
            found.setdefault((group["task"], group["pair"], key), []).append((value, group))
    return found


def _panel(axes: Axes, study: Study, key: str, sweep: Sweep) -> None:
    values = _numbers([value for value, _ in sweep])
    logarithmic = values is not None and key in LOGARITHMIC and min(values) > 0
    places = values if values is not None else [float(i) for i in range(len(sweep))]
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
    level = sweep[0][1]["chance"]
    if level is not None:
        axes.axhline(100 * level, color=CHANCE, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    for place, (_, group) in zip(places, sweep, strict=True):
        cells = seeds_of(study, group)
        dots = [100 * cell["accuracy"] for cell in cells]
        if len(cells) > 1:
            axes.plot([place] * len(dots), dots, "o", color=FAINT, markersize=2.2, zorder=2)
        if group["low"] is not None:
            axes.plot([place, place], [100 * group["low"], 100 * group["high"]], color=MAIN, linewidth=0.9)
    order = sorted(range(len(sweep)), key=lambda i: places[i])
    means = [100 * sweep[i][1]["accuracy"] for i in order]
    axes.plot([places[i] for i in order], means, "o-", color=MAIN, markersize=3.2, linewidth=0.8, zorder=3)
    names = [value if values is None else formats.number(values[i]) for i, (value, _) in enumerate(sweep)]
    spots = sorted(math.log(place) if logarithmic else place for place in places)
    gaps = [(right - left) / (spots[-1] - spots[0]) for left, right in pairwise(spots) if right > left]
    steep = min(gaps, default=1.0) * WIDTH < LETTER * max(map(len, names))
    axes.set_xticks(places, names, fontsize=5.8 if steep else 6.5, rotation=60 if steep else 0)
    axes.margins(x=0.1, y=0.1)
    axes.grid(axis="y")


def _numbers(values: list[str]) -> list[float] | None:
    """The values of a setting as numbers; None if one is a word."""
    try:
        return [float(value) for value in values]
    except ValueError:
        return None


if __name__ == "__main__":
    stage("sweeps", __doc__, draw)
