"""Is the sender essential? The sentences on the controls follow their comparisons and their chance levels."""

from analysis import floats, formats
from analysis.study import Group, Study
from analysis.wording import (
    ABOVE,
    BELOW,
    MIXED,
    OPEN,
    Outcome,
    by_verdict,
    mean,
    method,
    name,
    outcomes,
    task,
    title,
)

NONE = "This preset does not run the controls, so it does not show that the sender's text is essential."


def controls(study: Study) -> str:
    """A paragraph for each task of the experiments with controls, and their table and figure."""
    experiments = [e for e in study.shown_in("controls") if study.comparisons_of(e)]
    if not experiments:
        return NONE
    paragraphs = []
    for experiment in experiments:
        paragraphs.append(f"{title(study, experiment)} {floats.see(study, 'controls', 'controls')}")
        paragraphs += [_task(study, experiment, name) for name in study.tasks_of(experiment)]
    brought = [floats.table(study, "controls")]
    brought += [floats.figure("controls")] if study.shown_in("controls", "figures") else []
    return "\n\n".join(filter(None, [*paragraphs, *brought]))


def short(study: Study) -> str:
    """For the abstract: on how many tasks the sender is shown to be essential; nothing where no controls were run."""
    shown = []
    for experiment in study.shown_in("controls"):
        content = study.plan["experiments"][experiment]
        for where in study.tasks_of(experiment):
            own = outcomes(study, study.comparisons_of(experiment, where))
            against = outcomes(study, study.comparisons_of(experiment, where, "null"))
            controls = [o for o in against if o.method != content["reference"]]
            shown += [not any(_missing(own, controls))] if own else []
    if not shown:
        return ""
    tasks = "every task" if all(shown) else "some tasks only" if any(shown) else "no task"
    return f"Controls without the text show the sender to be essential on {tasks}."


def _task(study: Study, experiment: str, where: str) -> str:
    """A paragraph on one task: the bridge, what it is compared with, the controls by themselves, and what follows."""
    content = study.plan["experiments"][experiment]
    reference, null = content["reference"], content["null"]
    found = study.groups_of(experiment, where)
    own = outcomes(study, study.comparisons_of(experiment, where))
    sentences = [_alone(study, group) for group in found if group["method"] == reference]
    sentences += by_verdict(study, own)
    against = [] if null is None else outcomes(study, study.comparisons_of(experiment, where, "null"))
    controls = [o for o in against if o.method != reference]
    sentences += _without_text(study, null, controls)
    raised = [g for g in found if g["method"] not in (reference, null) and g["against_chance"] == ABOVE]
    sentences += _raised(study, raised, controls, null)
    sentences.append(_conclusion(own, controls, raised))
    return f"\\paragraph{{{task(study, where)}.}} {' '.join(filter(None, sentences))}"


def _alone(study: Study, group: Group) -> str:
    text = f"{name(study, group)} reaches {mean(study, group)}"
    side = {
        ABOVE: "above chance",
        BELOW: "below chance",
        OPEN: "not distinguishable from chance",
    }.get(group["against_chance"] or "")
    return f"{text}, {side}." if side else f"{text}."


def _without_text(study: Study, null: str | None, controls: list[Outcome]) -> list[str]:
    """Which controls differ from a constant class; their comparisons are that class minus the control."""
    if null is None or not controls:
        return []
    sentences = []
    for verdict, text in (
        (OPEN, "Not distinguishable from {null}: {names}."),
        (ABOVE, "Below {null}: {names}."),
        (BELOW, "Above {null}: {names}."),
        (MIXED, "Different in some seeds from {null}: {names}."),
    ):
        names = [o.name for o in controls if o.verdict == verdict]
        if names:
            sentences.append(text.format(null=method(study, null), names=formats.series(names)))
    return sentences


def _raised(study: Study, raised: list[Group], controls: list[Outcome], null: str | None) -> list[str]:
    """The alarm for controls above chance, and what may explain them."""
    if not raised:
        return []
    better = {(o.method, o.comparisons[0]["pair"]) for o in controls if o.verdict in (BELOW, MIXED)}
    explained = [g for g in raised if null is not None and (g["method"], g["pair"]) not in better]
    open_ = [g for g in raised if g not in explained]
    sentences = []
    if open_:
        names = formats.series([f"{name(study, g)} (\\result{{{study.cell_id(g)}.mean}})" for g in open_])
        sentences.append(
            f"\\textbf{{Alarm:}} without the row's own text, {names} lies above chance; labels or texts leak somewhere."
        )
    if explained and null is not None:
        names = formats.series([f"{name(study, g)} (\\result{{{study.cell_id(g)}.mean}})" for g in explained])
        sentences.append(
            f"\\textbf{{Alarm:}} {names} lies above the chance level, but is not shown to be above "
            f"{method(study, null)}: unequal classes can explain it."
        )
    return sentences


def _conclusion(own: list[Outcome], controls: list[Outcome], raised: list[Group]) -> str:
    """Whether the sender is shown to be essential on a task, or what is missing for that."""
    missing, leaking = _missing(own, controls)
    if not own:
        return "Nothing is compared here."
    if not missing and not leaking:
        caution = " (the alarm aside)" if raised else ""
        return (
            "So on this task the sender's text \\emph{is essential}: every control loses what the bridge "
            f"gains{caution}."
        )
    parts = [f"the bridge is not shown to be above {formats.series(missing, 'or')}"] if missing else []
    verb = "do" if len(leaking) > 1 else "does"
    parts += [f"{formats.series(leaking)} {verb} better than a constant class"] if leaking else []
    return f"So on this task it is \\emph{{not shown}} that the sender's text is essential: {formats.series(parts)}."


def _missing(own: list[Outcome], controls: list[Outcome]) -> tuple[list[str], list[str]]:
    """Controls that the bridge is not shown to be above, and those that do better than a constant class."""
    return [o.name for o in own if o.verdict != ABOVE], [o.name for o in controls if o.verdict in (BELOW, MIXED)]
