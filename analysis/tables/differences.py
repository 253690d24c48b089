"""All paired comparisons: difference, BCa interval, discordant rows, McNemar and Holm p, effect size."""

from statistics import fmean

from analysis import formats
from analysis.study import Against, Comparison, Group, Study
from analysis.tables import _common
from analysis.tables._common import Cell, Table, empty, evidence, stage, traced

DATA = [
    "experiment", "task", "pair", "seed", "against", "reference", "reference_pair", "method", "setting", "trained_on",
    "n", "difference", "low", "high", "b", "c", "p", "p_holm", "family", "effect", "detectable", "verdict",
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by experiment, task and what is compared with; the CSV holds fractions, unrounded, a row for each seed."""
    groups, data = [], []
    against: Against
    for experiment in study.shown_in("differences"):
        title = study.plan["experiments"][experiment]["title"]
        for task in study.tasks_of(experiment):
            for against in ("reference", "null"):
                data += [[empty(c[key]) for key in DATA] for c in study.comparisons_of(experiment, task, against)]
                rows: dict[str, list[list[Cell]]] = {}
                for group in study.groups_of(experiment, task):
                    found = study.comparisons_in(group, against)
                    if found:
                        rows.setdefault(found[0]["reference"], []).append(_row(study, group, found))
                for reference, listed in rows.items():
                    groups.append(
                        _common.Group(f"{title}: {study.task(task)}, {study.method(reference)} against", listed)
                    )
    return Table(
        columns=[
            "Method", "Diff.", "Interval", "b", "c", "p", "p (Holm)", "d", "Det.", "Verdict",
        ],
        align="@{}lrlrrrrrrl@{}",
        groups=groups,
        notes=[_notes(study)],
        data=data,
        data_columns=DATA,
        long=True,
    )  # fmt: skip


def _row(study: Study, group: Group, comparisons: list[Comparison]) -> list[Cell]:
    """One comparison, or those of all seeds: means, sums of rows, and in how many the test finds what."""
    prefix = "" if comparisons[0]["against"] == "reference" else "null_"
    one = comparisons[0] if len(comparisons) == 1 else None
    verdicts = {c["verdict"] for c in comparisons}
    effects = [c["effect"] for c in comparisons if c["effect"] is not None]
    bounds = [c["detectable"] for c in comparisons if c["detectable"] is not None]
    return [
        study.label(group),
        traced(formats.points(group[f"{prefix}difference"]), study.comparison_id(one) if one else study.cell_id(group)),
        formats.interval(group[f"{prefix}difference_low"], group[f"{prefix}difference_high"], sign=True),
        formats.count(sum(c["b"] for c in comparisons)),
        formats.count(sum(c["c"] for c in comparisons)),
        formats.p_value(one["p"]) if one else formats.MISSING,
        evidence(comparisons),
        formats.decimal(fmean(effects) if effects else None),
        formats.points(max(bounds) if len(bounds) == len(comparisons) else None, sign=False),
        verdicts.pop() if len(verdicts) == 1 else "mixed",
    ]


def _notes(study: Study) -> str:
    settings = study.comparisons["statistics"]
    confidence = formats.latex(formats.percent(settings["confidence"], 0))
    power = formats.latex(formats.percent(settings["power"], 0))
    return (
        f"Diff.: first method minus that of the row in points, with {confidence} BCa bootstrap interval over rows "
        f"({formats.count(settings['resamples'])} resamples; -- where all differences are equal); of several seeds the "
        "mean, with a bootstrap over runs and rows. "
        "$b$: rows only the first answers correctly; $c$: rows only the other does. $p$: exact McNemar test; "
        "Holm-adjusted within the experiment, separately for its reference and its method without information; of "
        f"several seeds, in how many the test finds the first above / below at level {settings['alpha']}. $d$: mean "
        "difference divided by its standard deviation over rows. Det.: smallest difference found with "
        f"power {power} at the observed discordance and the family's strictest level; of several seeds the largest."
    )


if __name__ == "__main__":
    stage("differences", __doc__, build)
