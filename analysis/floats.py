"""Figures and tables that the generated text brings along, so that a preset without an experiment has none of them.

A table that does not fit a page breaks across pages in the appendix instead, where no float may stand: a long table
that meets one can lose its rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.study import Study
from analysis.tables import (
    alarms,
    claims,
    contradictions,
    controls,
    main,
    pairs,
    superadditivity,
    sweeps,
    transfer,
    variants,
)
from analysis.tables._common import Table

PERCENT = "\\result{plan.confidence}"


@dataclass(frozen=True)
class Printed:
    """A table of the paper.

    Attributes:
        build: makes it.
        heading: of the appendix section that it gets if it is long.
        caption: for LaTeX.
    """

    build: Callable[[Study], Table]
    heading: str
    caption: str


TABLES = {
    "main": Printed(
        main.build,
        "All methods on all tasks",
        "All methods on all tasks of preset \\texttt{\\result{plan.preset}}, built from \\result{plan.rows} archived "
        "rows.",
    ),
    "superadditivity": Printed(
        superadditivity.build,
        "Super-additivity",
        "Is the pair better than the better of its models alone? The better one is picked on the same rows, and the "
        "test allows for it.",
    ),
    "controls": Printed(
        controls.build,
        "All controls",
        "Controls: what is left of the bridge's accuracy when the sender's text cannot reach the receiver.",
    ),
    "variants": Printed(
        variants.build,
        "All variants",
        "Bodies of the bridge with their trained parameters and the learning rate that validation rows chose.",
    ),
    "sweeps": Printed(
        sweeps.build,
        "All sweeps",
        "One setting of the bridge varied at a time. Differences below the detectable effect of their grid mean "
        "nothing.",
    ),
    "transfer": Printed(
        transfer.build, "Transfer between tasks", "A bridge trained on one task (rows) and scored on another (columns)."
    ),
    "pairs": Printed(
        pairs.build, "Pairs of models", "The bridge between different pairs of models, and between a model and itself."
    ),
    "alarms": Printed(
        alarms.build, "Alarms", "What automatic checks of this build found. The CSV file of the table names the runs."
    ),
    "contradictions": Printed(
        contradictions.build,
        "Contradictions between documents",
        "Questions on which the documents of the research give several values, with all of them.",
    ),
    "claims": Printed(
        claims.build,
        "Reported numbers",
        "Numbers that the documents of the research report in a table, an abstract or a contradiction, and what this "
        "build has beside them.",
    ),
}
FIGURES = {
    "accuracy": f"Accuracy with {PERCENT} intervals: Wilson for one run, otherwise over seeds and rows, with a grey "
    "dot for each seed. The reference method of each experiment is in blue; the dashed line is the chance level of a "
    "closed label set.",
    "differences": f"Paired differences in accuracy, reference minus method, with {PERCENT} bootstrap intervals; of "
    "several seeds the mean, with a dot for each. Intervals are not adjusted for the number of comparisons; the "
    "filling of the markers follows the adjusted test.",
    "controls": f"The bridge and its controls, with {PERCENT} intervals. A control that works without the sender's "
    "text must stay at chance (dashed) or at the frequency of a constant class.",
    "variants": f"Accuracy by body, with {PERCENT} intervals; trained parameters in brackets, a dot for each seed.",
    "sweeps": f"Accuracy over each varied setting: mean over seeds with its {PERCENT} interval, and each seed. Panels "
    "of a task share their vertical range.",
    "transfer": "Accuracy of a bridge on the task that it was trained on and on others with the same labels; with "
    "several seeds the mean and the standard deviation.",
    "pairs": f"Accuracy by pair of sender and receiver, with {PERCENT} intervals and a dot for each seed.",
}


def figure(name: str) -> str:
    """A figure that floats to the top of a page, or to one of its own."""
    return (
        "\\begin{figure*}[tp]\n  \\centering\n"
        f"  \\includegraphics[width=\\maxwidth]{{figures/{name}}}\n"
        f"  \\caption{{{FIGURES[name]}}}\n  \\label{{fig:{name}}}\n\\end{{figure*}}"
    )


def table(study: Study, name: str) -> str:
    """A table that floats; nothing if it has no rows, or is long and stands in the appendix."""
    if not printed(study, name) or TABLES[name].build(study).long:
        return ""
    return (
        "\\begin{table*}[tp]\n  \\centering\n"
        f"  \\caption{{{TABLES[name].caption}}}\n  \\label{{tab:{name}}}\n"
        f"  \\input{{tables/{name}}}\n\\end{{table*}}"
    )


def appendix(study: Study) -> str:
    """The sections of the tables that are too long to float, each begun on a new page.

    Further down on a page, the first rows of a long table can get lost.
    """
    sections = []
    for name, content in TABLES.items():
        if printed(study, name) and content.build(study).long:
            sections.append(
                f"\\clearpage\n\\section{{{content.heading}}}\n\\captionof{{table}}{{{content.caption}}}\n"
                f"\\label{{tab:{name}}}\n\\input{{tables/{name}}}"
            )
    return "\n\n".join(sections) or "% No table of this preset is too long to float."


def see(study: Study, table_name: str, figure_name: str | None = None) -> str:
    """A sentence that refers to a table, if it has rows, and to a figure."""
    known = [f"tab:{table_name}"] if printed(study, table_name) else []
    known += [f"fig:{figure_name}"] if figure_name and study.shown_in(figure_name, "figures") else []
    verb = "gives" if len(known) == 1 else "give"
    return f"\\Cref{{{','.join(known)}}} {verb} all numbers." if known else ""


def printed(study: Study, name: str) -> bool:
    """Whether a table has rows, and so is on a page."""
    return any(group.rows for group in TABLES[name].build(study).groups)
