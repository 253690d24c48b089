"""Values of what spans several runs: groups over seeds, varied settings, super-additivity, alarms."""

from typing import Any

from analysis import formats
from analysis.alarms import KINDS
from analysis.groups import varied
from analysis.study import Against, Group, Study
from analysis.value import Value

WORDS = {"above": "above", "below": "below", "no evidence": "no evidence of a difference"}


def grid_values(study: Study) -> list[Value]:
    """Values of all groups, varied settings, tests of super-additivity and alarms; the counts exist in every preset."""
    values = []
    for group in study.groups:
        if group["experiment"] != study.series:
            values += _group_values(study, group)
    for grid in study.comparisons["grids"]:
        values += _varied_values(study, grid)
    return [*values, *_super_values(study), *_alarm_values(study)]


def _group_values(study: Study, group: Group) -> list[Value]:
    """Mean over the runs of all seeds, and how many of the seeds' comparisons came out which way."""
    name, where = study.cell_id(group), "analysis.groups.groups"

    def made(key: str, value: Any, text: str, unit: str = "") -> Value:
        return Value(f"{name}.{key}", value, text, unit, where, group["runs"], group["n"])

    def span(key: str, low: float | None, high: float | None, unit: str) -> Value:
        return made(key, [low, high], formats.interval(low, high, sign=unit == "points"), unit)

    values = [
        made("seeds", len(group["seeds"]), formats.count(len(group["seeds"])), "seeds"),
        made("distinct_runs", len(group["runs"]), formats.count(len(group["runs"])), "runs"),
        made("mean", group["accuracy"], formats.percent(group["accuracy"]), "percent"),
        made("sd", group["sd"], formats.points(group["sd"], sign=False), "points"),
        span("mean_interval", group["low"], group["high"], "percent"),
        made("mean_against_chance", group["against_chance"], group["against_chance"] or formats.MISSING),
    ]
    if group["setting"] is not None:
        setting = group["setting"].partition("=")[2]
        values.append(made("setting", setting, setting))
    if group["parameters"] is not None:
        values.append(made("parameters", group["parameters"], formats.count(group["parameters"]), "parameters"))
        text = formats.series([formats.number(lr) for lr in group["lr"]], "or")
        values.append(made("lr", group["lr"], text or "none"))
    if group["difference"] is not None:
        difference = group["difference"]
        values += [
            made("mean_difference", difference, formats.points(difference), "points"),
            made("mean_size", abs(difference), formats.points(abs(difference), sign=False), "points"),
            span("mean_difference_interval", group["difference_low"], group["difference_high"], "points"),
        ]
    against: Against
    for against in ("reference", "null"):
        verdicts = [c["verdict"] for c in study.comparisons_in(group, against)]
        if verdicts:
            counts = {"above": verdicts.count("above"), "below": verdicts.count("below"), "compared": len(verdicts)}
            values += [made(f"{against}_{key}", n, formats.count(n), "comparisons") for key, n in counts.items()]
    return values


def _varied_values(study: Study, grid: dict[str, Any]) -> list[Value]:
    """How far seeds differ, what could be found between two values, and how far the values lie apart."""
    name, where = study.grid_id(grid), "analysis.groups.grids"
    groups = [
        g
        for g in study.groups_of(grid["experiment"], grid["task"])
        if g["pair"] == grid["pair"] and g["setting"] is not None and varied(g["setting"])[0] == grid["key"]
    ]
    runs = list(dict.fromkeys(run for group in groups for run in group["runs"]))
    means = [group["accuracy"] for group in groups]
    best = max(groups, key=lambda group: group["accuracy"])

    def points(key: str, value: float | None) -> Value:
        text = formats.points(value, sign=False)
        return Value(f"{name}.{key}", value, text, "points", where, runs, groups[0]["n"])

    return [
        points("replicate_sd", grid["replicate_sd"]),
        points("detectable", grid["detectable"]),
        points("detectable_rows", grid["detectable_rows"]),
        points("span", max(means) - min(means)),
        Value(f"{name}.replicates", grid["replicates"], formats.count(grid["replicates"]), "runs", where, runs),
        Value(f"{name}.best", varied(best["setting"])[1], varied(best["setting"])[1], "", where, best["runs"]),
        Value(f"{name}.values", len(groups), formats.count(len(groups)), "values", where, runs),
    ]


def _super_values(study: Study) -> list[Value]:
    entries, where = study.comparisons["superadditivity"], "analysis.superadditivity.tests"
    values = []
    for key, found in (
        ("family", entries),
        ("above", [e for e in entries if e["verdict"] == "above"]),
        ("below", [e for e in entries if e["verdict"] == "below"]),
        ("undecided", [e for e in entries if e["verdict"] == "no evidence"]),
    ):
        runs = list(dict.fromkeys(run for entry in found for run in entry["runs"]))
        values.append(Value(f"super.{key}", len(found), formats.count(len(found)), "tests", where, runs))
    for entry in entries:
        name, difference = study.super_id(entry), entry["difference"]
        bounds = [entry["low"], entry["high"]]
        for key, value, text, unit in (
            ("best", entry["best"], study.method(entry["best"]), ""),
            ("best_accuracy", entry["best_accuracy"], formats.percent(entry["best_accuracy"]), "percent"),
            ("accuracy", entry["accuracy"], formats.percent(entry["accuracy"]), "percent"),
            ("difference", difference, formats.points(difference), "points"),
            ("size", abs(difference), formats.points(abs(difference), sign=False), "points"),
            ("interval", bounds, formats.interval(*bounds, sign=True), "points"),
            ("p", entry["p_holm"], formats.p_statement(entry["p_holm"]), ""),
            ("p_raw", entry["p"], formats.p_statement(entry["p"]), ""),
            ("verdict", entry["verdict"], WORDS[entry["verdict"]], ""),
        ):
            values.append(Value(f"{name}.{key}", value, text, unit, where, entry["runs"], entry["n"]))
    return values


def _alarm_values(study: Study) -> list[Value]:
    alarms, where = study.comparisons["alarms"], "analysis.alarms.find"
    values = [Value("alarms.all", len(alarms), formats.count(len(alarms)), "alarms", where)]
    for kind in KINDS:
        found = [alarm for alarm in alarms if alarm["kind"] == kind]
        runs = list(dict.fromkeys(run for alarm in found for run in alarm["runs"]))
        values.append(Value(f"alarms.{kind}", len(found), formats.count(len(found)), "alarms", where, runs))
        if kind in ("unparsed", "overlap"):
            rows = sum(alarm["count"] for alarm in found)
            values.append(Value(f"alarms.{kind}.rows", rows, formats.count(rows), "rows", where, runs))
    return values
