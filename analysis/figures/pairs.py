"""Does it matter which model sends? Accuracy of the bridge for each pair: two models, their reverse, one twice."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.figures._common import MAIN, OTHER, PAGE, Data, note, stage
from analysis.figures._panels import HEADER, accuracies, by_lines, entry, key
from analysis.study import Group, Study


def draw(study: Study) -> tuple[Figure, Data]:
    """A panel for each task; pairs of two models in blue, a model with itself in grey."""
    experiments = study.shown_in("pairs", "figures")
    if not experiments:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "this preset compares no pairs")
        return figure, (HEADER, [])
    methods = {g["method"] for e in experiments for g in study.groups_of(e)}

    def color(group: Group) -> str:
        return OTHER if same(study, group["pair"]) else MAIN

    def name(group: Group) -> str:
        return study.pair(group["pair"]) if len(methods) == 1 else study.label(group)

    bands, data = by_lines(study, experiments, color, name)
    found = [g for e in experiments for g in study.groups_of(e)]
    legend = [entry(MAIN, "two models"), entry(OTHER, "the same model twice"), *key(found)]
    return accuracies(bands, legend), data


def same(study: Study, pair: str) -> bool:
    """Whether one model is both sender and receiver."""
    content = study.plan["pairs"][pair]
    return content["sender"] == content["receiver"]


if __name__ == "__main__":
    stage("pairs", __doc__, draw)
