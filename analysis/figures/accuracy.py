"""Accuracy of every method on every task with its interval and the chance level, means over seeds."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.figures._common import MAIN, OTHER, PAGE, Data, note, stage
from analysis.figures._panels import HEADER, accuracies, by_lines, is_reference, key
from analysis.study import Group, Study


def draw(study: Study) -> tuple[Figure, Data]:
    """A panel for each task of the experiments that list this figure; methods are lines."""
    experiments = study.shown_in("accuracy", "figures")
    if not experiments:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "this preset holds the series of phases only")
        return figure, (HEADER, [])

    def color(group: Group) -> str:
        return MAIN if is_reference(study, group) else OTHER

    bands, data = by_lines(study, experiments, color)
    found = [g for e in experiments for g in study.groups_of(e)]
    return accuracies(bands, key(found, "reference")), data


if __name__ == "__main__":
    stage("accuracy", __doc__, draw)
