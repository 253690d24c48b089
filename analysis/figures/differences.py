"""Forest plot of the paired differences: reference minus method, with intervals, and a dot for each seed."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.figures._common import FAINT, MAIN, OTHER, PAGE, Data, note, stage
from analysis.figures._panels import Band, Mark, Panel, arrange, entry, zero
from analysis.study import Comparison, Group, Study

HEADER = ["experiment", "task", "pair", "seed", "reference", "method", "n"]
HEADER += ["difference", "low", "high", "p_holm", "verdict"]


def draw(study: Study) -> tuple[Figure, Data]:
    """A panel for each task, a line for each method; several seeds share a line, each a dot around their mean."""
    bands: list[Band] = []
    shown: list[Comparison] = []
    for experiment in study.shown_in("differences", "figures"):
        found: dict[tuple[str, ...], dict[str, list[Group]]] = {}
        for task in study.tasks_of(experiment):
            groups = [g for g in study.groups_of(experiment, task) if study.comparisons_in(g)]
            shown += [c for g in groups for c in study.comparisons_in(g)]
            if groups:
                found.setdefault(tuple(study.label(g) for g in groups), {})[task] = groups
        for names, tasks in found.items():
            panels = [
                Panel(_heading(study, task, groups), [_mark(study, g) for g in groups], 0.0)
                for task, groups in tasks.items()
            ]
            bands.append(Band(list(names), [False] * len(names), panels))
    rows = [[c[key] for key in HEADER] for c in shown]
    if not bands:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "no comparisons in this preset")
        return figure, (HEADER, rows)
    legend = [
        entry(MAIN, "the Holm-adjusted test finds it (in each seed)"),
        entry(OTHER, "no evidence, or not in each seed", filled=False),
    ]
    if len({c["seed"] for c in shown}) > 1:
        legend.append(entry(FAINT, "one seed", size=2.5))
    return arrange(bands, "difference, points", legend, zero), (HEADER, rows)


def _heading(study: Study, task: str, groups: list[Group]) -> str:
    reference = study.comparisons_in(groups[0])[0]["reference"]
    return f"{study.task(task)}\n{study.method(reference)} minus"


def _mark(study: Study, group: Group) -> Mark:
    """Mean difference with its interval, full where every seed's test finds the same; seeds are dots."""
    comparisons = study.comparisons_in(group)
    verdicts = {c["verdict"] for c in comparisons}
    found = len(verdicts) == 1 and "no evidence" not in verdicts
    dots = tuple((c["difference"], c["verdict"] != "no evidence") for c in comparisons) if len(comparisons) > 1 else ()
    bounds = group["difference_low"], group["difference_high"]
    return Mark(group["difference"], *bounds, MAIN if found else OTHER, found, dots)


if __name__ == "__main__":
    stage("differences", __doc__, draw)
