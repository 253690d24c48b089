"""Raw runs -> accuracies with intervals, and paired comparisons with the reference of each experiment.

Rows are paired by (id, text hash); runs that were not scored on the same rows are refused. All comparisons of
an experiment are one Holm family. The output also names the sha256 of every rows file that was read.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import statistics
from analysis.study import Cell, Comparison, Study, add_inputs, chance, parser, read_study
from telepathy.errors import fail, run_stage
from telepathy.files import digest, file_sha256, write_json
from telepathy.record import RawRun, Row

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


def compare(study: Study) -> dict[str, Any]:
    """All cells and comparisons of a study.

    Raises:
        UserError: a run is missing or damaged, or two runs to be compared were not scored on the same rows.
    """
    settings = study.plan["statistics"]
    runs = {run: study.read(run) for run in dict.fromkeys(c["run"] for c in study.plan["cells"])}
    cells = [_cell(study, cell, runs[cell["run"]]) for cell in study.plan["cells"]]
    comparisons: list[Comparison] = []
    families = {}
    for experiment in study.experiments:
        family = _family(study, experiment, runs)
        families[experiment] = {"size": len(family), "alpha": _alpha(settings)}
        comparisons += family
    return {
        "preset": study.plan["preset"],
        "statistics": settings | {"alpha": _alpha(settings)},
        "cells": cells,
        "comparisons": comparisons,
        "families": families,
        "rows": {
            run: {"path": f"{study.plan['runs'][run]['folder']}/rows.jsonl.gz", "sha256": sha}
            for run, sha in ((run, file_sha256(raw.folder / "rows.jsonl.gz")) for run, raw in runs.items())
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


def constant(rows: list[Row]) -> bool:
    """Whether every row got the same answer although the gold answers vary."""
    answers = {row.output if row.output is not None else row.prediction for row in rows}
    return len(answers) == 1 and len({row.gold for row in rows}) > 1


def _cell(study: Study, cell: Cell, run: RawRun) -> Cell:
    settings = study.plan["statistics"]
    n, correct = len(run.rows), sum(row.correct for row in run.rows)
    bounds = statistics.wilson(correct, n, settings["confidence"])
    level = chance(study.plan["tasks"][cell["task"]])
    against = None
    if level is not None:
        against = statistics.side(bounds, level)
    return cell | {
        "n": n,
        "correct": correct,
        "accuracy": correct / n,
        "low": bounds.low,
        "high": bounds.high,
        "unparsed": sum(not row.parsed for row in run.rows),
        "constant": constant(run.rows),
        "chance": level,
        "against_chance": against,
        "below_chance": against == "below",
        "detectable_over_chance": None
        if level is None
        else statistics.detectable_excess(n, level, _alpha(settings), settings["power"]),
    }


def _family(study: Study, experiment: str, runs: dict[str, RawRun]) -> list[Comparison]:
    """Comparisons of one experiment, Holm-adjusted; a pair of runs that several seeds share counts once."""
    reference = study.plan["experiments"][experiment]["reference"]
    settings = study.plan["statistics"]
    cells = [cell for cell in study.plan["cells"] if cell["experiment"] == experiment]
    place = ("task", "pair", "seed")
    references = {tuple(c[k] for k in place): c for c in cells if c["method"] == reference}
    family: list[Comparison] = []
    seen: set[tuple[str, str]] = set()
    for cell in cells:
        against = references.get(tuple(cell[k] for k in place))
        if against is None or cell["method"] == reference or (against["run"], cell["run"]) in seen:
            continue
        seen.add((against["run"], cell["run"]))
        family.append(_comparison(settings, against, cell, *pair(runs[against["run"]], runs[cell["run"]])))
    alpha = _alpha(settings)
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


def _comparison(
    settings: dict[str, Any], against: Cell, cell: Cell, first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> Comparison:
    """Reference minus method, on paired correctness `[n]`; the seed depends on the two runs alone."""
    rng = np.random.default_rng([settings["seed"], int(digest([against["run"], cell["run"]]), 16)])
    table = statistics.paired_table(first, second)
    bounds = statistics.paired_bootstrap(first, second, settings["confidence"], settings["resamples"], rng)
    return {
        **{key: cell[key] for key in ("experiment", "task", "pair", "seed", "method")},
        "reference": against["method"],
        "runs": [against["run"], cell["run"]],
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
