"""Does a bridge work on a task that it was not trained on? Accuracy by the task of training and the task of test."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import formats
from analysis.figures._common import COLUMN, PAGE, Data, note, stage
from analysis.figures._panels import HEADER, rows
from analysis.study import Group, Study

ACROSS, TICK = 2, 18


def draw(study: Study) -> tuple[Figure, Data]:
    """A matrix for each experiment, method and pair; a field is empty where the labels of two tasks differ."""
    panels: dict[tuple[str, str, str], list[Group]] = {}
    for experiment in study.shown_in("transfer", "figures"):
        for group in study.groups_of(experiment):
            if not group["setting"]:
                panels.setdefault((experiment, group["method"], group["pair"]), []).append(group)
    if not panels:
        figure = plt.figure(figsize=(COLUMN, 1.2))
        note(figure, "this preset transfers no bridge between tasks")
        return figure, (HEADER, [])
    across = min(ACROSS, len(panels))
    bands = -(-len(panels) // across)
    most = max(len({g["task"] for g in groups}) for groups in panels.values())
    size = (COLUMN if across == 1 else PAGE, min(9.0, bands * (1.0 + 0.42 * most)))
    figure, grid = plt.subplots(bands, across, squeeze=False, figsize=size)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    for axes, ((_, method, pair), groups) in zip(grid.flat, panels.items(), strict=False):
        _matrix(axes, study, groups)
        title = study.method(method) + (f" ({pair})" if len({key[2] for key in panels}) > 1 else "")
        axes.set_title(title, pad=6)
    data = [row for groups in panels.values() for row in rows(study, groups)]
    return figure, (HEADER, data)


def _matrix(axes: Axes, study: Study, groups: list[Group]) -> None:
    tasks = list(dict.fromkeys(g["task"] for g in groups))
    values = np.full((len(tasks), len(tasks)), np.nan)
    for group in groups:
        row, column = tasks.index(group["trained_on"] or group["task"]), tasks.index(group["task"])
        values[row, column] = 100 * group["accuracy"]
        several = len(group["runs"]) > 1
        text = formats.percent(group["accuracy"]) + (f"\n±{formats.points(group['sd'], sign=False)}" if several else "")
        dark = group["accuracy"] < 0.55
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "#111111", fontsize=7)
    axes.imshow(values, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    names = [study.task(task) for task in tasks]
    axes.set_xticks(range(len(tasks)), [_fold(name) for name in names])
    axes.set_yticks(range(len(tasks)), [_fold(name) for name in names])
    axes.tick_params(length=0)
    axes.set_xlabel("scored on")
    axes.set_ylabel("trained on")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _fold(name: str) -> str:
    """Break a long title once, at a space."""
    words = name.split()
    for count in range(1, len(words)):
        if len(name) > TICK and len(" ".join(words[:count])) >= len(name) / 2 - 3:
            return " ".join(words[:count]) + "\n" + " ".join(words[count:])
    return name


if __name__ == "__main__":
    stage("transfer", __doc__, draw)
