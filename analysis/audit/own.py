"""This project's own results: the plan, the raw runs with their rows, and the comparisons made from them."""

from pathlib import Path
from typing import Any

from analysis.alarms import blind
from analysis.audit.finding import Place
from analysis.audit.model import Audit, Document, Example, Examples, Result, Test
from analysis.audit.numbers import share
from analysis.audit.rows import norm
from telepathy.errors import UserError
from telepathy.files import digest, file_sha256, read_json
from telepathy.record import RawRun, Row, read_run

PLAN = Path("plan", "overview.json")
COMPARISONS = Path("statistics", "comparisons.json")
ALSO = (COMPARISONS, Path("statistics", "phases.json"), Path("values.json"))
MADE_BY = "`snakemake`"


def is_own(folder: Path) -> bool:
    """Whether a folder is `results/<preset>` of this project."""
    return (folder / PLAN).is_file()


def read(folder: Path) -> Audit:
    """Everything that the raw runs and the comparisons tell.

    Raises:
        UserError: the plan is damaged.
    """
    plan = read_json(folder / PLAN, MADE_BY)
    audit = Audit()
    if not isinstance(plan, dict) or not isinstance(plan.get("runs"), dict) or not isinstance(plan.get("tasks"), dict):
        audit.damaged[PLAN.as_posix()] = "not a plan with tasks and runs"
        return audit
    absent, seen = 0, set()
    for content in plan["runs"].values():
        if not isinstance(content, dict) or not {"folder", "task", "method", "spec"} <= set(content):
            audit.damaged[PLAN.as_posix()] = "a run without folder, task, method or spec"
            continue
        path = folder / content["folder"]
        if not (path / "run.json").exists():
            absent += 1
            continue
        try:
            run = read_run(path)
        except UserError as error:
            audit.damaged[content["folder"]] = str(error).partition(": ")[2]
            continue
        try:
            one = _result(run, content, plan["tasks"].get(content["task"], {}))
            one.overlap = None if content["task"] in seen else _overlap(run)
        except (KeyError, TypeError, AttributeError) as error:
            audit.damaged[content["folder"]] = f"the record does not fit the schema ({error!r})"
            continue
        seen.add(content["task"])
        audit.results.append(one)
        if one.examples is not None:
            audit.lists.append(one.examples)
    if absent:
        audit.strangers[PLAN.as_posix()] = f"{absent} of {len(plan['runs'])} planned runs are not there yet"
    for name in ALSO:
        if (folder / name).is_file():
            audit.documents.append(Document(name.as_posix(), read_json(folder / name, MADE_BY)))
    try:
        _comparisons(audit, folder)
    except (KeyError, TypeError, AttributeError) as error:
        audit.damaged[COMPARISONS.as_posix()] = f"the statistics do not fit the schema ({error!r})"
    return audit


def _result(run: RawRun, content: dict[str, Any], task: dict[str, Any]) -> Result:
    spec, labels = content["spec"], task.get("labels") or []
    recipe, place = spec["recipe"], Place(content["folder"] + "/run.json", ("summary",))
    summary, kind = run.record["summary"], spec["recipe"]["kind"]
    one = Result(place, content["method"], content["task"])
    one.seed = None if spec.get("seed") is None else str(spec["seed"])
    one.correct, one.n, one.unparsed = summary["correct"], summary["n"], summary["unparsed"]
    one.accuracy = share(summary["accuracy"], False, one.correct, one.n)
    one.labels = tuple(str(label).lower() for label in labels)
    one.classes, one.chance = len(labels) or None, 1 / len(labels) if labels else None
    one.open_answers, one.blind, one.fixed = not labels, blind(recipe), "seed" not in spec
    untrained = recipe.get("training") and recipe["training"].get("steps") == 0
    one.config = {"spec": digest({key: spec[key] for key in spec if not (untrained and key == "seed")}), "kind": kind}
    # A timed run repeats another run's answers, and a blind one can only repeat itself.
    one.mark = "" if kind == "latency" or one.blind or _constant(run.rows) else digest(_answers(run.rows), 64)
    if kind != "latency":
        rows = Place(content["folder"] + "/rows.jsonl.gz")
        one.examples = Examples(rows, [_example(row) for row in run.rows])
    return one


def _example(row: Row) -> Example:
    answer = norm(row.prediction) if row.parsed else None
    return Example(row.id, row.text, norm(row.gold), answer, row.output, row.correct)


def _constant(rows: list[Row]) -> bool:
    return len({row.prediction for row in rows}) == 1


def _answers(rows: list[Row]) -> list[Any]:
    return [[row.id, row.prediction, row.output if row.scores is None else row.scores] for row in rows]


def _overlap(run: RawRun) -> tuple[int, int] | None:
    found = run.record.get("inputs", {}).get("overlap")
    return (found["near"], found["test"]) if found else None


def _comparisons(audit: Audit, folder: Path) -> None:
    """The tests, each in its declared family; and whether they were made from the rows that are there."""
    file = COMPARISONS.as_posix()
    content = next((one.content for one in audit.documents if one.file == file), None)
    if not isinstance(content, dict):
        return
    for number, one in enumerate(content.get("comparisons", [])):
        place = Place(file, ("comparisons", str(number)))
        corrected = one.get("p_holm") if one.get("family", 2) > 1 else None
        methods = (one["reference"], one["method"])
        kind = frozenset({"mcnemar", "rows"})
        effect = one.get("effect")
        audit.tests.append(Test(place, one["p"], corrected, None, None, "holm", effect, kind, None, methods, rows=True))
    stale = [
        run
        for run, rows in content.get("rows", {}).items()
        if (folder / rows["path"]).is_file() and file_sha256(folder / rows["path"]) != rows["sha256"]
    ]
    if stale:
        audit.damaged[file] = f"made from other rows than those of {len(stale)} runs that are there, such as {stale[0]}"
