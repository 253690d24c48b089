"""Accuracy of every method on every task with Wilson intervals, and the chance level."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures._common import CHANCE, MAIN, OTHER, PAGE, Data, note, stage
from analysis.study import Study

HEADER = ["experiment", "task", "method", "pair", "seed", "n", "accuracy", "low", "high", "chance"]
ACROSS = 2


def draw(study: Study) -> tuple[Figure, Data]:
    """One panel for each experiment and task; rows of panels are as high as their longest list of methods."""
    panels = [(e, task) for e in study.grids for task in study.tasks_of(e)]
    if not panels:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "this preset holds the series of phases only")
        return figure, (HEADER, [])
    lengths = [len(study.distinct(*panel)) for panel in panels]
    lines = [max(lengths[i : i + ACROSS]) for i in range(0, len(panels), ACROSS)]
    height = sum(0.17 * n + 0.62 for n in lines)
    columns = min(ACROSS, len(panels))
    figure, grid = plt.subplots(
        len(lines),
        columns,
        squeeze=False,
        figsize=(PAGE, height),
        height_ratios=[n + 2.5 for n in lines],
    )
    rows: list[list[object]] = []
    for axes, panel in zip(grid.flat, panels, strict=False):
        _panel(axes, study, *panel)
        rows += [[cell[key] for key in HEADER] for _, cell in study.distinct(*panel)]
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    return figure, (HEADER, rows)


def _panel(axes: Axes, study: Study, experiment: str, task: str) -> None:
    reference = study.plan["experiments"][experiment]["reference"]
    labels, cells = zip(*study.distinct(experiment, task), strict=True)
    for place, cell in enumerate(cells):
        lead = cell["method"] == reference
        color = MAIN if lead else OTHER
        axes.plot(
            [100 * cell["low"], 100 * cell["high"]],
            [place, place],
            color=color,
            linewidth=1.6 if lead else 1.1,
        )
        axes.plot(100 * cell["accuracy"], place, "o", color=color, markersize=4.5 if lead else 3.5)
    level = cells[0]["chance"]
    if level is not None:
        axes.axvline(100 * level, color=CHANCE, linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
        left = level < 0.9
        axes.annotate(
            "chance",
            (100 * level, 1),
            xycoords=("data", "axes fraction"),
            xytext=(2 if left else -2, -1),
            textcoords="offset points",
            ha="left" if left else "right",
            va="bottom",
            color=CHANCE,
            fontsize=6,
        )
    axes.set_yticks(range(len(cells)), labels)
    for label, cell in zip(axes.get_yticklabels(), cells, strict=True):
        if cell["method"] == reference:
            label.set_fontweight("bold")
    axes.set_ylim(len(cells) - 0.4, -0.6)
    axes.set_xlim(-2, 102)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    sizes = sorted({cell["n"] for cell in cells})
    axes.set_title(f"{study.task(task)}  (n = {' or '.join(f'{n:,}' for n in sizes)})", pad=9)
    axes.set_xlabel("accuracy, percent")


if __name__ == "__main__":
    stage("accuracy", __doc__, draw)
