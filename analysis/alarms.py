"""Alarms: what in the raw runs points to a fault rather than to a result.

Each kind has one rule, and raises an alarm for a run (or for several, or for a task's data) where it holds. Phases
are judged in their own table, so alarms about single runs leave out what only the series shows.
"""

from collections.abc import Iterable
from typing import Any

from analysis.study import Cell, Study
from telepathy.files import digest
from telepathy.record import RawRun, Row

Alarm = dict[str, Any]
KINDS = {
    "below_chance": "below chance",
    "constant": "same answer for every row",
    "identical_outputs": "identical outputs of different runs",
    "unparsed": "answers that could not be read",
    "duplicate_run": "runs that should differ but are the same",
    "overlap": "test rows with a near-duplicate among the training rows",
    "restarted": "trainings that diverged and were started over",
}
"""Kinds in the order in which they are shown, with their titles."""


def constant(rows: list[Row]) -> bool:
    """Whether every row got the same answer although the gold answers vary."""
    answers = {row.output if row.output is not None else row.prediction for row in rows}
    return len(answers) == 1 and len({row.gold for row in rows}) > 1


def blind(recipe: dict[str, Any]) -> bool:
    """Whether a recipe sees nothing of a row, so that the same answer for every row is the point."""
    if recipe["kind"] == "control":
        return recipe["soft"] in ("zero", "mean")
    return recipe["kind"] == "majority" or (recipe["kind"] == "prompt_tuning" and not recipe["text"])


def of_cell(cell: Cell, recipe: dict[str, Any]) -> list[str]:
    """Kinds of alarms that a cell raises by itself.

    Args:
        cell: with its statistics.
        recipe: of its run.
    """
    holds = {
        "below_chance": cell["below_chance"],
        "constant": cell["constant"] and not blind(recipe),
        "unparsed": cell["unparsed"] > 0,
    }
    return [kind for kind, found in holds.items() if found]


def find(study: Study, cells: list[Cell], runs: dict[str, RawRun], hashes: dict[str, str]) -> list[Alarm]:
    """All alarms of a study, by kind and then in the order of the cells.

    Args:
        study: with its plan.
        cells: with their statistics and their own alarms.
        runs: raw runs by id.
        hashes: run id -> sha256 of its rows file.
    """
    shown = {cell["run"]: cell for cell in reversed(cells) if cell["experiment"] != study.series}
    ordered = [shown[run] for run in dict.fromkeys(cell["run"] for cell in cells) if run in shown]
    alarms = [_of_run(kind, cell, runs[cell["run"]]) for cell in ordered for kind in cell["alarms"]]
    alarms += _repeated(study, runs, hashes)
    alarms += _overlaps(study, runs)
    alarms += _restarted(study, runs)
    order = list(KINDS)
    return sorted(alarms, key=lambda alarm: order.index(alarm["kind"]))


def _of_run(kind: str, cell: Cell, run: RawRun) -> Alarm:
    parsed = cell["n"] - cell["unparsed"]
    count, n = {
        "below_chance": (cell["correct"], parsed),
        "constant": (cell["n"], cell["n"]),
        "unparsed": (cell["unparsed"], cell["n"]),
    }[kind]
    return _alarm(kind, cell["task"], [cell["method"]], [cell["run"]], count, n)


def _repeated(study: Study, runs: dict[str, RawRun], hashes: dict[str, str]) -> list[Alarm]:
    """Runs of a task that differ in what they do, but not in their rows file, or not in what they answered."""
    files: dict[tuple[str, str], list[str]] = {}
    answers: dict[tuple[str, str], list[str]] = {}
    for name, run in runs.items():
        content = study.plan["runs"][name]
        recipe = content["spec"]["recipe"]
        # A latency run times another run's answers; without a look at the row, all answers are bound to be the same.
        if recipe["kind"] == "latency" or blind(recipe):
            continue
        files.setdefault((content["task"], hashes[name]), []).append(name)
        if not constant(run.rows):
            answers.setdefault((content["task"], _answers(run.rows)), []).append(name)
    alarms = []
    for (task, _), names in files.items():
        if _different(study, names):
            alarms.append(_among("duplicate_run", study, task, names, runs))
    for (task, _), names in answers.items():
        if _different(study, names) and len({hashes[name] for name in names}) > 1:
            alarms.append(_among("identical_outputs", study, task, names, runs))
    return alarms


def _different(study: Study, names: list[str]) -> bool:
    """Whether runs are meant to differ: more than one specification, the seed of an untrained bridge aside."""
    found = set()
    for name in names:
        spec = dict(study.plan["runs"][name]["spec"])
        if spec["recipe"].get("training", {}).get("steps") == 0:
            spec.pop("seed", None)
        found.add(digest(spec))
    return len(found) > 1


def _answers(rows: list[Row]) -> str:
    found = {row.id: [row.prediction, row.output if row.scores is None else row.scores] for row in rows}
    return digest(found, 64)


def _among(kind: str, study: Study, task: str, names: list[str], runs: dict[str, RawRun]) -> Alarm:
    methods = _once(study.plan["runs"][name]["method"] for name in names)
    return _alarm(kind, task, methods, names, len(names), len(runs[names[0]].rows))


def _overlaps(study: Study, runs: dict[str, RawRun]) -> list[Alarm]:
    """One alarm for each data set that has near-duplicates of test rows in its training rows."""
    found: dict[tuple[str, int, int], list[str]] = {}
    for name, run in runs.items():
        overlap = run.record["inputs"].get("overlap")
        if overlap and overlap["near"]:
            place = (study.plan["runs"][name]["task"], overlap["near"], overlap["test"])
            found.setdefault(place, []).append(name)
    return [_alarm("overlap", task, [], names, near, test) for (task, near, test), names in found.items()]


def _restarted(study: Study, runs: dict[str, RawRun]) -> list[Alarm]:
    """One alarm for each run whose training diverged before it came to an end; its count is that of the restarts."""
    found = []
    for name, run in runs.items():
        if restarts := run.record["resolved"].get("restarts"):
            content = study.plan["runs"][name]
            found.append(
                _alarm("restarted", content["task"], [content["method"]], [name], len(restarts), len(run.rows))
            )
    return found


def _alarm(kind: str, task: str, methods: list[str], names: list[str], count: int, n: int) -> Alarm:
    return {"kind": kind, "task": task, "methods": methods, "runs": names, "count": count, "n": n}


def _once(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
