"""Forest plot of the series: own minus shuffled-source control for each phase and variant, with intervals."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures._common import CHANCE, FAINT, MAIN, OTHER, PAGE, Data, note, stage
from analysis.series import Entry, label
from analysis.study import Study

HEADER = ["phase", "variant", "task", "pair", "seed", "metric", "own", "control", "difference", "low", "high"]
COLORS = {"repaired": MAIN, "recorded": CHANCE, "plain": OTHER}
PANELS = {"accuracy": "Accuracy", "entities": "Transfer of entities"}
LINE, MOST = 0.15, 9.3  # inches: a line, the tallest figure that fits a page


def draw(study: Study) -> tuple[Figure, Data]:
    """A line for each entry under its phase; accuracy to the left, entities to the right where they exist."""
    entries = study.entries
    panels = [metric for metric in PANELS if any(metric in entry["metrics"] for entry in entries)]
    rows: list[list[object]] = []
    if not panels:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "no phases in this preset")
        return figure, (HEADER, rows)
    height = min(MOST, 0.9 + LINE * len(entries))
    figure, grid = plt.subplots(1, len(panels), squeeze=False, sharey=True, figsize=(PAGE, height))
    for axes, metric in zip(grid.flat, panels, strict=True):
        axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
        for place, entry in enumerate(entries):
            found = entry["metrics"].get(metric)
            if found is not None and found["difference"] is not None:
                _line(axes, place, entry, metric)
                start = [entry[key] for key in HEADER[:5]]
                rows.append([*start, metric, *(found[key] for key in HEADER[6:])])
        axes.set_title(PANELS[metric])
        axes.set_xlabel("own minus control, points")
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.06)
    names = [entry["phase"] + (f" {label(study, entry)}" if label(study, entry) else "") for entry in entries]
    first = grid.flat[0]
    first.set_yticks(range(len(entries)), names)
    size = min(6.5, 72 * 0.8 * (height - 0.9) / len(entries))
    for text in first.get_yticklabels():
        text.set_fontsize(size)
    first.set_ylim(len(entries) - 0.4, -0.6)
    style = {"marker": "o", "linestyle": "", "markersize": 4}
    shown = [name for name in COLORS if any(entry["variant"] == name for entry in entries)]
    handles = [Line2D([], [], color=COLORS[name], **style, label=name) for name in shown]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, handletextpad=0.3)
    return figure, (HEADER, rows)


def _line(axes: Axes, place: int, entry: Entry, metric: str) -> None:
    found, color = entry["metrics"][metric], COLORS[entry["variant"]]
    if found["low"] is not None:
        axes.plot([100 * found["low"], 100 * found["high"]], [place, place], color=color, linewidth=1.1)
    axes.plot(100 * found["difference"], place, "o", color=color, markersize=3)


if __name__ == "__main__":
    stage("phases", __doc__, draw, phases=True)
