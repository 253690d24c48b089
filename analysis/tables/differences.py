"""All paired comparisons: difference, BCa interval, discordant rows, McNemar and Holm p, effect size."""

from analysis import formats
from analysis.study import Comparison, Study
from analysis.tables._common import Group, Table, stage

DATA = [
    "experiment", "task", "pair", "seed", "reference", "method", "n", "difference", "low", "high", "b",
    "c", "p", "p_holm", "family", "effect", "detectable", "verdict",
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by experiment and task; the CSV holds fractions, unrounded."""
    groups, data = [], []
    for experiment in study.grids:
        for task in study.tasks_of(experiment):
            comparisons = study.comparisons_of(experiment, task)
            if comparisons:
                reference = study.method(comparisons[0]["reference"])
                title = study.plan["experiments"][experiment]["title"]
                heading = f"{title}: {study.task(task)}, {reference} against"
                groups.append(Group(heading, [_row(study, c) for c in comparisons]))
                data += [[c[key] for key in DATA] for c in comparisons]
    return Table(
        columns=["Method", "Difference", "Interval", "b", "c", "p", "p (Holm)", "d", "Detectable", "Verdict"],
        align="@{}lrlrrrrrrl@{}",
        groups=groups,
        notes=[_notes(study)],
        data=data,
        data_columns=DATA,
        long=True,
    )


def _row(study: Study, c: Comparison) -> list[str]:
    return [
        study.label(c),
        formats.points(c["difference"]),
        formats.interval(c["low"], c["high"], sign=True),
        formats.count(c["b"]),
        formats.count(c["c"]),
        formats.p_value(c["p"]),
        formats.p_value(c["p_holm"]),
        formats.decimal(c["effect"]),
        formats.points(c["detectable"], sign=False),
        c["verdict"],
    ]


def _notes(study: Study) -> str:
    settings = study.comparisons["statistics"]
    confidence = formats.latex(formats.percent(settings["confidence"], 0))
    return (
        f"Difference: reference minus method in points, with {confidence} BCa bootstrap interval over rows "
        f"({formats.count(settings['resamples'])} resamples; -- where all differences are equal). "
        "$b$: rows only the reference answers correctly; $c$: rows only the method does. $p$: exact McNemar "
        "test. "
        "$d$: mean difference divided by its standard deviation over rows. Detectable: as in the main table."
    )


if __name__ == "__main__":
    stage("differences", __doc__, build)
