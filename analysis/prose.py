"""The sentences of the paper that depend on what happened, generated from the comparisons.

One .tex fragment for each place in the paper. Numbers are `\\result{...}` macros, and words such as "above"
follow the computed verdicts, so no sentence can contradict a table. The fragments exist for every preset.
"""

from collections.abc import Callable
from pathlib import Path

from analysis import caveats, documents_prose, floats, formats, hurdles, recipe, series
from analysis.caveats import random_weights
from analysis.controls_prose import controls, short
from analysis.register import register
from analysis.study import Group, Study, add_inputs, parser, read_study
from analysis.sweeps_prose import sweeps
from analysis.transfer_prose import directions, transfer
from analysis.variants_prose import variants
from analysis.wording import SIDES, by_verdict, mean, method, models, name, outcomes, title
from telepathy.errors import run_stage
from telepathy.files import write_text

EXAMPLE = (
    "python -m analysis.prose --plan results/quick/plan/overview.json --comparisons "
    "results/quick/statistics/comparisons.json --phases results/quick/statistics/phases.json "
    "--out results/quick/text"
)
HEADLINE_FIGURES = ("accuracy", "differences")
HEADLINE_TABLES = ("main", "superadditivity")
SECTIONS = ("controls", "variants", "sweeps", "transfer", "pairs")
"""Tables of experiments that have a section of their own."""


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments, phases=True)
    arguments.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help=f"writes {', '.join(FRAGMENTS)} (.tex)"
    )
    options = arguments.parse_args()
    study = read_study(options.plan, options.comparisons, options.results, options.phases)
    for fragment, compose in FRAGMENTS.items():
        write_text(options.out / f"{fragment}.tex", f"% Made by analysis.prose; do not edit.\n{compose(study)}\n")


def abstract(study: Study) -> str:
    """Two or three sentences for the abstract: what was run and how the leading comparisons came out."""
    sentences = [_built_from(study), _tally(study, study.headline, "headline"), hurdles.short(study, study.headline)]
    sentences += [short(study), series.tally(study, short=True)]
    return " ".join(filter(None, [*sentences, random_weights(study)]))


def setup(study: Study) -> str:
    """Models and tasks of the preset."""
    others = [pair for pair in study.plan["pairs"] if pair != study.main_pair]
    pairs = formats.series(
        [
            f"\\result{{plan.{role}}} (\\result{{plan.{role}.depth}} blocks, "
            f"width \\result{{plan.{role}.width}}) as the {role}"
            for role in ("sender", "receiver")
        ]
    )
    if others:
        pairs += f". Further pairs are {formats.series([models(study, pair) for pair in others])}"
    tasks = []
    for key, task in study.plan["tasks"].items():
        labels = f"\\result{{plan.{key}.labels}} labels" if task["labels"] else "open answers"
        tasks.append(f"{formats.latex(task['title'])} ({labels})")
    plural = "s" if len(tasks) > 1 else ""
    return " ".join(
        [
            "This copy of the paper was built with the preset "
            f"\\texttt{{{_plan('preset')}}}: {_plan('title')}. It "
            f"uses {pairs}.",
            random_weights(study),
            f"The task{plural}: {formats.series(tasks)}; \\cref{{tab:setup}} gives the row counts and the licences.",
        ]
    )


def results(study: Study) -> str:
    """A tally of the headline's comparisons, what it beats, and a paragraph for each task; with figures and tables."""
    experiment = study.headline
    if not study.grids:
        return "This preset holds the series of phases only (\\cref{sec:series})."
    paragraphs = [" ".join(filter(None, [_see(study), _tally(study, experiment, "headline")]))]
    paragraphs.append(hurdles.summary(study, experiment))
    paragraphs += [_task(study, experiment, task) for task in study.tasks_of(experiment)]
    paragraphs += [floats.figure(shown) for shown in HEADLINE_FIGURES if study.shown_in(shown, "figures")]
    paragraphs += [floats.table(study, shown) for shown in HEADLINE_TABLES]
    return "\n\n".join(filter(None, paragraphs))


def others(study: Study) -> str:
    """The same for each further experiment that has no section of its own."""
    own = {e for table in SECTIONS for e in study.shown_in(table, "tables")}
    paragraphs = []
    for experiment in (e for e in study.grids[1:] if e not in own):
        reference = study.plan["experiments"][experiment]["reference"]
        about = f" {formats.latex(study.plan['methods'][reference]['about'])}" if reference else ""
        hypothesis = f"{method(study, reference)} is the reference:{about}" if reference else ""
        opening = " ".join(filter(None, [hypothesis, _tally(study, experiment, experiment)]))
        paragraphs.append(f"{title(study, experiment)} {opening}")
        paragraphs += [_task(study, experiment, task) for task in study.tasks_of(experiment)]
    return "\n\n".join(paragraphs) or "This preset has no further experiment of this kind."


def training(study: Study) -> str:
    """How the losses of the trained runs moved, the phases aside."""
    if not study.described:
        return "No run outside the series of phases is trained in this preset."
    sentences = []
    for run in study.described:
        content = study.plan["runs"][run]
        log = study.read(run).training
        seed = content["spec"].get("seed")
        several = sum(
            (study.plan["runs"][r]["task"], study.plan["runs"][r]["method"]) == (content["task"], content["method"])
            for r in study.described
        )
        which = f" (seed {seed})" if several > 1 else ""
        log_of = f"{method(study, content['method'])} on {formats.latex(study.task(content['task']))}{which}"
        if not any(line.get("loss") is not None for line in log):
            sentences.append(f"The log of {log_of} holds no loss.")
            continue
        text = f"For {log_of} the training loss goes from \\result{{run.{run}.first_loss}} "
        text += f"to \\result{{run.{run}.last_loss}}"
        if any(line.get("validation_accuracy") is not None for line in log):
            text += f", and the last validation accuracy is \\result{{run.{run}.validation}}"
        sentences.append(text + ".")
    if len(sentences) > 8:
        return "\\Cref{fig:training} shows the logs of the trained runs outside the series of phases."
    return " ".join(["\\Cref{fig:training} shows how the loss terms move.", *sentences])


def alarms(study: Study) -> str:
    """What automatic checks found, with the table where there is something."""
    return "\n\n".join(
        filter(None, [caveats.alarms(study), floats.see(study, "alarms"), floats.table(study, "alarms")])
    )


FRAGMENTS: dict[str, Callable[[Study], str]] = {
    "abstract": abstract,
    "setup": setup,
    "results": results,
    "others": others,
    "controls": controls,
    "variants": variants,
    "sweeps": sweeps,
    "transfer": transfer,
    "directions": directions,
    "training": training,
    "series": series.prose,
    "alarms": alarms,
    "documents": documents_prose.prose,
    "normalizer": recipe.normalizer,
    "output": recipe.output,
    "loss": recipe.loss,
    "body": recipe.body,
    "limits": caveats.limits,
    "long_tables": floats.appendix,
    "register": register,
}


def _see(study: Study) -> str:
    known = [f"tab:{shown}" for shown in HEADLINE_TABLES if floats.printed(study, shown)]
    known += [f"fig:{shown}" for shown in HEADLINE_FIGURES if study.shown_in(shown, "figures")]
    return f"\\Cref{{{','.join(known)}}} show all of them." if known else ""


def _plan(name: str) -> str:
    return f"\\result{{plan.{name}}}"


def _built_from(study: Study) -> str:
    pair = study.plan["pairs"][study.main_pair]
    same = pair["sender"] == pair["receiver"]
    both = "\\result{plan.sender} with itself" if same else "\\result{plan.sender} with \\result{plan.receiver}"
    return (
        f"This build (preset \\texttt{{{formats.latex(study.plan['preset'])}}}) connects {both}; its "
        f"numbers come from {_plan('rows')} scored test rows of {_plan('runs')} runs."
    )


def _tally(study: Study, experiment: str, name: str) -> str:
    """One sentence: how many comparisons of the family came out which way."""
    reference = study.plan["experiments"][experiment]["reference"]
    comparisons = study.comparisons_of(experiment)
    if reference is None or not comparisons:
        heading = formats.latex(study.plan["experiments"][experiment]["title"])
        return f"The experiment ``{heading}'' compares nothing."
    title = f"\\method{{{formats.latex(study.method(reference))}}}"
    if len(comparisons) == 1:
        found = {"above": "finds it above", "below": "finds it below"}
        outcome = found.get(comparisons[0]["verdict"], "finds no evidence of a difference")
        return (
            f"The one paired comparison of {title} with another method in ``\\result{{{name}.title}}'' {outcome} "
            f"(exact McNemar test, level {_plan('alpha')})."
        )
    return (
        f"Of the \\result{{{name}.family}} paired comparisons of {title} with other methods in "
        f"``\\result{{{name}.title}}'', {title} is above in \\result{{{name}.above}} and below in "
        f"\\result{{{name}.below}}; in \\result{{{name}.undecided}} there is no evidence of a difference "
        f"(exact McNemar tests, Holm-adjusted over the family, level {_plan('alpha')})."
    )


def _task(study: Study, experiment: str, task: str) -> str:
    """A paragraph on one task: the reference's accuracy against chance, its comparisons by verdict, what they mean."""
    reference = study.plan["experiments"][experiment]["reference"]
    groups = study.groups_of(experiment, task)
    leads = [group for group in groups if group["method"] == reference] or groups
    sentences = [_accuracy(study, group, first=i == 0) for i, group in enumerate(leads)]
    found = outcomes(study, study.comparisons_of(experiment, task))
    sentences += by_verdict(study, found)
    sentences += hurdles.readings(study, found)
    sentences.append(hurdles.together(study, experiment, task))
    return f"\\paragraph{{{formats.latex(study.task(task))}.}} {' '.join(filter(None, sentences))}"


def _accuracy(study: Study, group: Group, first: bool) -> str:
    """What a method reaches, against chance, with what is odd about its answers."""
    cells = study.cells_in(group)
    where = study.cell_id(cells[0])
    if len(group["runs"]) > 1:
        text = f"{name(study, group)} reaches {mean(study, group)}."
    else:
        span = "\\result{plan.confidence} interval " if first else ""
        text = (
            f"{name(study, group)} answers \\result{{{where}.correct}} of \\result{{{where}.n}} test rows correctly: "
            f"\\result{{{where}.accuracy}}, {span}\\result{{{where}.interval}}."
        )
    if group["chance"] is not None:
        side = SIDES[group["against_chance"]]
        text += f" {side[0].upper()}{side[1:]} (\\result{{{where}.chance}})."
    if any(cell["constant"] for cell in cells):
        text += " It gives the same answer for every row" + (" in some seed." if len(group["runs"]) > 1 else ".")
    if group["unparsed"]:
        share = f"In \\result{{{where}.unparsed}}" if len(group["runs"]) == 1 else "In some"
        text += f" {share} of the rows no answer could be read; they count as wrong."
    return text


if __name__ == "__main__":
    run_stage(main)
