"""What the bridge is and is not shown to beat: sentences by what each kind of baseline stands for."""

from dataclasses import dataclass

from analysis import formats
from analysis.study import Study
from analysis.wording import ABOVE, BELOW, MIXED, OPEN, Outcome, method, outcomes, task


@dataclass(frozen=True)
class Hurdle:
    """A family of baselines, and what follows for the bridge if it does not beat them.

    Attributes:
        title: the family, for a summary.
        better: what is said if some baseline of it is above the bridge.
        level: what is said if none is, but the bridge is not shown to be above all.
        clear: what is said if the bridge is above all of them.
    """

    title: str
    better: str
    level: str
    clear: str = ""


HURDLES = {
    "probe": Hurdle(
        "every linear probe on the sender's states",
        "a probe uses no receiver at all, so the receiver takes away more than it adds to what the sender's states "
        "already hold",
        "a probe uses no receiver at all, so nothing here shows that the receiver adds to what the sender's states "
        "already hold",
        "It is above every linear probe, so what it reaches is not just linearly readable from a pooled state of the "
        "sender.",
    ),
    "trained": Hurdle(
        "the receiver trained to read the text (prompt tuning, LoRA)",
        "with the text and the same labels, training the receiver does better than training a bridge",
        "with the text and the same labels, training the receiver is not shown to do worse than training a bridge",
    ),
    "text": Hurdle(
        "every untrained use of the text",
        "handing over the text, with nothing trained, does better",
        "handing over the text, with nothing trained, is not shown to do worse",
    ),
    "budget": Hurdle(
        "as many tokens of plain text",
        "as many tokens of plain text are worth more than the soft tokens",
        "as many tokens of plain text are not shown to be worth less than the soft tokens",
    ),
    "constant": Hurdle(
        "every constant answer",
        "an answer that ignores the input does better",
        "no transfer through the bridge is shown on this task",
    ),
}
KINDS = {
    "linear_probe": "probe",
    "prompt_tuning": "trained",
    "lora": "trained",
    "zero_shot": "text",
    "few_shot": "text",
    "text_relay": "text",
    "logit_ensemble": "text",
    "pruned_text": "budget",
    "majority": "constant",
}


def hurdle(study: Study, outcome: Outcome) -> str | None:
    """What a method's comparison is about; None for methods that stand for nothing in particular."""
    recipe = study.plan["runs"][outcome.comparisons[0]["runs"][1]]["spec"]["recipe"]
    if recipe["kind"] == "prompt_tuning" and not recipe.get("text", True):
        return "constant"
    return KINDS.get(recipe["kind"])


def readings(study: Study, found: list[Outcome]) -> list[str]:
    """A sentence for each hurdle on a task: what it means that the bridge takes it, or does not."""
    sentences = []
    for key, content in HURDLES.items():
        baselines = [o for o in found if hurdle(study, o) == key]
        if not baselines:
            continue
        below = [o.name for o in baselines if o.verdict == BELOW]
        level = [o.name for o in baselines if o.verdict in (OPEN, MIXED)]
        if not below and not level:
            sentences.append(content.clear)
            continue
        parts = [f"stays below {formats.series(below)}"] if below else []
        parts += [f"is not shown to be above {formats.series(level, 'or')}"] if level else []
        sentences.append(f"It {' and '.join(parts)}: {content.better if below else content.level}.")
    return [sentence for sentence in sentences if sentence]


def summary(study: Study, experiment: str) -> str:
    """On which tasks each hurdle is taken in full, in one paragraph."""
    reference = study.plan["experiments"][experiment]["reference"]
    if reference is None:
        return ""
    sentences = []
    for key, (taken, failed) in tally(study, experiment).items():
        if not failed:
            where = "on every task" if len(taken) > 1 else f"on {task(study, taken[0])}"
            sentences.append(f"{HURDLES[key].title}: shown {where}")
        elif not taken:
            where = "on no task" if len(failed) > 1 else f"not on {task(study, failed[0])}"
            sentences.append(f"{HURDLES[key].title}: {where}")
        else:
            shown, missed = (formats.series([task(study, t) for t in tasks]) for tasks in (taken, failed))
            sentences.append(f"{HURDLES[key].title}: shown on {shown}, not on {missed}")
    if not sentences:
        return ""
    items = "\n".join(f"\\item {text[0].upper()}{text[1:]}." for text in sentences)
    start = f"\\paragraph{{What it beats, and what it does not.}} Is {method(study, reference)} above all of these?"
    return f"{start}\n\\begin{{itemize}}\n{items}\n\\end{{itemize}}"


def short(study: Study, experiment: str) -> str:
    """The same for the abstract: one sentence without names of tasks; nothing where no hurdle was run."""
    found = tally(study, experiment)
    wanted = {"probe": "a linear probe on the sender's states", "trained": "the receiver trained on the text"}
    wanted |= {"text": "untrained use of the text"}
    parts = []
    for key, title in wanted.items():
        if key in found:
            taken, failed = found[key]
            parts.append(f"{title} on {'every' if not failed else 'some' if taken else 'no'} task")
    parts = [part.replace("on some task", "on some tasks only") for part in parts]
    sentences = [f"The bridge is shown to be above {formats.series(parts)}."] if parts else []
    if any(entry["experiment"] == experiment for entry in study.comparisons["superadditivity"]):
        sentences.append(
            "It is better than the better of its two models alone in \\result{super.above} of \\result{super.family} "
            "tests."
        )
    return " ".join(sentences)


def tally(study: Study, experiment: str) -> dict[str, tuple[list[str], list[str]]]:
    """Tasks on which the reference is above all methods of a hurdle, and those on which it is not, by hurdle."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for name in study.tasks_of(experiment):
        found_here = outcomes(study, study.comparisons_of(experiment, name))
        for key in HURDLES:
            verdicts = [o.verdict for o in found_here if hurdle(study, o) == key]
            if verdicts:
                taken, failed = found.setdefault(key, ([], []))
                (taken if set(verdicts) == {ABOVE} else failed).append(name)
    return found


def together(study: Study, experiment: str, name: str) -> str:
    """Whether the pair does more on a task than the better of its models alone; empty if it was not tested."""
    entries = [e for e in study.comparisons["superadditivity"] if (e["experiment"], e["task"]) == (experiment, name)]
    if not entries:
        return ""
    parts = formats.series([method(study, part) for part in entries[0]["parts"]])
    if len(entries) > 1:
        verdicts = [e["verdict"] for e in entries]
        if len(set(verdicts)) == 1:
            word = {ABOVE: "\\emph{super-additive}", BELOW: "\\emph{not super-additive} but worse"}
            shown = word.get(verdicts[0], "\\emph{not shown to be super-additive}")
            return f"Against the better of {parts}, it is {shown} in every seed."
        return (
            f"Against the better of {parts}, seeds do not agree: it is super-additive in some of them only."
            if ABOVE in verdicts
            else f"Against the better of {parts}, it is super-additive in no seed, and worse than the better in some."
        )
    entry = entries[0]
    where = study.super_id(entry)
    numbers = f"\\result{{{where}.difference}} points, \\result{{{where}.interval}}, \\result{{{where}.p}}"
    best = f"{method(study, entry['best'])}, the better of {parts},"
    return {
        ABOVE: f"It is \\emph{{super-additive}} here: {best} is exceeded ({numbers}).",
        BELOW: f"It is \\emph{{not super-additive}} here: {best} does better than the pair ({numbers}).",
        OPEN: f"It is \\emph{{not shown to be super-additive}} here, compared with {best} ({numbers}).",
    }[entry["verdict"]]
