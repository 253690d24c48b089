"""Sentences on what the documents of the research said: what they contradict each other in, what this build adds."""

from analysis import documents, formats
from analysis.claims import PAPER
from analysis.documents import Group, Ledger
from analysis.study import Study
from analysis.verdicts import stand_ins

EXAMPLES = 3
"""Questions that a kind of contradiction names; the table has all."""


def prose(study: Study, ledger: Ledger | None = None) -> str:
    """The generated part of the section; the reported numbers are those of `paper/documents/` if None are given."""
    ledger = documents.load() if ledger is None else ledger
    disagreeing = [group for group in ledger.groups if group.disagree]
    return "\n\n".join([_counts(), _kinds(ledger, disagreeing), _judged(study)])


def _counts() -> str:
    return (
        "The documents report \\result{documents.all} numbers, \\result{documents.headline} of them in a table, an "
        "abstract or a contradiction, and \\result{documents.talk} in answers to questions alone; "
        "\\result{documents.repeated} stand in more than one document. For "
        "\\result{documents.raw} of them a run file gives the value; \\result{documents.stated} are only stated; for "
        "\\result{documents.contradicted} a run file gives another value. Of \\result{documents.questions} questions "
        "that were collected because several values were seen, the values of \\result{documents.disagreeing} do "
        "differ; \\result{documents.entries} numbers bear on these. They are of the following kinds."
    )


def _kinds(ledger: Ledger, disagreeing: list[Group]) -> str:
    """One item for each kind of contradiction that occurs, with its largest questions."""
    items = []
    for name, kind in ledger.kinds.items():
        found = sorted((g for g in disagreeing if g.kind == name), key=_rank)
        if not found:
            continue
        count = f"\\result{{documents.kind.{name}}} question{'s' if len(found) > 1 else ''}"
        count += f", \\result{{documents.kind.{name}.entries}} numbers"
        examples = formats.series([_example(group) for group in found[:EXAMPLES]])
        items.append(
            f"\\item \\textbf{{{formats.latex(kind.title)}}} ({count}). {formats.latex(kind.about)} "
            f"{'Among them' if len(found) > EXAMPLES else 'These are'}: {examples}."
        )
    return "\\begin{itemize}\n" + "\n".join(items) + "\n\\end{itemize}"


def _rank(group: Group) -> tuple[bool, int, str]:
    return (not _ranged(group), -len(group.numbers), group.slug)


def _ranged(group: Group) -> bool:
    """Whether the smallest and the largest value say something: one quantity, no printed bound."""
    exact = all(number.bound is None for number in group.numbers)
    return exact and group.span is not None and group.span[0] < group.span[1]


def _example(group: Group) -> str:
    """A question with the range of its values, or with their number."""
    where, title = f"documents.question.{group.slug}", formats.latex(group.title)
    if not _ranged(group):
        return f"{title} (\\result{{{where}.values}} values)"
    return f"{title} (from \\result{{{where}.low}} to \\result{{{where}.high}})"


def _judged(study: Study) -> str:
    """What this build says about the numbers: verdicts on the same models and data, or stand-ins that judge nothing."""
    names = "\\Cref{tab:contradictions} has all questions with all their values, \\cref{tab:claims} the numbers."
    if study.plan["preset"] == PAPER:
        return (
            "This build ran the models and data of the research, with its own recipe and prompts. Of the reported "
            "numbers, \\result{documents.agree} agree with what it measured, \\result{documents.differ} differ, and "
            "for \\result{documents.open} neither side has an interval. Of the others, documents contradict each other "
            "in \\result{documents.contradictory}, and \\result{documents.absent} are not rebuilt here. A number that "
            "differs need not be wrong: what it was measured with may differ from what is written about it. "
            f"{names}"
        )
    swapped = [
        f"{formats.latex(study.task(task))} for {formats.latex(role.replace('_', ' '))}"
        for role, task in stand_ins(study).items()
        if task in study.plan["tasks"]
    ]
    listed = f", with tasks that stand for those of the research ({formats.series(swapped)})" if swapped else ""
    return (
        "This build ran other models, so it judges none of the numbers. Documents contradict each other in "
        "\\result{documents.contradictory} of them, and the other \\result{documents.absent} are \\emph{not rebuilt "
        "here}; with preset \\texttt{paper}, \\result{documents.mapped} numbers have a cell that rebuilds them. For "
        f"\\result{{documents.beside}} numbers this build measured the same quantity in another setting{listed}. Those "
        "values are printed beside the reported ones, and it would be a mistake to read them as a success or a failure "
        f"to reproduce. {names}"
    )
