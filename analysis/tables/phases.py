"""The series of phases: each phase and variant with its metrics, their controls, its test and its verdict."""

from typing import Any

from analysis import formats
from analysis.series import Entry, entry_id, label
from analysis.study import Study
from analysis.tables._common import Cell, Group, Table, stage, traced

RATES = ("partial_v1", "failed_v1", "partial_v2", "failed_v2", "entities_v10", "entities_v12")
DATA = [
    "phase", "variant", "title", "task", "pair", "seed", "run", "soft_tokens", "layer", "steps", "parameters", "n",
    "accuracy", "low", "high", "control", "difference", "difference_low", "difference_high", "p",
    "entities", "entities_control", *(f"{rate}{part}" for rate in RATES for part in ("", "_control")),
    "distinct", "unparsed", "constant", "below_chance", "losses", "test_metric", "test_against", "test_difference",
    "test_low", "test_high", "test_p", "test_p_holm", "detectable", "verdict", "claims",
]  # fmt: skip


def build(study: Study) -> Table:
    """Groups by task; the CSV holds fractions, unrounded, and an empty field where a quantity does not exist."""
    tasks = dict.fromkeys(entry["task"] for entry in study.entries)
    groups = [
        Group(study.task(task), [_row(study, entry) for entry in study.entries if entry["task"] == task])
        for task in tasks
    ]
    return Table(
        columns=[
            "Phase", "Accuracy", "Control", "Diff.", "Interval", "Entities", "Control", "Distinct", "Det.",
            "Verdict",
        ],
        align="@{}lrrrlrrrrl@{}",
        groups=groups,
        notes=[_notes(study)] if study.entries else [],
        data=[_data(study, entry) for entry in study.entries],
        data_columns=DATA,
        long=True,
    )  # fmt: skip


def losses(entry: Entry) -> str:
    """The last value of each loss term on one line: `lm 0.77; recon_cos 0.05`."""
    terms = sorted(entry["losses"].items(), key=lambda item: (item[0] != "lm", item[0]))
    return "; ".join(f"{term} {'not finite' if value is None else f'{value:.4g}'}" for term, value in terms)


def _row(study: Study, entry: Entry) -> list[Cell]:
    accuracy, entities, test = entry["metrics"]["accuracy"], entry["metrics"].get("entities"), entry["test"]
    name = label(study, entry).replace("repaired", "rep.").replace("recorded", "rec.")
    return [
        entry["phase"] + (f", {name}" if name else ""),
        traced(formats.percent(entry["accuracy"]) + ("‡" if entry["constant"] else ""), entry_id(study, entry)),
        formats.percent(accuracy["control"]),
        traced(formats.points(accuracy["difference"]), entry_id(study, entry)),
        formats.interval(accuracy["low"], accuracy["high"], sign=True),
        formats.percent(entities["own"] if entities else None),
        formats.percent(entities["control"] if entities else None),
        formats.count(entry["distinct"]),
        formats.points(test["detectable"] if test else None, sign=False),
        entry["verdict"],
    ]


def _data(study: Study, entry: Entry) -> list[object]:
    metrics, test = entry["metrics"], entry["test"] or {}
    accuracy, nothing = metrics["accuracy"], dict[str, Any]()
    found: dict[str, Any] = {
        **{key: entry[key] for key in DATA if key in entry and key != "losses"},
        "control": accuracy["control"],
        "difference": accuracy["difference"],
        "difference_low": accuracy["low"],
        "difference_high": accuracy["high"],
        "p": accuracy["p"],
        "losses": losses(entry),
        "claims": _claims(study, entry),
    }
    for rate in ("entities", *RATES):
        found[rate] = metrics.get(rate, nothing).get("own")
        found[f"{rate}_control"] = metrics.get(rate, nothing).get("control")
    for key in ("metric", "against", "difference", "low", "high", "p", "p_holm"):
        found[f"test_{key}"] = test.get(key)
    found["detectable"] = test.get("detectable")
    return ["" if found[key] is None else found[key] for key in DATA]


def _claims(study: Study, entry: Entry) -> str:
    """Reported against rebuilt, for the variant that the reports describe."""
    found = [c for c in study.phases["claims"] if (c["phase"], c["variant"]) == (entry["phase"], entry["variant"])]
    return "; ".join(f"{c['metric']} {c['number']:.4g} / {c['rebuilt']:.4g} {c['result']}" for c in found)


def _notes(study: Study) -> str:
    settings = study.phases["statistics"]
    confidence = formats.latex(formats.percent(settings["confidence"], 0))
    relevance = formats.points(settings["relevance"], sign=False)
    return (
        "Control: the same metric if each item is scored with the outputs of all other items (exact). Diff.: own "
        f"minus control in points, with {confidence} bootstrap interval over items. Entities: share of the item's "
        "numbers, names and things that reach the output. Distinct: different outputs, or predictions on closed label "
        "sets. Rep., rec.: the repaired and the recorded variant. Verdict: of the phase's test, Holm-adjusted over "
        f"{study.phases['family']} tests; smallest effect of "
        f"interest {relevance} points. Det.: smallest effect that the test finds with power "
        f"{formats.latex(formats.percent(settings['power'], 0))} at the family's strictest level. "
        "\\textdaggerdbl{} the same output for every row."
    )


if __name__ == "__main__":
    stage("phases", __doc__, build, phases=True)
