"""Loss terms and validation accuracy over the steps of the trained runs; seeds share a panel.

The curves of the phases are in the HTML report, one page for each.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures._common import COLUMN, FAINT, PAGE, Data, note, stage
from analysis.study import Study

HEADER = ["run", "task", "method", "seed", "step", "quantity", "value"]
ACROSS, MOST, WINDOW = 4, 12, 0.05
Log = list[dict[str, Any]]


def draw(study: Study) -> tuple[Figure, Data]:
    """Two panels for each (task, method): losses above, validation accuracy below; at most twelve."""
    groups: dict[tuple[str, str], dict[str, Log]] = {}
    for run in study.described:
        content = study.plan["runs"][run]
        groups.setdefault((content["task"], content["method"]), {})[run] = study.read(run).training
    rows = [row for key, logs in groups.items() for run, log in logs.items() for row in _rows(study, run, key, log)]
    if not any(log for logs in groups.values() for log in logs.values()):
        figure = plt.figure(figsize=(COLUMN, 1.2))
        note(figure, "no training logs in this preset")
        return figure, (HEADER, rows)
    shown = list(groups.items())[:MOST]
    across = min(ACROSS, len(shown))
    bands = -(-len(shown) // across)
    figure, grid = plt.subplots(
        2 * bands,
        across,
        squeeze=False,
        figsize=(PAGE if across > 1 else COLUMN, 2.55 * bands + 0.3),
        height_ratios=[3, 2] * bands,
        sharex=False,
    )
    found = {t for logs in groups.values() for log in logs.values() for t in _terms(log)}
    terms = sorted(found, key=lambda term: (term != "lm", term))
    for axes in grid.flat:
        axes.set_visible(False)
    for i, ((task, method), logs) in enumerate(shown):
        upper, lower = grid[2 * (i // across), i % across], grid[2 * (i // across) + 1, i % across]
        for axes in (upper, lower):
            axes.set_visible(True)
            axes.grid(axis="y")
        upper.set_title(f"{study.task(task)}\n{study.method(method)}")
        _losses(upper, logs, terms)
        _validation(lower, logs)
        end = max((line["step"] for log in logs.values() for line in log), default=1)
        for axes in (upper, lower):
            axes.set_xlim(0, end * 1.03)
        upper.tick_params(labelbottom=False)
        lower.set_xlabel("step")
        if i % across == 0:
            upper.set_ylabel("loss term")
            lower.set_ylabel("validation\naccuracy, percent")
    handles = [plt.Line2D([], [], color=f"C{i}", label=term.replace("_", " ")) for i, term in enumerate(terms)]
    figure.legend(handles=handles, loc="outside lower center", ncols=max(1, len(handles)))
    if len(shown) < len(groups):
        figure.suptitle(f"first {len(shown)} of {len(groups)}", fontsize=6.5)
    return figure, (HEADER, rows)


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Centred moving mean of `[n]` values; at the ends over the part of the window that exists."""
    if window <= 1:
        return values
    ones = np.ones(window)
    return np.convolve(values, ones, "same") / np.convolve(np.ones_like(values), ones, "same")


def _losses(axes: Axes, logs: dict[str, Log], terms: list[str]) -> None:
    """Each term as logged (faint) and as a moving mean over a twentieth of the steps; all seeds overlaid."""
    for log in logs.values():
        for i, term in enumerate(terms):
            found = [(line["step"], line["terms"][term]) for line in log if term in (line.get("terms") or {})]
            if found:
                steps, values = np.array(found, dtype=float).T
                window = max(1, round(WINDOW * len(values)))
                window = min(window + (window % 2 == 0), len(values))
                axes.plot(steps, values, color=f"C{i}", alpha=0.25, linewidth=0.5)
                axes.plot(steps, smooth(values, window), color=f"C{i}")
    low, _ = axes.get_ylim()
    axes.set_ylim(bottom=min(low, 0))


def _validation(axes: Axes, logs: dict[str, Log]) -> None:
    any_found = False
    for log in logs.values():
        found = [
            (line["step"], 100 * line["validation_accuracy"])
            for line in log
            if line.get("validation_accuracy") is not None
        ]
        if found:
            any_found = True
            steps, values = np.array(found, dtype=float).T
            axes.plot(steps, values, "o-", color="#222222", markersize=3, linewidth=0.8)
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 50, 100])
    if not any_found:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", color=FAINT)


def _terms(log: Log) -> set[str]:
    return {term for line in log for term in line.get("terms") or {}}


def _rows(study: Study, run: str, key: tuple[str, str], log: Log) -> list[list[object]]:
    """Long-format data of one run: every term and validation accuracy by step."""
    seed = study.plan["runs"][run]["spec"].get("seed", "")
    rows: list[list[object]] = []
    for line in log:
        for term, value in (line.get("terms") or {}).items():
            rows.append([run, *key, seed, line["step"], term, value])
        if line.get("validation_accuracy") is not None:
            rows.append([run, *key, seed, line["step"], "validation_accuracy", line["validation_accuracy"]])
    return rows


if __name__ == "__main__":
    stage("training_curves", __doc__, draw)
