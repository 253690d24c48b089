"""Does the body of the bridge matter? Accuracy of each variant with its number of trained parameters, a dot a seed."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis import formats
from analysis.figures._common import MAIN, OTHER, PAGE, Data, note, stage
from analysis.figures._panels import HEADER, accuracies, by_lines, is_reference, key, seeds_of
from analysis.study import Group, Study


def draw(study: Study) -> tuple[Figure, Data]:
    """A panel for each task; the reference's body in blue."""
    experiments = study.shown_in("variants", "figures")
    if not experiments:
        figure = plt.figure(figsize=(PAGE, 1.2))
        note(figure, "this preset runs no variants of the bridge")
        return figure, (HEADER, [])
    found = [g for e in experiments for g in study.groups_of(e)]

    def color(group: Group) -> str:
        return MAIN if is_reference(study, group) else OTHER

    def name(group: Group) -> str:
        alike = [g for g in found if all(g[k] == group[k] for k in ("experiment", "method", "pair"))]
        sizes = sorted({size for g in alike for c in seeds_of(study, g) if (size := c.get("parameters")) is not None})
        if not sizes:
            return study.label(group)
        span = dict.fromkeys(short(size) for size in (sizes[0], sizes[-1]))
        return f"{study.label(group)} ({' to '.join(span)})"

    bands, data = by_lines(study, experiments, color, name)
    return accuracies(bands, key(found, "reference")), data


def short(parameters: int) -> str:
    """A number of parameters: `1`, `12k`, `2.4M`."""
    if parameters < 1000:
        return str(parameters)
    scale, letter = (1e6, "M") if parameters >= 999_500 else (1e3, "k")
    return formats.number(parameters / scale, 2) + letter


if __name__ == "__main__":
    stage("variants", __doc__, draw)
