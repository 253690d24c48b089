"""What tables with one row for a group share: cells on the mean over seeds, on its difference, and their notes."""

from typing import Any

from analysis import formats
from analysis.study import Comparison, Group, Study
from analysis.tables._common import Cell, difference, evidence, traced


def mean_cells(study: Study, group: Group) -> list[Cell]:
    """Four columns: runs, accuracy, standard deviation between runs, interval."""
    return [
        formats.count(len(group["runs"])),
        traced(formats.percent(group["accuracy"]), study.cell_id(group)),
        formats.points(group["sd"], sign=False),
        formats.interval(group["low"], group["high"]),
    ]


def difference_cells(study: Study, group: Group, reference: bool) -> list[Cell]:
    """Three columns: difference from the reference, its interval, its test; `reference`: the group is that itself."""
    comparisons = study.comparisons_in(group)
    if not comparisons:
        return ["reference" if reference else formats.MISSING, "", ""]
    return [
        traced(difference(group["difference"], comparisons), study.cell_id(group)),
        formats.interval(group["difference_low"], group["difference_high"], sign=True),
        evidence(comparisons),
    ]


FOUND = ["p_holm", "found_above", "found_below", "compared"]
"""CSV columns of `outcome`."""


def outcome(comparisons: list[Comparison], prefix: str = "") -> dict[str, Any]:
    """What the comparisons of a group found, for the CSV: adjusted p of each, and how many are above and below."""
    verdicts = [c["verdict"] for c in comparisons]
    columns = ([c["p_holm"] for c in comparisons], verdicts.count("above"), verdicts.count("below"), len(verdicts))
    return {prefix + name: value for name, value in zip(FOUND, columns, strict=True)}


def about_means(study: Study) -> str:
    """A note on the columns of `mean_cells`."""
    confidence = formats.latex(formats.percent(study.comparisons["statistics"]["confidence"], 0))
    return (
        "Accuracy: mean over runs, one for each seed, with the standard deviation between them in points and the "
        f"{confidence} interval of a bootstrap over runs and rows (one run: Wilson), descriptive over few seeds."
    )


def about_differences(study: Study, first: str, other: str) -> str:
    """A note on the columns of `difference_cells`; `first` and `other` name what is compared."""
    return f"Difference: {first} minus {other} in points, paired by seed and row. {about_tests(study, first)}"


def about_tests(study: Study, first: str) -> str:
    """A note on what `evidence` prints."""
    return (
        "$p$: exact McNemar test, Holm-adjusted over the experiment; of several seeds, in how many the test finds "
        f"{first} above / below at level {study.comparisons['statistics']['alpha']}. Bold where all agree."
    )
