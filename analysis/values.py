"""Every number that the paper may print, by id, with the function and the raw runs it came from.

Writes `values.json` for people and tools and `values.tex` for LaTeX, where
`\\result{main.some_task.bridge.accuracy}` prints a value, and an unknown id stops the build. With --paper it
also checks that every id used by the given .tex files exists, and lists the values that no text uses.
"""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis import formats
from analysis.claim_values import claim_values
from analysis.grid_values import WORDS, grid_values
from analysis.recipe import loss_values
from analysis.series import series_values
from analysis.study import Against, Cell, Comparison, Study, add_inputs, parser, read_study
from analysis.value import Value, place
from telepathy.errors import UserError, fail, run_stage
from telepathy.files import write_json, write_text

EXAMPLE = (
    "python -m analysis.values --plan results/quick/plan/overview.json "
    "--comparisons results/quick/statistics/comparisons.json --phases results/quick/statistics/phases.json "
    "--out results/quick/values --paper paper"
)
USE = re.compile(r"\\result\s*\{([^}]*)\}")


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments, phases=True)
    arguments.add_argument("--out", type=Path, required=True, metavar="STEM", help="writes STEM.json and STEM.tex")
    arguments.add_argument(
        "--paper",
        type=Path,
        nargs="*",
        default=[],
        metavar="FOLDER",
        help="check the \\result{...} ids of every .tex file below these (paper, results/<preset>/text)",
    )
    options = arguments.parse_args()
    values = registry(read_study(options.plan, options.comparisons, options.results, options.phases))
    write_json(options.out.with_suffix(".json"), [asdict(value) for value in values.values()])
    write_text(options.out.with_suffix(".tex"), macros(values))
    if options.paper:
        unused = check(values, options.paper)
        print(f"{len(values)} values, {len(unused)} of them used by no text:")
        print("".join(f"  {name} = {values[name].text}\n" for name in unused), end="")


def registry(study: Study) -> dict[str, Value]:
    """All values of a study by id, in a fixed order.

    Ids that every preset has start with `plan.`, `lead.`, `headline.`, `series.`, `alarms.` or `documents.`; the
    others carry the names of the experiment, task and methods (`main.some_task.bridge.accuracy`,
    `main.some_task.bridge_vs_majority.p`, over seeds `main.some_task.bridge.mean`), of a varied setting
    (`tokens.some_task.soft_tokens.replicate_sd`), of a test of super-additivity (`super.main.some_task.difference`; the
    counts `super.above` and so on always exist), or of the phase and variant (`phase.p07.recorded.accuracy`).
    """
    values = [*_plan_values(study), *lead_values(study)]
    for experiment in study.grids:
        values += _experiment_values(study, experiment, experiment)
        if study.plan["experiments"][experiment]["null"] is not None:
            values += _family_values(study, experiment, f"{experiment}.null", "null")
    values += _experiment_values(study, study.headline, "headline")
    for cell in study.cells:
        if cell["experiment"] != study.series:
            values += _cell_values(study, cell)
    for comparison in study.comparisons["comparisons"]:
        values += _comparison_values(study, comparison)
    values += grid_values(study)
    for run in study.described:
        values += _training_values(study, run)
    values += [*loss_values(study), *series_values(study), *claim_values(study)]
    found = {value.id: value for value in values}
    if len(found) != len(values):
        twice = next(v.id for i, v in enumerate(values) if v.id in {w.id for w in values[:i]})
        raise fail("values", f"the id {twice} is made twice", "rename an experiment, task or method")
    return found


def macros(values: dict[str, Value]) -> str:
    """The LaTeX file: one csname for each value, and `\\result`, for which an unknown id is an error.

    Each number links to its line of the register (`analysis.register`).
    """
    lines = [
        "% Made by analysis.values; do not edit.",
        r"\newcommand{\result}[1]{\ifcsname result@#1\endcsname\csname result@#1\endcsname\else",
        r"  \errmessage{No value has the id #1 (analysis.values lists all)}\fi}",
    ]
    for value in values.values():
        text = formats.traced(place(value.id), formats.latex(value.text))
        lines.append(rf"\expandafter\def\csname result@{value.id}\endcsname{{{text}}}")
    return "\n".join(lines) + "\n"


def check(values: dict[str, Value], folders: list[Path]) -> list[str]:
    """Ids that no text uses.

    Raises:
        UserError: an id that does not exist; one line names every place as `file:line`.
    """
    unknown, used = [], set()
    for path in sorted(path for folder in folders for path in folder.rglob("*.tex")):
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for name in USE.findall(re.sub(r"(?<!\\)%.*", "", text)):
                used.add(name)
                if name not in values and "#" not in name:
                    unknown.append(f"{path}:{line}: no value has the id {name}")
    if unknown:
        raise UserError("; ".join(unknown) + "; choose one from values.json")
    return [name for name in values if name not in used]


def _plan_values(study: Study) -> list[Value]:
    plan, statistics = study.plan, study.comparisons["statistics"]
    runs = list(dict.fromkeys(cell["run"] for cell in plan["cells"]))
    seeds = sorted({cell["seed"] for cell in plan["cells"]})
    rows = sum(cell["n"] for cell in {cell["run"]: cell for cell in study.cells}.values())
    where = "analysis.values._plan_values"

    def made(name: str, value: Any, text: str, unit: str = "") -> Value:
        return Value(f"plan.{name}", value, text, unit, where)

    pair = plan["pairs"][study.main_pair]
    values = [
        made("preset", plan["preset"], plan["preset"]),
        made("title", plan["title"], plan["title"]),
        made("runs", len(runs), formats.count(len(runs)), "runs"),
        made("trained", len(study.trained), formats.count(len(study.trained)), "runs"),
        made("rows", rows, formats.count(rows), "rows"),
        made("tasks", len(plan["tasks"]), formats.count(len(plan["tasks"])), "tasks"),
        made("seeds", len(seeds), formats.count(len(seeds)), "seeds"),
        made("resamples", statistics["resamples"], formats.count(statistics["resamples"])),
        made("confidence", statistics["confidence"], formats.percent(statistics["confidence"], 0)),
        made("alpha", statistics["alpha"], formats.number(statistics["alpha"])),
        made("power", statistics["power"], formats.percent(statistics["power"], 0)),
    ]
    for role in ("sender", "receiver"):
        model = plan["models"][pair[role]]
        values += [
            made(f"{role}", model["title"], model["title"]),
            made(f"{role}.depth", model["depth"], formats.count(model["depth"]), "blocks"),
            made(f"{role}.width", model["width"], formats.count(model["width"])),
        ]
    for name, task in plan["tasks"].items():
        values.append(made(f"{name}.labels", len(task["labels"]), formats.count(len(task["labels"])), "labels"))
        for split, n in task["rows"].items():
            values.append(made(f"{name}.{split}", n, formats.count(n), "rows"))
    return values


def lead_values(study: Study) -> list[Value]:
    """The recipe of the leading bridge; where its tasks differ, all settings are listed in order of size."""
    runs = [run for run in study.described if study.plan["runs"][run]["method"] == study.lead]
    recipes = [study.plan["runs"][run]["spec"]["recipe"] for run in runs]

    def made(name: str, found: list[Any], unit: str = "") -> Value:
        distinct = sorted(set(found), key=lambda x: (isinstance(x, str), x))
        text = formats.series([x if isinstance(x, str) else formats.number(x, 6) for x in distinct], "or")
        value = distinct[0] if len(distinct) == 1 else distinct
        return Value(f"lead.{name}", value, text or "none", unit, "analysis.values.lead_values", runs)

    def width(recipe: dict[str, Any]) -> int | str:
        return recipe["body"].get("width") or "the receiver's width"

    def inner(key: str) -> list[Any]:
        return [recipe["body"][key] for recipe in recipes if recipe["body"].get(key) is not None]

    return [
        made("title", [study.method(study.lead)] if study.lead else []),
        made("layer", [r["layer"] for r in recipes]),
        made("soft_tokens", [r["soft_tokens"] for r in recipes], "tokens"),
        made("normalizer", [r["normalizer"].replace("_", " ") for r in recipes]),
        made("output", [r["output"].replace("_", " ") for r in recipes]),
        made("width", [width(r) for r in recipes]),
        made("heads", inner("heads"), "heads"),
        made("depth", inner("depth"), "layers"),
        made("steps", [r["training"]["steps"] for r in recipes], "steps"),
        made("batch", [r["training"]["batch"] * r["training"]["accumulation"] for r in recipes], "rows"),
        made("lr", [r["training"]["lr"] for r in recipes]),
        made("weight_decay", [r["training"]["weight_decay"] for r in recipes]),
        made("clip", [r["training"]["clip"] for r in recipes]),
        made("schedule", [r["training"]["schedule"] for r in recipes]),
        made("warmup", [r["training"]["warmup"] for r in recipes], "steps"),
    ]


def _experiment_values(study: Study, experiment: str, name: str) -> list[Value]:
    """Title and size of an experiment, and how its comparisons with the reference came out."""
    content, where = study.plan["experiments"][experiment], "analysis.values._experiment_values"
    runs = list(dict.fromkeys(cell["run"] for cell in study.cells_of(experiment)))
    return [
        Value(f"{name}.title", content["title"], content["title"], "", where),
        Value(f"{name}.seeds", len(content["seeds"]), formats.count(len(content["seeds"])), "seeds", where),
        Value(f"{name}.runs", len(runs), formats.count(len(runs)), "runs", where, runs),
        *_family_values(study, experiment, name, "reference"),
    ]


def _family_values(study: Study, experiment: str, name: str, against: Against) -> list[Value]:
    """How the comparisons of a Holm family came out, and what they could have found."""
    comparisons = study.comparisons_of(experiment, against=against)
    key = experiment if against == "reference" else f"{experiment}/null"
    family = study.comparisons["families"][key]["size"]
    where = "analysis.comparisons._family"
    runs = list(dict.fromkeys(cell["run"] for cell in study.cells_of(experiment)))
    values = [Value(f"{name}.family", family, formats.count(family), "comparisons", where, runs)]
    for word, key in (("above", "above"), ("below", "below"), ("no evidence", "undecided")):
        number = sum(c["verdict"] == word for c in comparisons)
        values.append(Value(f"{name}.{key}", number, formats.count(number), "comparisons", where, runs, family))
    known = [c["detectable"] for c in comparisons if c["detectable"] is not None]
    blind = len(comparisons) - len(known)
    values.append(Value(f"{name}.undetectable", blind, formats.count(blind), "comparisons", where, runs, family))
    for key, found in (
        ("detectable_min", min(known, default=None)),
        ("detectable_max", max(known, default=None)),
    ):
        text = formats.points(found, sign=False)
        values.append(Value(f"{name}.{key}", found, text, "points", where, runs, family))
    return values


def _cell_values(study: Study, cell: Cell) -> list[Value]:
    name, where = study.cell_id(cell), "analysis.comparisons._cell"

    def made(key: str, value: Any, text: str, unit: str = "") -> Value:
        return Value(f"{name}.{key}", value, text, unit, where, [cell["run"]], cell["n"])

    return [
        made("n", cell["n"], formats.count(cell["n"]), "rows"),
        made("correct", cell["correct"], formats.count(cell["correct"]), "rows"),
        made("accuracy", cell["accuracy"], formats.percent(cell["accuracy"]), "percent"),
        made("interval", [cell["low"], cell["high"]], formats.interval(cell["low"], cell["high"]), "percent"),
        made("unparsed", cell["unparsed"], formats.count(cell["unparsed"]), "rows"),
        made("parsed_accuracy", cell["parsed_accuracy"], formats.percent(cell["parsed_accuracy"]), "percent"),
        made("chance", cell["chance"], formats.percent(cell["chance"]), "percent"),
        made("against_chance", cell["against_chance"], cell["against_chance"] or formats.MISSING),
    ]


def _comparison_values(study: Study, c: Comparison) -> list[Value]:
    name, where = study.comparison_id(c), "analysis.comparisons._comparison"

    def made(key: str, value: Any, text: str, unit: str = "") -> Value:
        return Value(f"{name}.{key}", value, text, unit, where, c["runs"], c["n"])

    return [
        made("difference", c["difference"], formats.points(c["difference"]), "points"),
        made("size", abs(c["difference"]), formats.points(abs(c["difference"]), sign=False), "points"),
        made("interval", [c["low"], c["high"]], formats.interval(c["low"], c["high"], sign=True), "points"),
        made("b", c["b"], formats.count(c["b"]), "rows"),
        made("c", c["c"], formats.count(c["c"]), "rows"),
        made("p", c["p_holm"], formats.p_statement(c["p_holm"])),
        made("p_raw", c["p"], formats.p_statement(c["p"])),
        made("detectable", c["detectable"], formats.points(c["detectable"], sign=False), "points"),
        made("verdict", c["verdict"], WORDS[c["verdict"]]),
    ]


def _training_values(study: Study, run: str) -> list[Value]:
    """First and last logged loss and the last validation accuracy of a trained run, where it has them."""
    log = study.read(run).training
    where = "analysis.values._training_values"
    losses = [line["loss"] for line in log if line.get("loss") is not None]
    checks = [line for line in log if line.get("validation_accuracy") is not None]
    values = []
    for key, found in (("first_loss", losses[:1]), ("last_loss", losses[-1:])):
        values += [Value(f"run.{run}.{key}", x, formats.number(x), "", where, [run]) for x in found]
    for line in checks[-1:]:
        x, n = line["validation_accuracy"], line.get("validation_n")
        text = formats.percent(x)
        values.append(Value(f"run.{run}.validation", x, text, "percent", where, [run], n))
    return values


if __name__ == "__main__":
    run_stage(main)
