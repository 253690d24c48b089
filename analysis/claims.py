"""Numbers that documents report about the phases, and how they compare with what was rebuilt.

A reported number is a statement to be compared with, never a target. The comparison says whether the setting was
the same at all, and only then whether two numbers agree within their uncertainty.
"""

import difflib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from analysis import statistics
from telepathy.errors import fail

FILE = Path(__file__).resolve().parents[1] / "paper" / "claims.yaml"
SAME, OTHER = "same models and data", "other models and data"
AGREES, DIFFERS, OPEN, ABSENT = "agrees", "differs", "no interval", "not rebuilt here"
PAPER = "paper"
VARIANTS = ("recorded", "plain", "repaired")
"""Whose result a reported number is compared with: the reports describe the recorded variant."""
UNCONTROLLED = ("partial", "failed", "entities")
NO_CONTROL = "Reported without a control: what outputs of other items would have scored was not measured."


class Claim(BaseModel):
    """One reported number. `value` is a fraction's percentage for `unit: percent`, else as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    phase: str
    metric: str
    value: float
    unit: str
    n: int | None = None
    correct: float | None = None
    evidence: Literal["raw", "stated", "contradicted"]
    note: str = ""

    @model_validator(mode="after")
    def _possible(self) -> "Claim":
        if not math.isfinite(self.value):
            raise ValueError("value is not a finite number")
        if self.n is not None and self.n < 1:
            raise ValueError("n is not positive")
        if self.correct is not None and (self.n is None or not 0 <= self.correct <= self.n):
            raise ValueError("correct needs an n that is at least as large")
        if self.unit == "percent" and not 0 <= self.value <= 100:
            raise ValueError("a percentage lies between 0 and 100")
        return self

    @property
    def number(self) -> float:
        """The value as analysis counts it: a fraction for percentages."""
        return self.value / 100 if self.unit == "percent" else self.value

    @property
    def remark(self) -> str:
        """The note, and for rates of shared words that they had no control."""
        missing = NO_CONTROL if self.metric.startswith(UNCONTROLLED) else ""
        return " ".join(filter(None, [self.note, missing]))


@dataclass(frozen=True)
class Rebuilt:
    """A number of this build: the entry's variant, the value, and its interval where it has one."""

    variant: str
    value: float
    low: float | None = None
    high: float | None = None


def load(path: Path = FILE) -> list[Claim]:
    """Read the reported numbers.

    Raises:
        UserError: no such file, not a list, an entry that does not fit, or an id twice; one line each.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail(path, "no such file", "name the file of the reported numbers") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise fail(path, f"not readable as YAML ({error})", "mend it") from None
    if not isinstance(content, dict) or not isinstance(content.get("claims"), list):
        raise fail(path, "no list `claims`", "put the entries under `claims:`")
    found: dict[str, Claim] = {}
    for number, entry in enumerate(content["claims"], start=1):
        name = entry.get("id", f"entry {number}") if isinstance(entry, dict) else f"entry {number}"
        try:
            claim = Claim.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise fail(path, f"{name}: {key + ': ' if key else ''}{message}", "mend the entry") from None
        if claim.id in found:
            raise fail(path, f"{claim.id} stands there twice", "remove one")
        found[claim.id] = claim
    return list(found.values())


def compare(
    plan: dict[str, Any], entries: list[dict[str, Any]], reported: list[Claim], confidence: float
) -> list[dict[str, Any]]:
    """Each reported number beside the rebuilt one, in the order of the file.

    Args:
        plan: content of the plan's overview.
        entries: results of the phases (`analysis.phases`).
        reported: the claims; none are compared if the list is empty.
        confidence: of the intervals.

    Raises:
        UserError: a phase of the plan names a claim that does not exist.
    """
    if reported:
        _check(plan, {claim.id for claim in reported})
    setting = SAME if plan["preset"] == PAPER else OTHER
    return [_compared(claim, rebuilt(claim, entries, confidence), setting, confidence) for claim in reported]


def rebuilt(claim: Claim, entries: list[dict[str, Any]], confidence: float) -> Rebuilt | None:
    """This build's number for a claim; None if the phase or the quantity was not measured here."""
    for variant in VARIANTS:
        for entry in entries:
            if (entry["phase"], entry["variant"]) == (claim.phase, variant):
                found = _value(claim.metric, entry, confidence)
                return None if found is None else Rebuilt(variant, *found)
    return None


def agreement(number: float, own: tuple[float, float] | None, found: Rebuilt) -> str:
    """Whether a reported and a rebuilt number agree.

    Args:
        number: as reported.
        own: its interval, if it has one.
        found: the rebuilt number.

    Returns:
        AGREES if the intervals overlap or, where only one number has an interval, if that holds the other; else
        DIFFERS. OPEN if neither has one.
    """
    if found.low is not None and found.high is not None:
        low, high = own or (number, number)
        return AGREES if found.low <= high and low <= found.high else DIFFERS
    if own is not None:
        return AGREES if own[0] <= found.value <= own[1] else DIFFERS
    return OPEN


def _check(plan: dict[str, Any], known: set[str]) -> None:
    for phase, content in (plan.get("phases") or {}).items():
        for name in content["claims"]:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), 1)
                hint = f"perhaps {close[0]} is meant" if close else "add it there"
                raise fail(f"phases.{phase}.claims", f"{name} is not in paper/claims.yaml", hint)


def _value(metric: str, entry: dict[str, Any], confidence: float) -> tuple[float, float | None, float | None] | None:
    if metric == "accuracy":
        return entry["accuracy"], entry["low"], entry["high"]
    if metric == "distinct":
        return entry["distinct_share"], None, None
    if metric.startswith("loss."):
        value = entry["losses"].get(metric.removeprefix("loss."))
        return None if value is None else (value, None, None)
    if metric.startswith("codes."):
        codes = (entry["diagnostics"] or {}).get("codes") or {}
        value = codes.get(metric.removeprefix("codes."))
        return None if value is None else (value, None, None)
    found = entry["metrics"].get(metric)
    if found is None:
        return None
    if metric.startswith(("partial", "failed")):
        bounds = statistics.wilson(round(found["own"] * entry["n"]), entry["n"], confidence)
        return found["own"], bounds.low, bounds.high
    return found["own"], None, None


def _compared(claim: Claim, found: Rebuilt | None, setting: str, confidence: float) -> dict[str, Any]:
    low = high = None
    if claim.correct is not None and claim.n is not None:
        bounds = statistics.wilson(round(claim.correct), claim.n, confidence)
        low, high = bounds.low, bounds.high
    start = claim.model_dump() | {"number": claim.number, "low": low, "high": high, "remark": claim.remark}
    start["setting"] = setting
    if found is None:
        return start | {"variant": None, "rebuilt": None, "rebuilt_low": None, "rebuilt_high": None, "result": ABSENT}
    # Shares of distinct outputs depend on the number of rows, so no interval says what to expect of another one.
    own = None if low is None or high is None or claim.metric == "distinct" else (low, high)
    result = agreement(claim.number, own, found)
    return start | {
        "variant": found.variant,
        "rebuilt": found.value,
        "rebuilt_low": found.low,
        "rebuilt_high": found.high,
        "result": result,
    }
