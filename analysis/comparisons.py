"""Raw runs -> accuracies with intervals, groups over seeds, paired comparisons, tests of super-additivity, alarms.

Rows are paired by (id, text hash); runs that were not scored on the same rows are refused. All comparisons of an
experiment with its reference are one Holm family, and those with its null method another. The output also names the
sha256 of every rows file that was read.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import alarms, groups, statistics, superadditivity
from analysis.alarms import constant
from analysis.study import Against, Cell, Comparison, Study, add_inputs, chance, parser, read_study
from telepathy.errors import fail, run_stage
from telepathy.files import digest, file_sha256, write_json
from telepathy.record import RawRun

EXAMPLE = (
    "python -m analysis.comparisons --plan results/quick/plan/overview.json "
    "--out results/quick/statistics/comparisons.json"
)


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments, comparisons=False)
    arguments.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")
    options = arguments.parse_args()
    write_json(options.out, compare(read_study(options.plan, results=options.results)))


@dataclass(frozen=True)
class Archive:
    """The raw runs of a study, each read once, with what is computed from them more than once.

    Attributes:
        settings: statistics section of the plan, with `alpha`.
        runs: raw runs by id.
        pairs: what was found for two runs; several experiments may ask for it.
    """

    settings: dict[str, Any]
    runs: dict[str, RawRun]
    pairs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def draw(self, names: Any) -> np.random.Generator:
        """A generator that depends on the preset's seed and the named runs alone."""
        return np.random.default_rng([self.settings["seed"], int(digest(list(names)), 16)])

    def matrix(self, names: Any) -> NDArray[np.bool_]:
        """Correctness of runs `[runs, n]`, in the row order of the first.

        Raises:
            UserError: the runs were not scored on the same rows.
        """
        first = self.runs[names[0]]
        own = np.array([row.correct for row in first.rows], dtype=bool)
        return np.stack([own, *(pair(first, self.runs[name])[1] for name in names[1:])])


def compare(study: Study) -> dict[str, Any]:
    """All cells, groups, comparisons and alarms of a study.

    Raises:
        UserError: a run is missing or damaged, or two runs to be compared were not scored on the same rows.
    """
    settings = study.plan["statistics"] | {"alpha": _alpha(study.plan["statistics"])}
    read = {run: study.read(run) for run in dict.fromkeys(c["run"] for c in study.plan["cells"])}
    archive = Archive(settings, read)
    hashes = {run: file_sha256(raw.folder / "rows.jsonl.gz") for run, raw in read.items()}
    cells = [_cell(study, cell, archive) for cell in study.plan["cells"]]
    comparisons: list[Comparison] = []
    families = {}
    tested: list[dict[str, Any]] = []
    for experiment in study.experiments:
        content = study.plan["experiments"][experiment]
        own = [cell for cell in cells if cell["experiment"] == experiment]
        family = _family(content, own, "reference", archive)
        families[experiment] = {"size": len(family), "alpha": settings["alpha"]}
        comparisons += family
        if content["null"] is not None:
            family = _family(content, own, "null", archive)
            families[f"{experiment}/null"] = {"size": len(family), "alpha": settings["alpha"]}
            comparisons += family
        tested += superadditivity.tests(experiment, content, own, archive.matrix, archive.draw, settings)
    found = groups.groups(cells, comparisons, archive.matrix, archive.draw, settings)
    return {
        "preset": study.plan["preset"],
        "statistics": settings,
        "cells": cells,
        "groups": found,
        "grids": groups.grids(found, comparisons, {cell["run"]: cell["accuracy"] for cell in cells}, settings),
        "comparisons": comparisons,
        "families": families,
        "superadditivity": tested,
        "alarms": alarms.find(study, cells, read, hashes),
        "rows": {
            run: {"path": f"{study.plan['runs'][run]['folder']}/rows.jsonl.gz", "sha256": hashes[run]} for run in read
        },
    }


def pair(first: RawRun, second: RawRun) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Correctness of two runs on the same rows, each `[n]`, in the first run's order.

    Raises:
        UserError: a row is in one run only, or its text or gold answer differs; the message names the row.
    """
    names = f"{first.folder.name} and {second.folder.name} ({first.folder.parent} and {second.folder.parent})"
    others = {row.id: row for row in second.rows}
    ids = {row.id for row in first.rows}
    alone = next((row.id for row in first.rows if row.id not in others), None)
    alone = alone if alone is not None else next((row.id for row in second.rows if row.id not in ids), None)
    fix = "make both runs again from the same data"
    if alone is not None:
        raise fail(f"runs {names}", f"row {alone} was scored in one of them only", fix)
    for row in first.rows:
        other = others[row.id]
        for what, a, b in (("text", row.text, other.text), ("gold answer", row.gold, other.gold)):
            if a != b:
                raise fail(f"runs {names}", f"row {row.id} has another {what} in each ({a}, {b})", fix)
    return (
        np.array([row.correct for row in first.rows], dtype=bool),
        np.array([others[row.id].correct for row in first.rows], dtype=bool),
    )


def _cell(study: Study, cell: Cell, archive: Archive) -> Cell:
    settings, run = archive.settings, archive.runs[cell["run"]]
    recipe, resolved = study.plan["runs"][cell["run"]]["spec"]["recipe"], run.record["resolved"]
    n, correct = len(run.rows), sum(row.correct for row in run.rows)
    parsed = sum(row.parsed for row in run.rows)
    bounds = statistics.wilson(correct, n, settings["confidence"])
    level = chance(study.plan["tasks"][cell["task"]])
    # Answers that cannot be read count as wrong; they must not make a model look worse than guessing.
    readable = statistics.wilson(correct, parsed, settings["confidence"]) if parsed else None
    below = level is not None and readable is not None and statistics.side(readable, level) == "below"
    made = cell | {
        "n": n,
        "correct": correct,
        "accuracy": correct / n,
        "low": bounds.low,
        "high": bounds.high,
        "unparsed": n - parsed,
        "parsed_accuracy": correct / parsed if parsed else None,
        "constant": constant(run.rows),
        "chance": level,
        "against_chance": None if level is None else statistics.side(bounds, level),
        "below_chance": below,
        "detectable_over_chance": None
        if level is None
        else statistics.detectable_excess(n, level, settings["alpha"], settings["power"]),
        "parameters": resolved.get("parameters"),
        "lr": _lr(recipe, resolved),
    }
    return made | {"alarms": alarms.of_cell(made, recipe)}


def _lr(recipe: dict[str, Any], resolved: dict[str, Any]) -> float | None:
    """The learning rate of a trained run: the one that its search chose, or the given one; else None."""
    training = recipe.get("training")
    if not training or not training["steps"]:
        return None
    return (resolved.get("search") or training)["lr"]


def _family(content: dict[str, Any], cells: list[Cell], against: Against, archive: Archive) -> list[Comparison]:
    """Comparisons of one experiment, Holm-adjusted; a pair of runs that several seeds share counts once.

    Args:
        content: the experiment's entry in the plan.
        cells: its cells.
        against: compare with its `reference` (across pairs: the same method with the first pair) or its `null`.
        archive: the raw runs.
    """
    settings = archive.settings
    places = {_place(cell): cell for cell in cells}
    family: list[Comparison] = []
    seen: set[tuple[str, str]] = set()
    for cell in cells:
        other = places.get(_place(cell, _counterpart(content, cell, against)))
        # A setting's value may be the one that the recipe has anyway: then the run is the reference's own.
        if other is None or other["run"] == cell["run"] or (other["run"], cell["run"]) in seen:
            continue
        seen.add((other["run"], cell["run"]))
        family.append(_comparison(other, cell, against, archive))
    alpha = settings["alpha"]
    for comparison, p in zip(family, statistics.holm([c["p"] for c in family]), strict=True):
        found = p < alpha and comparison["difference"] != 0
        direction = "above" if comparison["difference"] > 0 else "below"
        rate = comparison["discordant"] / comparison["n"]
        comparison |= {
            "p_holm": p,
            "family": len(family),
            "verdict": direction if found else "no evidence",
            "detectable": statistics.detectable_difference(
                comparison["n"], rate, alpha / len(family), settings["power"]
            ),
        }
    return family


def _counterpart(content: dict[str, Any], cell: Cell, against: Against) -> Cell:
    """Where a cell's counterpart stands: what differs from the cell's own place."""
    if against == "reference" and content["across"] == "pairs":
        return {"pair": content["pairs"][0]}
    return {"method": content[against], "setting": None, "trained_on": None}


def _place(cell: Cell, changes: Cell | None = None) -> tuple[Any, ...]:
    place = cell | (changes or {})
    return tuple(place[key] for key in ("task", "method", "pair", "seed", "setting", "trained_on"))


def _comparison(other: Cell, cell: Cell, against: Against, archive: Archive) -> Comparison:
    """The counterpart minus the cell, on paired rows."""
    key = (other["run"], cell["run"])
    if key not in archive.pairs:
        archive.pairs[key] = _difference(*pair(archive.runs[key[0]], archive.runs[key[1]]), archive, key)
    return {
        **{name: cell[name] for name in ("experiment", "task", "pair", "seed", "method", "setting", "trained_on")},
        "against": against,
        "reference": other["method"],
        "reference_pair": other["pair"],
        "runs": list(key),
        **archive.pairs[key],
    }


def _difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], archive: Archive, runs: tuple[str, str]
) -> dict[str, Any]:
    """First minus second, on paired correctness `[n]`; the draws depend on the two runs alone."""
    settings = archive.settings
    table = statistics.paired_table(first, second)
    bounds = statistics.paired_bootstrap(
        first, second, settings["confidence"], settings["resamples"], archive.draw(runs)
    )
    return {
        "n": len(first),
        "difference": (table.b - table.c) / len(first),
        "low": bounds.low,
        "high": bounds.high,
        "b": table.b,
        "c": table.c,
        "discordant": table.discordant,
        "p": statistics.mcnemar(table),
        "effect": statistics.effect_size(first, second),
    }


def _alpha(settings: dict[str, Any]) -> float:
    return round(1 - settings["confidence"], 12)


if __name__ == "__main__":
    run_stage(main)
