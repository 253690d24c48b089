"""Panels side by side that share the names of their lines: on each line a mark, its interval, and a dot a seed.

A figure is a column of bands. The panels of a band are tasks, its lines are methods, so a method is read across
tasks along one line. However many lines there are, the figure fits a page.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures._common import CHANCE, COLUMN, FAINT, MAIN, OTHER, PAGE, Data
from analysis.study import Cell, Group, Study

ACROSS = 4
LINE, SMALLEST, TALLEST = 0.14, 0.085, 9.0
"""Inches: a line if there is room for it, the least that can be read, the figure that fits a page with its caption."""
BAND, ENDS, LETTER = 0.52, 0.45, 0.048
"""Inches that a band needs for its title and ticks, the figure for its axis title and legend, and a legend's letter."""
HEADER = ["experiment", "task", "method", "pair", "setting", "trained_on"]
HEADER += ["seed", "n", "accuracy", "sd", "low", "high", "chance"]


@dataclass(frozen=True)
class Mark:
    """What a line shows, as fractions: a value with its interval, and the values of single seeds.

    Attributes:
        filled: full or open mark.
        dots: the values of single seeds, with whether each is full or open.
    """

    value: float
    low: float | None
    high: float | None
    color: str = OTHER
    filled: bool = True
    dots: tuple[tuple[float, bool], ...] = ()


@dataclass(frozen=True)
class Panel:
    """A title with one mark for each line of the band (None: nothing), and where the dashed line stands."""

    title: str
    marks: list[Mark | None]
    level: float | None = None


@dataclass(frozen=True)
class Band:
    """Names of lines, which of them are bold, and the panels that share them."""

    lines: list[str]
    bold: list[bool]
    panels: list[Panel]


def accuracies(bands: Sequence[Band], legend: list[Line2D]) -> Figure:
    """Draw bands of accuracies on the whole range, with chance as a dashed line."""
    return arrange(bands, "accuracy, percent", legend, dashed, (-2, 102))


def arrange(
    bands: Sequence[Band],
    xlabel: str,
    legend: list[Line2D],
    level: Callable[[Axes, float], None],
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw bands below each other, at most `ACROSS` panels wide.

    Args:
        bands: what to draw; rows of panels are as high as their bands have lines.
        xlabel: below the last of them.
        legend: below that.
        level: draws the line at a panel's level.
        limits: of the horizontal axes in percent; one range that holds all marks if absent.
    """
    rows = [
        Band(band.lines, band.bold, band.panels[i : i + ACROSS])
        for band in bands
        for i in range(0, len(band.panels), ACROSS)
    ]
    columns = max(len(row.panels) for row in rows)
    total = sum(len(row.lines) for row in rows)
    room = (TALLEST - ENDS - BAND * len(rows)) / total
    line = max(SMALLEST, min(LINE, room))
    figure, grid = plt.subplots(
        len(rows),
        columns,
        squeeze=False,
        sharey="row",
        figsize=(PAGE if columns > 1 else COLUMN + 1, min(TALLEST, ENDS + BAND * len(rows) + line * total)),
        height_ratios=[len(row.lines) + 0.8 for row in rows],
    )
    size = min(6.5, 72 * 0.82 * line)
    for row, places in zip(rows, grid, strict=True):
        for axes, panel in zip(places, row.panels, strict=False):
            _panel(axes, panel, level)
            if limits is not None:
                axes.set_xlim(*limits)
        for axes in places[len(row.panels) :]:
            axes.set_visible(False)
        places[0].set_yticks(range(len(row.lines)), row.lines, fontsize=size)
        places[0].set_ylim(len(row.lines) - 0.4, -0.6)
        for label, bold in zip(places[0].get_yticklabels(), row.bold, strict=True):
            label.set_fontweight("bold" if bold else "normal")
    if limits is None:
        _align(figure, [axes for axes in grid.flat if axes.get_visible()])
    for axes in grid[-1]:
        axes.set_xlabel(xlabel)
    if legend:
        wide = sum(len(str(handle.get_label())) + 7 for handle in legend) * LETTER > figure.get_size_inches()[0]
        ncols = 1 if wide else len(legend)
        figure.legend(handles=legend, loc="outside lower center", ncols=ncols, handletextpad=0.4)
    return figure


def dashed(axes: Axes, level: float) -> None:
    """The chance level of a panel."""
    axes.axvline(100 * level, color=CHANCE, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)


def zero(axes: Axes, level: float) -> None:
    """Where two methods are equal."""
    axes.axvline(100 * level, color=FAINT, linewidth=0.8, zorder=0)


def entry(color: str, label: str, filled: bool = True, size: float = 4) -> Line2D:
    """A mark in a legend."""
    face = color if filled else "white"
    return Line2D([], [], color=color, marker="o", linestyle="", markersize=size, markerfacecolor=face, label=label)


def key(groups: Iterable[Group], lead: str = "") -> list[Line2D]:
    """Legend of a figure of accuracies: the leading method, chance and seeds, as far as they occur."""
    found = list(groups)
    handles = [entry(MAIN, lead)] if lead else []
    if any(g["chance"] is not None for g in found):
        handles.append(Line2D([], [], color=CHANCE, linewidth=0.9, linestyle=(0, (4, 2)), label="chance"))
    if any(len(g["runs"]) > 1 for g in found):
        handles.append(entry(FAINT, "one seed", size=2.5))
    return handles


def is_reference(study: Study, group: Group) -> bool:
    """Whether a group is of its experiment's reference method."""
    return group["method"] == study.plan["experiments"][group["experiment"]]["reference"]


def seeds_of(study: Study, group: Group) -> list[Cell]:
    """The cells of a group, each distinct run once, in the order of the seeds."""
    return list({cell["run"]: cell for cell in reversed(study.cells_in(group))}.values())[::-1]


def mark(study: Study, group: Group, color: str = OTHER, filled: bool = True) -> Mark:
    """A group's mean with its interval, and its seeds as dots if there are several."""
    cells = seeds_of(study, group)
    dots = tuple((cell["accuracy"], True) for cell in cells) if len(cells) > 1 else ()
    return Mark(group["accuracy"], group["low"], group["high"], color, filled, dots)


def rows(study: Study, groups: Iterable[Group]) -> list[list[object]]:
    """Data of groups: a row for the mean of several seeds, and one for each run."""
    found: list[list[object]] = []
    for group in groups:
        cells = seeds_of(study, group)
        start = [group[k] for k in HEADER[:6]]
        if len(cells) > 1:
            found.append([*start, "mean", *(group[k] for k in HEADER[7:])])
        found += [[*start, c["seed"], c["n"], c["accuracy"], "", c["low"], c["high"], c["chance"]] for c in cells]
    return found


def by_lines(
    study: Study,
    experiments: Iterable[str],
    color: Callable[[Group], str],
    name: Callable[[Group], str] | None = None,
) -> tuple[list[Band], Data]:
    """Bands of accuracies: tasks of an experiment with the same methods share their lines.

    Args:
        study: where the means over seeds come from; settings and transfers have figures of their own.
        experiments: those to show, in order.
        color: of a group's mark.
        name: of a line; the method's title, with the pair where there are several, if absent.
    """
    bands: list[Band] = []
    data: list[list[object]] = []
    for experiment in experiments:
        found: dict[tuple[str, ...], dict[str, list[Group]]] = {}
        for task in study.tasks_of(experiment):
            groups = [g for g in study.groups_of(experiment, task) if not g["setting"] and not g["trained_on"]]
            lines = tuple(f"{g['method']} {g['pair']}" for g in groups)
            found.setdefault(lines, {})[task] = groups
        for tasks in found.values():
            first = next(iter(tasks.values()))
            titles = [name(g) if name else study.label(g) for g in first]
            bold = [is_reference(study, g) for g in first]
            panels = []
            for task, groups in tasks.items():
                marks: list[Mark | None] = [mark(study, g, color(g)) for g in groups]
                panels.append(Panel(heading(study, task, groups), marks, groups[0]["chance"]))
                data += rows(study, groups)
            bands.append(Band(titles, bold, panels))
    return bands, (HEADER, data)


def heading(study: Study, task: str, groups: Iterable[Group]) -> str:
    """Title of a panel: the task and how many rows were scored."""
    sizes = sorted({g["n"] for g in groups})
    return f"{study.task(task)}\nn = {' or '.join(f'{n:,}' for n in sizes)}"


def _panel(axes: Axes, panel: Panel, level: Callable[[Axes, float], None]) -> None:
    if panel.level is not None:
        level(axes, panel.level)
    for place, shown in enumerate(panel.marks):
        if shown is None:
            continue
        if shown.low is not None and shown.high is not None:
            axes.plot([100 * shown.low, 100 * shown.high], [place, place], color=shown.color, linewidth=1.2)
        for full in (True, False):
            dots = [100 * value for value, filled in shown.dots if filled == full]
            face = FAINT if full else "white"
            style = {"color": FAINT, "markerfacecolor": face, "markeredgewidth": 0.5, "markersize": 2.5, "zorder": 3}
            axes.plot(dots, [place + 0.27] * len(dots), "o", **style)
        face = shown.color if shown.filled else "white"
        axes.plot(100 * shown.value, place, "o", color=shown.color, markerfacecolor=face, markersize=3.8, zorder=4)
    axes.set_title(panel.title, pad=4)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _align(figure: Figure, axes: list[Axes]) -> None:
    """One range for all panels, so that differences can be compared by eye."""
    low, high = min(a.get_xlim()[0] for a in axes), max(a.get_xlim()[1] for a in axes)
    for one in axes:
        one.set_xlim(low, high)
