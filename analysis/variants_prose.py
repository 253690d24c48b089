"""Does the body of the bridge matter? Sentences on the variants, by verdict."""

from analysis import floats, formats
from analysis.study import Group, Study
from analysis.wording import (
    ABOVE,
    BELOW,
    OPEN,
    by_verdict,
    mean,
    method,
    name,
    outcomes,
    task,
    title,
)

NONE = "This preset does not run the variants of the bridge."
TRAINED_ON_TEXT = ("prompt_tuning", "lora")


def variants(study: Study) -> str:
    """A paragraph for each task of the experiments with variants, and their table and figure."""
    experiments = study.shown_in("variants")
    if not experiments:
        return NONE
    paragraphs = []
    for experiment in experiments:
        paragraphs.append(f"{title(study, experiment)} {floats.see(study, 'variants', 'variants')}")
        paragraphs += [_task(study, experiment, where) for where in study.tasks_of(experiment)]
    brought = [floats.table(study, "variants")]
    brought += [floats.figure("variants")] if study.shown_in("variants", "figures") else []
    return "\n\n".join(filter(None, [*paragraphs, *brought]))


def _task(study: Study, experiment: str, where: str) -> str:
    reference = study.plan["experiments"][experiment]["reference"]
    found = study.groups_of(experiment, where)
    sentences = [f"{name(study, g)} reaches {mean(study, g)}." for g in found if g["method"] == reference]
    own = outcomes(study, study.comparisons_of(experiment, where))
    sentences += by_verdict(study, own)
    bridges = [o for o in own if study.plan["methods"][o.method]["kind"] not in TRAINED_ON_TEXT]
    if bridges and reference is not None:
        sentences.append(_reading(method(study, reference), [o.verdict for o in bridges]))
    sentences.append(_failed(study, [g for g in found if g["method"] in {o.method for o in bridges}]))
    return f"\\paragraph{{{task(study, where)}.}} {' '.join(filter(None, sentences))}"


def _reading(reference: str, verdicts: list[str]) -> str:
    """What the bodies together say."""
    if set(verdicts) == {OPEN}:
        return "So nothing here shows that the body of the bridge matters."
    if set(verdicts) == {ABOVE}:
        return f"So {reference} is shown to be above every other body."
    if BELOW in verdicts:
        return f"So {reference} is not the best body here: at least one other is above it in every seed."
    return f"So some bodies are worse than {reference}, and others are not shown to be."


def _failed(study: Study, found: list[Group]) -> str:
    """Bodies that learn nothing that could be seen."""
    names = [name(study, g) for g in found if g["against_chance"] in (OPEN, BELOW)]
    return f"Not above chance: {formats.series(names)}." if names else ""
