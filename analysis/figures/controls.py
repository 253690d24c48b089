"""Is the sender essential? The bridge beside its controls, with intervals, chance and the constant class."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.figures._common import CHANCE, MAIN, OTHER, PAGE, Data, note, stage
from analysis.figures._panels import HEADER, accuracies, by_lines, entry, is_reference, key
from analysis.study import Group, Study


def draw(study: Study) -> tuple[Figure, Data]:
    """A panel for each task; the bridge in blue, a control that lies above chance in orange."""
    experiments = study.shown_in("controls", "figures")
    if not experiments:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "this preset runs no controls")
        return figure, (HEADER, [])

    def color(group: Group) -> str:
        if is_reference(study, group):
            return MAIN
        return CHANCE if group["against_chance"] == "above" else OTHER

    bands, data = by_lines(study, experiments, color)
    found = [g for e in experiments for g in study.groups_of(e)]
    legend = key(found, "bridge")
    if any(color(g) == CHANCE for g in found):
        legend.append(entry(CHANCE, "control above chance"))
    return accuracies(bands, legend), data


if __name__ == "__main__":
    stage("controls", __doc__, draw)
