"""Sentences on what a reader should distrust or not conclude: alarms of the build, and its limits."""

from analysis import formats
from analysis.study import Cell, Study

SEEDS_FOR_A_CLAIM = 6


def alarms(study: Study) -> str:
    """Cells that a reader should distrust: below chance, constant answers, unparsed answers."""
    majority = {name for name, content in study.plan["methods"].items() if content["kind"] == "majority"}
    cells = [cell for cell in study.cells if cell["experiment"] != study.series]
    below = [_name(study, c) for c in cells if c["below_chance"]]
    constant = [_name(study, c) for c in cells if c["constant"] and c["method"] not in majority]
    unparsed = [f"{_name(study, c)} (\\result{{{study.cell_id(c)}.unparsed}})" for c in cells if c["unparsed"]]
    found = [
        f"{text}: {formats.series(cells)}."
        for text, cells in (
            ("Below chance, which points to a fault of prompt or parser rather than to a weak model", below),
            ("The same answer for every row", constant),
            ("Answers that could not be read, counted as wrong", unparsed),
        )
        if cells
    ]
    if not found:
        return "Each cell was checked for a score below chance, constant answers and unreadable answers; none occurred."
    return "Automatic checks raised these alarms. " + " ".join(found)


def limits(study: Study) -> str:
    """What this build cannot show, as far as the plan tells."""
    seeds = len({cell["seed"] for cell in study.plan["cells"]})
    items = {}
    if seeds < SEEDS_FOR_A_CLAIM:
        items["Seeds"] = (
            f"Each bridge was trained with \\result{{plan.seeds}} seed{'s' if seeds > 1 else ''}. The tests "
            "take the trained bridge as given and generalise over test rows, not over trainings: how much "
            "another seed would change the result is not measured well enough, and the comparisons are "
            "descriptive in that respect."
        )
    if (
        not any("shuffle" in m for e in study.plan["experiments"].values() for m in e["methods"])
        and study.series is None
    ):
        items["Control"] = (
            "No run of this preset feeds the trained bridge another row's text. The constant-class baseline "
            "bounds what can be had without any input on closed label sets, but for open answers that "
            "control is missing."
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


def _name(study: Study, cell: Cell) -> str:
    return f"\\method{{{formats.latex(study.label(cell))}}} on {formats.latex(study.task(cell['task']))}"
