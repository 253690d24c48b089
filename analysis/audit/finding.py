"""What an audit finds, and how a rule says it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.audit.model import Audit

LONGEST = 160
"""Characters of a text that a finding shows."""


class Severity(IntEnum):
    """How bad a finding is.

    An error cannot be true as it stands, or gives a conclusion that cannot be drawn. A warning may have a good reason
    that the files do not show. A note is only for information.
    """

    NOTE = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """Such as `error`."""
        return self.name.lower()


@dataclass(frozen=True)
class Place:
    """Where something stands: a file of the audited folder, and the keys that lead to it."""

    file: str
    path: tuple[str, ...] = ()

    def __truediv__(self, key: object) -> "Place":
        return Place(self.file, (*self.path, str(key)))

    def __str__(self) -> str:
        return f"{self.file}:{'.'.join(self.path)}" if self.path else self.file

    @property
    def parent(self) -> "Place":
        """The place one key up."""
        return Place(self.file, self.path[:-1])


@dataclass(frozen=True)
class Hit:
    """One occurrence: a sentence, its numbers, and a severity where it is not the rule's own."""

    place: Place
    what: str
    evidence: dict[str, Any] = field(default_factory=dict)
    severity: Severity | None = None


@dataclass(frozen=True)
class Rule:
    """A kind of finding: `find` yields its occurrences."""

    kind: str
    severity: Severity
    advice: str
    find: Callable[["Audit"], Iterable[Hit]]


@dataclass(frozen=True)
class Finding:
    """A hit of a rule, ready to be shown; all values fit into JSON and into any terminal."""

    kind: str
    severity: Severity
    file: str
    path: str
    what: str
    advice: str
    evidence: dict[str, Any]

    @property
    def where(self) -> str:
        """`file:path.inside`."""
        return f"{self.file}:{self.path}" if self.path else self.file

    def json(self) -> dict[str, Any]:
        """As `--json` writes it."""
        return {
            "kind": self.kind,
            "severity": self.severity.word,
            "file": self.file,
            "path": self.path,
            "what": self.what,
            "advice": self.advice,
            "evidence": self.evidence,
        }


def rule(kind: str, severity: Severity, advice: str) -> Callable[[Callable[["Audit"], Iterator[Hit]]], Rule]:
    """Make a rule of a function that yields its hits.

    Args:
        kind: name of the kind, such as `n_mismatch`.
        severity: where a hit has none of its own.
        advice: one sentence: why it matters, and what to do.
    """
    return lambda find: Rule(kind, severity, advice, find)


def findings(audit: "Audit", rules: Iterable[Rule]) -> list[Finding]:
    """All findings: the worst first, then by kind and place; the same one is not said twice."""
    found = {}
    for each in rules:
        for hit in each.find(audit):
            severity = each.severity if hit.severity is None else hit.severity
            path = shown(".".join(hit.place.path))
            evidence = {shown(key): plain(value) for key, value in hit.evidence.items()}
            one = Finding(each.kind, severity, shown(hit.place.file), path, shown(hit.what, 400), each.advice, evidence)
            found.setdefault((one.kind, one.where, one.what), one)
    return sorted(found.values(), key=lambda one: (-one.severity, one.kind, one.where, one.what))


def plain(value: Any) -> Any:
    """A value of the evidence as JSON can hold it: short, finite, few digits."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else f"{float(value):.6g}" if abs(value) < 10**300 else "beyond 1e300"
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {shown(str(key)): plain(part) for key, part in list(value.items())[:12]}
    if isinstance(value, (list, tuple, set)):
        return [plain(part) for part in list(value)[:12]]
    return shown(str(value))


def shown(text: str, longest: int = LONGEST) -> str:
    """A text that every terminal and encoding can show: no control characters, no half characters, not too long."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    clean = "".join(char if char.isprintable() else " " for char in whole)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
