"""Does a bridge carry over to another task, and to other models? Sentences on transfers and on pairs."""

from analysis import floats
from analysis.study import Group, Study
from analysis.wording import (
    ABOVE,
    BELOW,
    MIXED,
    OPEN,
    SIDES,
    Outcome,
    mean,
    models,
    name,
    outcomes,
    task,
    title,
)

NO_TRANSFER = "This preset does not run bridges on tasks that they were not trained on."
NO_PAIRS = "This preset does not run the bridge in other directions or between a model and itself."
AT_HOME = {
    ABOVE: "it is below the bridge that this task trained",
    BELOW: "it is above the bridge that this task trained",
    OPEN: "there is no evidence of a difference from the bridge that this task trained",
    MIXED: "seeds differ on how it compares with the bridge that this task trained",
}
"""The reference of a transfer is the bridge at home, so a difference above zero speaks for that one."""
AGAINST_FIRST = {
    ABOVE: "below the first pair",
    BELOW: "above the first pair",
    OPEN: "no evidence of a difference from the first pair",
    MIXED: "seeds differ on how it compares with the first pair",
}


def transfer(study: Study) -> str:
    """A list of transfers for each experiment that has some, and their table and figure."""
    experiments = study.shown_in("transfer")
    if not experiments:
        return NO_TRANSFER
    paragraphs = []
    for experiment in experiments:
        items = [f"\\item {_moved(study, group)}" for group in study.groups_of(experiment) if group["trained_on"]]
        start = f"{title(study, experiment)} {floats.see(study, 'transfer', 'transfer')}"
        listed = "\\begin{itemize}\n" + "\n".join(items) + "\n\\end{itemize}"
        paragraphs.append(f"{start}\n{listed}" if items else f"{start} No two of its tasks have the same labels.")
    brought = [floats.table(study, "transfer")]
    brought += [floats.figure("transfer")] if study.shown_in("transfer", "figures") else []
    return "\n\n".join(filter(None, [*paragraphs, *brought]))


def directions(study: Study) -> str:
    """A list of pairs for each task of the experiments across pairs, and their table and figure."""
    experiments = study.shown_in("pairs")
    if not experiments:
        return NO_PAIRS
    paragraphs = []
    for experiment in experiments:
        paragraphs.append(f"{title(study, experiment)} {floats.see(study, 'pairs', 'pairs')}")
        for where in study.tasks_of(experiment):
            items = [_pair(study, group) for group in study.groups_of(experiment, where) if not group["setting"]]
            listed = "\n".join(f"\\item {item}" for item in items)
            paragraphs.append(f"\\noindent {task(study, where)}:\n\\begin{{itemize}}\n{listed}\n\\end{{itemize}}")
    brought = [floats.table(study, "pairs")]
    brought += [floats.figure("pairs")] if study.shown_in("pairs", "figures") else []
    return "\n\n".join(filter(None, [*paragraphs, *brought]))


def _moved(study: Study, group: Group) -> str:
    """One bridge on a task that another task trained."""
    text = f"{name(study, group)} on {task(study, group['task'])}: "
    text += mean(study, group)
    if group["against_chance"] is not None:
        text += f"; {SIDES[group['against_chance']]}"
    found = _outcome(study, group)
    return f"{text}; {AT_HOME[found.verdict]}{_counts(study, found)}." if found else f"{text}."


def _pair(study: Study, group: Group) -> str:
    """One pair on a task, beside the first pair of the experiment."""
    text = f"{models(study, group['pair'])}: {mean(study, group)}"
    found = _outcome(study, group)
    return f"{text}; {AGAINST_FIRST[found.verdict]}{_counts(study, found)}." if found else f"{text}."


def _outcome(study: Study, group: Group) -> Outcome | None:
    """The comparison of a group, if there is one."""
    return next(iter(outcomes(study, study.comparisons_in(group))), None)


def _counts(study: Study, found: Outcome) -> str:
    """Numbers of a single comparison; of several seeds, that the verdict holds for each."""
    if len(found.comparisons) == 1:
        where = study.comparison_id(found.comparisons[0])
        return f" (by \\result{{{where}.size}} points, \\result{{{where}.p}})"
    return {ABOVE: " in every seed", BELOW: " in every seed", OPEN: " in any seed", MIXED: ""}[found.verdict]
