"""Is the reference better than the better one of its parts? An intersection-union test on paired rows.

The reference is super-additive if it beats every part. Testing each part at the full level and taking the largest
p-value keeps that level (Berger 1982, Technometrics 24:295-300), although the best part is known from the same rows.
"""

from typing import Any

import numpy as np

from analysis import statistics
from analysis.groups import Draw, Matrix, Settings
from analysis.study import Cell


def tests(
    experiment: str, content: dict[str, Any], cells: list[Cell], matrix: Matrix, draw: Draw, settings: Settings
) -> list[dict[str, Any]]:
    """One test for each task, pair and seed of an experiment that has `better_of`; a family of their own.

    Seeds that share all runs count once; a task that not all parts can answer has no test.

    Args:
        experiment: its name.
        content: its entry in the plan.
        cells: its cells with their accuracies.
        matrix: correctness of runs on the same rows.
        draw: seeded generators.
        settings: statistics section of the plan, with `alpha`.
    """
    places: dict[tuple[Any, ...], dict[str, Cell]] = {}
    for cell in cells:
        if cell["setting"] is None and cell["trained_on"] is None:
            places.setdefault((cell["task"], cell["pair"], cell["seed"]), {})[cell["method"]] = cell
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for here in places.values():
        wanted = [content["reference"], *content["better_of"]]
        if content["better_of"] and all(method in here for method in wanted):
            runs = tuple(here[method]["run"] for method in wanted)
            if runs not in found:
                found[runs] = _test([here[method] for method in wanted], matrix, draw, settings)
    entries = list(found.values())
    for entry, p in zip(entries, statistics.holm([entry["p"] for entry in entries]), strict=True):
        entry |= {"experiment": experiment, "p_holm": p, "family": len(entries)}
        entry["verdict"] = _verdict(entry, settings["alpha"])
    return entries


def _test(cells: list[Cell], matrix: Matrix, draw: Draw, settings: Settings) -> dict[str, Any]:
    reference, *parts = cells
    runs = [cell["run"] for cell in cells]
    correct = matrix(runs)
    best = max(parts, key=lambda cell: cell["accuracy"])
    bounds = statistics.excess_over_best(
        correct[0], correct[1:], settings["confidence"], settings["resamples"], draw(runs)
    )
    return {
        **{key: reference[key] for key in ("task", "pair", "seed")},
        "reference": reference["method"],
        "parts": [cell["method"] for cell in parts],
        "runs": runs,
        "n": reference["n"],
        "best": best["method"],
        "best_accuracy": best["accuracy"],
        "accuracy": reference["accuracy"],
        "difference": (int(correct[0].sum()) - max(int(one.sum()) for one in correct[1:])) / reference["n"],
        "low": bounds.low,
        "high": bounds.high,
        "p": _union_p(correct),
    }


def _union_p(correct: np.ndarray) -> float:
    """Largest exact McNemar p over the parts (rows 1..); 1 unless the reference (row 0) is above each part."""
    tables = [statistics.paired_table(correct[0], one) for one in correct[1:]]
    if any(table.b <= table.c for table in tables):
        return 1.0
    return max(statistics.mcnemar(table) for table in tables)


def _verdict(entry: dict[str, Any], alpha: float) -> str:
    if entry["p_holm"] < alpha and entry["difference"] > 0:
        return "above"
    if entry["high"] is not None and entry["high"] < 0:
        return "below"
    return "no evidence"
