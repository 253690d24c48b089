"""Forest plot of the paired differences: reference minus method, with BCa intervals."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures._common import COLUMN, FAINT, MAIN, OTHER, Data, note, stage
from analysis.study import Comparison, Study

HEADER = ["experiment", "task", "pair", "seed", "reference", "method", "n"]
HEADER += ["difference", "low", "high", "p_holm", "verdict"]


def draw(study: Study) -> tuple[Figure, Data]:
    """One line for each comparison under a heading for each experiment and task."""
    lines: list[tuple[str, Comparison | None]] = []
    rows: list[list[object]] = []
    for experiment in study.grids:
        for task in study.tasks_of(experiment):
            found = study.comparisons_of(experiment, task)
            if found:
                lines.append((f"{study.task(task)}: {study.method(found[0]['reference'])} minus", None))
                lines += [(study.label(c), c) for c in found]
                rows += [[c[key] for key in HEADER] for c in found]
    figure, axes = plt.subplots(figsize=(COLUMN, 0.85 + 0.158 * max(len(lines), 3)))
    if not lines:
        axes.set_axis_off()
        note(figure, "no comparisons in this preset")
        return figure, (HEADER, rows)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    for place, (_, comparison) in enumerate(lines):
        if comparison is not None:
            _line(axes, place, comparison)
    axes.set_yticks(range(len(lines)), [text for text, _ in lines])
    for label, (_, comparison) in zip(axes.get_yticklabels(), lines, strict=True):
        if comparison is None:
            label.set_fontweight("bold")
    axes.set_ylim(len(lines) - 0.4, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.margins(x=0.05)
    axes.set_xlabel("difference, points")
    style = {"marker": "o", "linestyle": "", "markersize": 4}
    handles = [
        Line2D([], [], color=MAIN, **style, label="Holm-adjusted test finds it"),
        Line2D([], [], color=OTHER, markerfacecolor="white", **style, label="no evidence"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, columnspacing=1.2, handletextpad=0.3)
    return figure, (HEADER, rows)


def _line(axes: plt.Axes, place: int, c: Comparison) -> None:
    found = c["verdict"] != "no evidence"
    color = MAIN if found else OTHER
    if c["low"] is not None:
        axes.plot([100 * c["low"], 100 * c["high"]], [place, place], color=color, linewidth=1.2)
    axes.plot(
        100 * c["difference"],
        place,
        "o",
        color=color,
        markerfacecolor=color if found else "white",
        markersize=4,
    )


if __name__ == "__main__":
    stage("differences", __doc__, draw)
