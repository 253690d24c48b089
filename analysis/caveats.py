"""Sentences on what a reader should distrust or not conclude: alarms of the build, and its limits."""

from analysis import formats
from analysis.study import Study

SEEDS_FOR_A_CLAIM = 6
OPENINGS = {
    "below_chance": "Below chance among the answers that could be read, which points to a fault of prompt or parser "
    "rather than to a weak model",
    "constant": "The same answer for every row",
    "identical_outputs": "Different runs with identical outputs",
    "unparsed": "Answers that could not be read, counted as wrong (\\result{alarms.unparsed.rows} rows)",
    "duplicate_run": "Runs that should differ and whose rows are the same, byte for byte",
    "overlap": "Test rows with a near-duplicate among the training rows (\\result{alarms.overlap.rows} rows)",
    "restarted": "Trainings whose loss was no longer finite and that were started over with half the learning rate or "
    "another seed",
}
LISTED, NAMED = 6, 3
"""Places that a sentence lists, and methods that a place names; the table has all."""


def alarms(study: Study) -> str:
    """What automatic checks of the raw runs found: by kind, each task and method once."""
    found = study.comparisons["alarms"]
    checked = (
        "Each run was checked for accuracies below chance, constant answers, unreadable answers, outputs that another "
        "run has too, test rows that the training rows repeat, and trainings that diverged"
    )
    if not found:
        return f"{checked}; none of these occurred."
    sentences = []
    for kind, opening in OPENINGS.items():
        places: dict[tuple[str, ...], None] = {}
        for alarm in found:
            if alarm["kind"] == kind:
                places.setdefault((alarm["task"], *alarm["methods"]))
        if places:
            listed = [_alarm(study, task, list(methods)) for task, *methods in list(places)[:LISTED]]
            more = "" if len(places) <= LISTED else ", and others that the table of alarms lists"
            sentences.append(f"{opening}: {formats.series(listed) if not more else ', '.join(listed)}{more}.")
    raised = f"These checks raised \\result{{alarms.all}} alarm{'s' if len(found) > 1 else ''}."
    return f"{checked}. {raised} {' '.join(sentences)}"


def limits(study: Study) -> str:
    """What this build cannot show, as far as the plan tells."""
    seeds = len(study.plan["experiments"][study.headline]["seeds"])
    items = {}
    if seeds < SEEDS_FOR_A_CLAIM:
        items["Seeds"] = (
            f"For the main comparison, each bridge was trained with \\result{{headline.seeds}} "
            f"seed{'s' if seeds > 1 else ''}. The tests "
            "take the trained bridge as given and generalise over test rows, not over trainings: how much "
            "another seed would change the result is not measured well enough, and the comparisons are "
            "descriptive in that respect."
        )
    if text := _controlled(study):
        items["Controls"] = text
    if study.described and not study.shown_in("variants"):
        items["Tuning"] = (
            "Each trained method of the main comparison has one learning rate, chosen beforehand. Another could change "
            "who is ahead; this preset does not run the experiment in which all of them choose from one grid."
        )
    items["Resolution"] = resolution(study)
    if study.plan["preset"] != "paper":
        items["Scale"] = (
            "The recipe was developed on a pair of instruction-tuned models with seven to eight billion "
            "parameters. Those models are part of the configuration, but this build did not run them: every "
            "claim about them is \\emph{not rebuilt here}. Where the series of phases repeats a reported number, it "
            "does so beside its own, and the setting is another."
        )
    if weights := random_weights(study):
        items["Weights"] = weights
    lines = [f"\\item \\textbf{{{title}.}} {text}" for title, text in items.items()]
    return "\\begin{itemize}\n" + "\n".join(lines) + "\n\\end{itemize}"


def _controlled(study: Study) -> str:
    """What the lack of controls leaves open; empty if every task of the headline experiment has them."""
    having = {task for experiment in study.shown_in("controls") for task in study.tasks_of(experiment)}
    tasks = study.tasks_of(study.headline) if study.grids else []
    missing = [task for task in tasks if task not in having]
    if not missing:
        return ""
    names = formats.series([formats.latex(study.task(task)) for task in missing])
    closed = any(study.plan["tasks"][task]["labels"] for task in missing)
    bound = " On closed label sets the constant classes bound what can be had without any input." if closed else ""
    return f"The trained bridge is not scored without the row's own text on {names}.{bound}"


def resolution(study: Study) -> str:
    """Which differences of the headline experiment could have been found."""
    comparisons = study.comparisons_of(study.headline)
    known = [c for c in comparisons if c["detectable"] is not None]
    closing = "``No evidence of a difference'' is therefore no evidence of equality."
    if not comparisons:
        return "Nothing is compared in the headline experiment."
    if not known:
        return (
            "The methods agree on so many rows that in none of the headline comparisons a difference could "
            f"have been found reliably. {closing}"
        )
    text = (
        "With these row counts and discordance rates, a difference in the headline experiment has to be at "
        "least \\result{headline.detectable_min} to \\result{headline.detectable_max} points, depending on "
        "the comparison, to be found with a probability of \\result{plan.power}."
    )
    if len(known) < len(comparisons):
        text += (
            " In \\result{headline.undetectable} of the comparisons the methods agree on too many rows for "
            "any difference to be found reliably."
        )
    return f"{text} {closing}"


def random_weights(study: Study) -> str:
    """A warning where a model of the build is randomly initialised; else nothing."""
    if all(model["source"] != "tiny" for model in study.plan["models"].values()):
        return ""
    return (
        "The models of this build are tiny and randomly initialised: it exercises the machinery, and its "
        "numbers say nothing about language models."
    )


def _alarm(study: Study, task: str, methods: list[str]) -> str:
    names = formats.series([f"\\method{{{formats.latex(study.method(name))}}}" for name in methods[:NAMED]])
    if len(methods) > NAMED:
        names += " and others"
    return f"{names} on {formats.latex(study.task(task))}" if names else formats.latex(study.task(task))
