"""What this build says about each number that the documents report.

A number is judged only where preset `paper` ran the models and data that it was measured with. Elsewhere the value of
a stand-in is shown beside it and judges nothing. That documents contradict each other needs no build.
"""

from dataclasses import dataclass
from typing import Any

from analysis import claims, statistics
from analysis.claims import ABSENT, AGREES, DIFFERS, OPEN, OTHER, PAPER, SAME, Rebuilt
from analysis.documents import Ledger, Number, Rebuild
from analysis.series import entry_id
from analysis.study import Group, Study

CONTRADICTORY = "documents contradict each other"
VERDICTS = (AGREES, DIFFERS, OPEN, CONTRADICTORY, ABSENT)


@dataclass(frozen=True)
class Judged:
    """A reported number with what this build has beside it.

    Attributes:
        number: as reported.
        own: its interval, a fraction for percentages: as printed, or Wilson's for its rows; None without either.
        found: the rebuilt number, with its interval, in the unit `unit`; None if this build has none.
        unit: percent, pp, or that of the reported number. Fractions in analysis for the first two.
        cell: id of the values that `found` is taken from (`analysis.values`).
        setting: whether `found` has the models and data of the number; None without it.
        verdict: one of VERDICTS.
    """

    number: Number
    own: tuple[float, float] | None
    found: Rebuilt | None
    unit: str
    cell: str | None
    setting: str | None
    verdict: str


def judge(study: Study, ledger: Ledger) -> list[Judged]:
    """Every number of the ledger, in its order; the series of phases comes first where a grid has it too."""
    confidence = study.comparisons["statistics"]["confidence"]
    phases = {claim["id"]: claim for claim in study.phases.get("claims", [])}
    cells = {name: rebuild for rebuild in ledger.rebuilds for name in rebuild.claims}
    judged = []
    for number in ledger.numbers:
        own = interval(number, confidence)
        contradictory = number.id in ledger.contradictory
        claim = phases.get(number.id)
        if claim is not None and claim["rebuilt"] is not None:
            judged.append(_phase(study, number, own, claim, contradictory))
        elif (rebuild := cells.get(number.id)) is not None:
            judged.append(_grid(study, number, own, rebuild, contradictory))
        else:
            judged.append(Judged(number, own, None, number.unit, None, None, _without(contradictory)))
    return judged


def interval(number: Number, confidence: float) -> tuple[float, float] | None:
    """The printed interval of a number, or Wilson's for an accuracy on `n` rows; None without either.

    A mean over seeds has none: its spread is over trainings, and its rows are not independent.
    """
    printed = number.uncertainty
    if printed is not None and printed.low is not None and printed.high is not None:
        return printed.low / number.scale, printed.high / number.scale
    counted = number.metric.endswith(("accuracy", "_rate", "_transfer", "exact_match"))
    if number.n is None or number.number is None or number.unit != "percent" or not counted:
        return None
    hits = number.correct if number.correct is not None else number.number * number.n
    bounds = statistics.wilson(round(hits), number.n, confidence)
    return (bounds.low, bounds.high) if bounds.low is not None and bounds.high is not None else None


def stand_ins(study: Study) -> dict[str, str]:
    """The research's task -> the task of this preset that stands for it, where that is another one."""
    phases = (study.plan.get("phases") or {}).values()
    roles = {content["role"]: content["task"] for content in phases if "role" in content}
    return {role: task for role, task in roles.items() if role != task}


def cell_of(study: Study, rebuild: Rebuild) -> Group | None:
    """The group of this build that a mapping names, on its task or on the one that stands for it."""
    task = rebuild.task if rebuild.task in study.plan["tasks"] else stand_ins(study).get(rebuild.task)
    for group in study.groups:
        place = (group["experiment"], group["task"], group["method"], group["setting"], group["trained_on"])
        wanted = (rebuild.experiment, task, rebuild.method, rebuild.setting, None)
        if place == wanted and _relation(study, group["pair"]) == rebuild.pair:
            return group
    return None


def _relation(study: Study, pair: str) -> str | None:
    """What a pair is to the pair of the abstract."""
    lead, own = study.plan["pairs"][study.main_pair], study.plan["pairs"][pair]
    sender, receiver = lead["sender"], lead["receiver"]
    relations = {
        (sender, receiver): "leading",
        (receiver, sender): "reverse",
        (sender, sender): "sender_twice",
        (receiver, receiver): "receiver_twice",
    }
    # A pair of a model with itself is all of these; the abstract's pair is the leading one.
    return "leading" if own == lead else relations.get((own["sender"], own["receiver"]))


def _phase(
    study: Study, number: Number, own: tuple[float, float] | None, claim: dict[str, Any], contradictory: bool
) -> Judged:
    found = Rebuilt(claim["variant"], claim["rebuilt"], claim["rebuilt_low"], claim["rebuilt_high"])
    verdict = claim["result"] if claim["setting"] == SAME else _without(contradictory)
    entry = next(e for e in study.entries if (e["phase"], e["variant"]) == (claim["phase"], claim["variant"]))
    cell = entry_id(study, entry)
    return Judged(number, own, found, claim["unit"], cell, claim["setting"], verdict)


def _grid(
    study: Study, number: Number, own: tuple[float, float] | None, rebuild: Rebuild, contradictory: bool
) -> Judged:
    group = cell_of(study, rebuild)
    difference = rebuild.quantity == "difference"
    value = None if group is None else group["difference" if difference else "accuracy"]
    if group is None or value is None:
        return Judged(number, own, None, number.unit, None, None, _without(contradictory))
    ends = ("difference_low", "difference_high") if difference else ("low", "high")
    found = Rebuilt(group["method"], value, *(group[end] for end in ends))
    same = study.plan["preset"] == PAPER and group["task"] == rebuild.task and rebuild.same
    verdict = _without(contradictory)
    if same and number.number is not None:
        verdict = claims.agreement(number.number, own, found)
    unit = "pp" if difference else "percent"
    return Judged(number, own, found, unit, study.cell_id(group), SAME if same else OTHER, verdict)


def _without(contradictory: bool) -> str:
    """The verdict on a number that this build does not judge."""
    return CONTRADICTORY if contradictory else ABSENT
