"""Seconds of a training step for each phase and variant, and its rows' time in units of a plain perceiver's.

The reference is a perceiver of the same task with the same kind of target; batches and soft tokens may differ, so
the ratio is of seconds a row. `benchmarks/phases.py` compares at exactly equal shapes. Volatile: the times come from
training logs and differ between builds and machines. No other result reads this table, and the paper does not
include it.
"""

import math
from statistics import median
from typing import Any

from analysis import formats
from analysis.series import Entry, label
from analysis.study import Study
from analysis.tables._common import Group, Table, stage

DATA = ["phase", "variant", "task", "pair", "seed", "run", "batch", "parameters", "seconds", "ratio", "reference"]


def build(study: Study) -> Table:
    """One row for each trained entry."""
    seconds = {entry["run"]: seconds_per_step(study, entry) for entry in study.entries}
    rows, data = [], []
    for entry in study.entries:
        if entry["kind"] != "bridge":
            continue
        reference = plain_perceiver(study, entry)
        own = seconds[entry["run"]]
        ratio = row_ratio(entry, own, reference, seconds.get(reference["run"]) if reference else None)
        name = label(study, entry)
        rows.append(
            [
                entry["phase"] + (f", {name}" if name else ""),
                study.task(entry["task"]),
                *(formats.MISSING if entry[k] is None else formats.count(entry[k]) for k in ("batch", "parameters")),
                formats.MISSING if own is None else formats.number(own),
                formats.decimal(ratio),
            ]
        )
        found: dict[str, Any] = entry | {"seconds": own, "ratio": ratio}
        found["reference"] = f"{reference['phase']}.{reference['variant']}" if reference else None
        data.append(["" if found[key] is None else found[key] for key in DATA])
    return Table(
        columns=["Phase", "Task", "Rows a step", "Parameters", "Seconds a step", "Ratio"],
        align="@{}llrrrr@{}",
        groups=[Group("", rows)],
        data=data,
        data_columns=DATA,
        long=True,
    )


def seconds_per_step(study: Study, entry: Entry) -> float | None:
    """Median over the logged steps; None without a log."""
    if not entry["batch"]:
        return None
    speeds = [line.get("examples_per_second") for line in study.read(entry["run"]).training]
    found = [entry["batch"] / speed for speed in speeds if speed and math.isfinite(speed) and speed > 0]
    return median(found) if found else None


def row_ratio(entry: Entry, own: float | None, reference: Entry | None, base: float | None) -> float | None:
    """Seconds a row of an entry, over those of its reference; None where one of them is unknown."""
    if not (own and base and reference and entry["batch"] and reference["batch"]):
        return None
    return (own / entry["batch"]) / (base / reference["batch"])


def plain_perceiver(study: Study, entry: Entry) -> Entry | None:
    """The perceiver with the same task and target, the fewest loss terms and no bottleneck; the first of several."""
    found = []
    target = study.plan["runs"][entry["run"]]["spec"]["recipe"].get("target")
    for other in study.entries:
        recipe = study.plan["runs"][other["run"]]["spec"]["recipe"]
        same = (other["task"], other["pair"]) == (entry["task"], entry["pair"]) and recipe.get("target") == target
        if same and other["kind"] == "bridge" and recipe["body"]["kind"] == "perceiver":
            found.append((bool(recipe.get("bottleneck")), other["variant"] == "recorded", len(other["losses"]), other))
    return min(found, key=lambda one: one[:3])[3] if found else None


if __name__ == "__main__":
    stage("speed", __doc__, build, phases=True)
