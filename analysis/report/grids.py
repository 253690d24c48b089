"""What the overview shows of the experiments beside the series: their questions, files, means and alarms."""

from typing import Any

from analysis import formats
from analysis.alarms import KINDS
from analysis.settings import title
from analysis.study import Comparison, Group, Study

Context = dict[str, Any]


def experiment(study: Study, name: str) -> Context:
    """An experiment: its question, the files of its tables and figures, and a row for each mean over seeds."""
    content = study.plan["experiments"][name]
    return {
        "name": name,
        "title": content["title"],
        "question": content["question"],
        "tables": content["tables"],
        "figures": content["figures"],
        "rows": [_row(study, group) for group in study.groups_of(name)],
        "null": study.method(content["null"]) if content["null"] else None,
        "grids": [_grid(study, grid) for grid in study.comparisons["grids"] if grid["experiment"] == name],
        "together": [_together(study, e) for e in study.comparisons["superadditivity"] if e["experiment"] == name],
    }


def alarms(study: Study) -> list[Context]:
    """What automatic checks found, in the order of their kinds."""
    return [
        {
            "kind": KINDS[alarm["kind"]],
            "task": study.task(alarm["task"]),
            "methods": formats.series([study.method(method) for method in alarm["methods"]]),
            "count": f"{formats.count(alarm['count'])} of {formats.count(alarm['n'])}",
            "runs": alarm["runs"],
        }
        for alarm in study.comparisons["alarms"]
    ]


def _row(study: Study, group: Group) -> Context:
    comparisons, null = study.comparisons_in(group), study.comparisons_in(group, "null")
    return {
        "task": study.task(group["task"]),
        "method": study.label(group),
        "seeds": formats.count(len(group["runs"])),
        "n": formats.count(group["n"]),
        "accuracy": formats.percent(group["accuracy"]),
        "sd": formats.points(group["sd"], sign=False),
        "interval": formats.interval(group["low"], group["high"]),
        "chance": formats.percent(group["chance"]),
        "against_chance": group["against_chance"] or "",
        "difference": formats.points(group["difference"]) if comparisons else "",
        "span": formats.interval(group["difference_low"], group["difference_high"], sign=True) if comparisons else "",
        "verdict": _verdict(comparisons),
        "null": _verdict(null),
    }


def _verdict(comparisons: list[Comparison]) -> str:
    """The verdict with the p of one comparison; of several seeds, in how many which was found."""
    if not comparisons:
        return ""
    if len(comparisons) == 1:
        p = formats.p_value(comparisons[0]["p_holm"])
        return f"{comparisons[0]['verdict']} (p {p if p.startswith('<') else '= ' + p})"
    verdicts = [c["verdict"] for c in comparisons]
    found = [f"{word} in {verdicts.count(word)}" for word in ("above", "below", "no evidence") if word in verdicts]
    return f"{', '.join(found)} of {len(verdicts)}"


def _grid(study: Study, grid: dict[str, Any]) -> Context:
    return {
        "place": f"{study.task(grid['task'])}, {title(grid['key'])}",
        "pair": study.pair(grid["pair"]),
        "replicates": formats.count(grid["replicates"]),
        "replicate_sd": formats.points(grid["replicate_sd"], sign=False),
        "detectable": formats.points(grid["detectable"], sign=False),
        "detectable_rows": formats.points(grid["detectable_rows"], sign=False),
    }


def _together(study: Study, entry: dict[str, Any]) -> Context:
    return {
        "task": study.task(entry["task"]),
        "pair": study.pair(entry["pair"]),
        "seed": entry["seed"],
        "best": study.method(entry["best"]),
        "difference": formats.points(entry["difference"]),
        "interval": formats.interval(entry["low"], entry["high"], sign=True),
        "p": formats.p_value(entry["p_holm"]),
        "verdict": entry["verdict"],
    }
