"""What the overview shows of the experiments beside the series: their questions, files, means and alarms."""

from collections.abc import Collection
from typing import Any

from markupsafe import Markup

from analysis import formats
from analysis.alarms import KINDS
from analysis.report.links import Links
from analysis.settings import title
from analysis.study import Comparison, Group

Context = dict[str, Any]


def experiment(links: Links, name: str, built: Collection[str]) -> Context:
    """An experiment: its question, its tables and figures that are among the built, a row for each mean over seeds."""
    study = links.study
    content = study.plan["experiments"][name]
    return {
        "name": name,
        "title": content["title"],
        "question": content["question"],
        "tables": [file for file in content["tables"] if f"tables/{file}" in built],
        "figures": [file for file in content["figures"] if f"figures/{file}" in built],
        "rows": [_row(links, group) for group in study.groups_of(name)],
        "null": study.method(content["null"]) if content["null"] else None,
        "grids": [_grid(links, grid) for grid in study.comparisons["grids"] if grid["experiment"] == name],
        "together": [_together(links, e) for e in study.comparisons["superadditivity"] if e["experiment"] == name],
    }


def alarms(links: Links) -> list[Context]:
    """What automatic checks found, in the order of their kinds."""
    study = links.study
    return [
        {
            "kind": KINDS[alarm["kind"]],
            "task": study.task(alarm["task"]),
            "methods": formats.series([study.method(method) for method in alarm["methods"]]),
            "count": f"{formats.count(alarm['count'])} of {formats.count(alarm['n'])}",
            "runs": links.runs(alarm["runs"]),
            "number": len(alarm["runs"]),
        }
        for alarm in study.comparisons["alarms"]
    ]


def _row(links: Links, group: Group) -> Context:
    study, name = links.study, links.study.cell_id(group)
    comparisons, null = study.comparisons_in(group), study.comparisons_in(group, "null")
    shown = {
        "distinct_runs": formats.count(len(group["runs"])),
        "n": formats.count(group["n"]),
        "mean": formats.percent(group["accuracy"]),
        "sd": formats.points(group["sd"], sign=False),
        "mean_interval": formats.interval(group["low"], group["high"]),
        "chance": formats.percent(group["chance"]),
        "mean_against_chance": group["against_chance"] or "",
        "mean_difference": formats.points(group["difference"]) if comparisons else "",
        "mean_difference_interval": formats.interval(group["difference_low"], group["difference_high"], sign=True)
        if comparisons
        else "",
    }
    return {key: links.value(f"{name}.{key}", text) for key, text in shown.items()} | {
        "task": study.task(group["task"]),
        "method": study.label(group),
        "verdict": _verdict(links, comparisons),
        "null": _verdict(links, null),
    }


def _verdict(links: Links, comparisons: list[Comparison]) -> str:
    """The verdict with the p of one comparison; of several seeds, in how many which was found."""
    if not comparisons:
        return ""
    if len(comparisons) == 1:
        (c,) = comparisons
        p = links.value(f"{links.study.comparison_id(c)}.p", formats.p_statement(c["p_holm"]))
        return Markup("{} ({})").format(c["verdict"], p)
    verdicts = [c["verdict"] for c in comparisons]
    found = [f"{word} in {verdicts.count(word)}" for word in ("above", "below", "no evidence") if word in verdicts]
    return f"{', '.join(found)} of {len(verdicts)}"


def _grid(links: Links, grid: dict[str, Any]) -> Context:
    study, name = links.study, links.study.grid_id(grid)
    shown = {
        "replicates": formats.count(grid["replicates"]),
        "replicate_sd": formats.points(grid["replicate_sd"], sign=False),
        "detectable": formats.points(grid["detectable"], sign=False),
        "detectable_rows": formats.points(grid["detectable_rows"], sign=False),
    }
    return {key: links.value(f"{name}.{key}", text) for key, text in shown.items()} | {
        "place": f"{study.task(grid['task'])}, {title(grid['key'])}",
        "pair": study.pair(grid["pair"]),
    }


def _together(links: Links, entry: dict[str, Any]) -> Context:
    study, name = links.study, links.study.super_id(entry)
    shown = {
        "difference": formats.points(entry["difference"]),
        "interval": formats.interval(entry["low"], entry["high"], sign=True),
        "p": formats.p_value(entry["p_holm"]),
    }
    return {key: links.value(f"{name}.{key}", text) for key, text in shown.items()} | {
        "task": study.task(entry["task"]),
        "pair": study.pair(entry["pair"]),
        "seed": entry["seed"],
        "best": links.value(f"{name}.best", study.method(entry["best"])),
        "verdict": entry["verdict"],
    }
