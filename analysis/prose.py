"""The sentences of the paper that depend on what happened, generated from the comparisons.

One .tex fragment for each place in the paper. Numbers are `\\result{...}` macros, and words such as "above"
follow the computed verdicts, so no sentence can contradict a table. The fragments exist for every preset.
"""

from collections.abc import Callable
from pathlib import Path

from analysis import caveats, formats, recipe, series
from analysis.caveats import random_weights
from analysis.study import Cell, Comparison, Study, add_inputs, parser, read_study
from telepathy.errors import run_stage
from telepathy.files import write_text

EXAMPLE = (
    "python -m analysis.prose --plan results/quick/plan/overview.json --comparisons "
    "results/quick/statistics/comparisons.json --phases results/quick/statistics/phases.json "
    "--out results/quick/text"
)


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments, phases=True)
    arguments.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help=f"writes {', '.join(FRAGMENTS)} (.tex)"
    )
    options = arguments.parse_args()
    study = read_study(options.plan, options.comparisons, options.results, options.phases)
    for name, compose in FRAGMENTS.items():
        write_text(options.out / f"{name}.tex", f"% Made by analysis.prose; do not edit.\n{compose(study)}\n")


def abstract(study: Study) -> str:
    """Two or three sentences for the abstract: what was run and how the leading comparisons came out."""
    sentences = [_built_from(study), _tally(study, study.headline, "headline"), series.tally(study, short=True)]
    return " ".join(filter(None, [*sentences, random_weights(study)]))


def setup(study: Study) -> str:
    """Models and tasks of the preset."""
    pairs = []
    for pair in study.plan["pairs"].values():
        sender, receiver = (study.plan["models"][pair[role]] for role in ("sender", "receiver"))
        pairs.append(
            f"{formats.latex(sender['title'])} ({sender['depth']} blocks, width {sender['width']}) as the "
            f"sender and {formats.latex(receiver['title'])} ({receiver['depth']} blocks, width "
            f"{receiver['width']}) as the receiver"
        )
    tasks = []
    for task in study.plan["tasks"].values():
        labels = f"{len(task['labels'])} labels" if task["labels"] else "open answers"
        tasks.append(f"{formats.latex(task['title'])} ({labels})")
    plural = "s" if len(tasks) > 1 else ""
    return " ".join(
        [
            "This copy of the paper was built with the preset "
            f"\\texttt{{{formats.latex(study.plan['preset'])}}}: {formats.latex(study.plan['title'])}. It "
            f"uses {formats.series(pairs, last='; and')}.",
            random_weights(study),
            f"The task{plural}: {formats.series(tasks)}; \\cref{{tab:setup}} gives the row counts and the licences.",
        ]
    )


def results(study: Study) -> str:
    """One paragraph for each task of the headline experiment, after a tally of its comparisons."""
    experiment = study.headline
    if not study.grids:
        return "This preset holds the series of phases only (\\cref{sec:series})."
    paragraphs = [_tally(study, experiment, "headline")]
    paragraphs += [_task(study, experiment, task) for task in study.tasks_of(experiment)]
    return "\n\n".join(paragraphs)


def others(study: Study) -> str:
    """The same for each further experiment; the series of phases has a section of its own."""
    paragraphs = []
    for experiment in study.grids[1:]:
        content = study.plan["experiments"][experiment]
        reference = content["reference"]
        about = f" {formats.latex(study.plan['methods'][reference]['about'])}" if reference else ""
        heading = formats.latex(content["title"])
        hypothesis = f"\\method{{{formats.latex(study.method(reference))}}} tests this idea:{about}" if about else ""
        opening = " ".join(filter(None, [hypothesis, _tally(study, experiment, experiment)]))
        paragraphs.append(f"\\paragraph{{{heading}.}} {opening}")
        paragraphs += [_task(study, experiment, task) for task in study.tasks_of(experiment)]
    return "\n\n".join(paragraphs) or "This preset has one experiment only; there is nothing to add here."


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
        name = f"\\method{{{formats.latex(study.method(content['method']))}}} on "
        name += f"{formats.latex(study.task(content['task']))}{which}"
        if not any(line.get("loss") is not None for line in log):
            sentences.append(f"The log of {name} holds no loss.")
            continue
        text = f"For {name} the training loss goes from \\result{{run.{run}.first_loss}} "
        text += f"to \\result{{run.{run}.last_loss}}"
        if any(line.get("validation_accuracy") is not None for line in log):
            text += f", and the last validation accuracy is \\result{{run.{run}.validation}}"
        sentences.append(text + ".")
    if len(sentences) > 8:
        return f"\\Cref{{fig:training}} shows the logs of {len(sentences)} trained runs."
    return " ".join(sentences)


FRAGMENTS: dict[str, Callable[[Study], str]] = {
    "abstract": abstract,
    "setup": setup,
    "results": results,
    "others": others,
    "training": training,
    "series": series.prose,
    "alarms": caveats.alarms,
    "normalizer": recipe.normalizer,
    "output": recipe.output,
    "loss": recipe.loss,
    "body": recipe.body,
    "limits": caveats.limits,
}


def _plan(name: str) -> str:
    return f"\\result{{plan.{name}}}"


def _built_from(study: Study) -> str:
    pair = next(iter(study.plan["pairs"].values()))
    same = pair["sender"] == pair["receiver"]
    models = "\\result{plan.sender} with itself" if same else "\\result{plan.sender} with \\result{plan.receiver}"
    return (
        f"This build (preset \\texttt{{{formats.latex(study.plan['preset'])}}}) connects {models}; its "
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
    plural = "s" if len(comparisons) > 1 else ""
    return (
        f"Of the \\result{{{name}.family}} paired comparison{plural} of {title} with other methods in "
        f"``\\result{{{name}.title}}'', {title} is above in \\result{{{name}.above}} and below in "
        f"\\result{{{name}.below}}; in \\result{{{name}.undecided}} there is no evidence of a difference "
        f"(exact McNemar tests, Holm-adjusted over the family, level {_plan('alpha')})."
    )


def _task(study: Study, experiment: str, task: str) -> str:
    """A paragraph on one task: the reference's accuracy against chance, then its comparisons by verdict."""
    reference = study.plan["experiments"][experiment]["reference"]
    cells = study.cells_of(experiment, task)
    leads = [cell for cell in cells if cell["method"] == reference] or cells
    sentences = [_accuracy(study, cell, first=i == 0) for i, cell in enumerate(leads)]
    comparisons = study.comparisons_of(experiment, task)
    if len(leads) == 1:
        for verdict, opening in (
            ("above", "It is above "),
            ("below", "It is below "),
            ("no evidence", "There is no evidence of a difference from "),
        ):
            found = [_difference(study, c) for c in comparisons if c["verdict"] == verdict]
            if found:
                sentences.append(opening + formats.series(found) + ".")
        sentences += filter(None, (_reading(study, c) for c in comparisons))
    elif comparisons:
        sentences += _counts(study, comparisons)
    return f"\\paragraph{{{formats.latex(study.task(task))}.}} {' '.join(sentences)}"


def _counts(study: Study, comparisons: list[Comparison]) -> list[str]:
    """Verdicts by method, for a task with several pairs or seeds."""
    sentences = []
    for method in dict.fromkeys(c["method"] for c in comparisons):
        verdicts = [c["verdict"] for c in comparisons if c["method"] == method]
        sentences.append(
            f"Compared with \\method{{{formats.latex(study.method(method))}}} it is above in "
            f"{verdicts.count('above')}, below in {verdicts.count('below')} and undecided in "
            f"{verdicts.count('no evidence')} of {len(verdicts)} comparisons."
        )
    return sentences


def _accuracy(study: Study, cell: Cell, first: bool) -> str:
    name = study.cell_id(cell)
    text = (
        f"\\method{{{formats.latex(study.label(cell))}}} answers \\result{{{name}.correct}} of "
        f"\\result{{{name}.n}} test rows correctly: \\result{{{name}.accuracy}}"
    )
    text += (
        f", \\result{{plan.confidence}} interval \\result{{{name}.interval}}."
        if first
        else f", \\result{{{name}.interval}}."
    )
    if cell["chance"] is not None:
        where = {
            "above": "The whole interval lies above chance",
            "below": "The whole interval lies below chance",
            "no evidence": "The interval includes chance",
        }[cell["against_chance"]]
        text += f" {where} (\\result{{{name}.chance}})."
    if cell["constant"]:
        text += " It gives the same answer for every row."
    if cell["unparsed"]:
        text += f" In \\result{{{name}.unparsed}} of the rows no answer could be read; they count as wrong."
    return text


def _difference(study: Study, c: Comparison) -> str:
    name = study.comparison_id(c)
    return f"\\method{{{formats.latex(study.label(c))}}} (\\result{{{name}.difference}} points, \\result{{{name}.p}})"


def _reading(study: Study, c: Comparison) -> str:
    """What a comparison means, where its kind of method gives it a meaning of its own."""
    kind = study.plan["methods"][c["method"]]["kind"]
    method = f"\\method{{{formats.latex(study.label(c))}}}"
    if kind == "linear_probe" and c["verdict"] != "above":
        return (
            f"Since {method} uses no receiver at all, nothing here shows that the receiver adds to what the "
            "sender's states already hold."
        )
    if kind == "majority" and c["verdict"] != "above":
        return f"As {method} ignores the input, no transfer through the bridge is shown on this task."
    return ""


if __name__ == "__main__":
    run_stage(main)
