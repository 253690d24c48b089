"""Numbers that a text reports, for comparison with the files of a folder."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from analysis.audit import keys
from analysis.audit.finding import Place
from analysis.audit.foreign import is_settings
from analysis.audit.model import Audit, Claim
from analysis.audit.numbers import count, finite, half_step
from telepathy.errors import fail

PERCENT = {"percent", "%", "pct", "percentage", "points", "percentage points"}
STEPS = re.compile(r"[.\[\]/]+")
UNTOLD = ("seed", "seeds", "seed_count", "n", "batch", "classes", "id")
"""Concepts whose numbers no text reports as a result."""


@dataclass(frozen=True)
class Number:
    """A number of a file, with the n that stands beside it."""

    place: Place
    value: float
    n: int | None


def load(path: Path) -> list[Claim]:
    """Read a file of claims: `{claims: [{id, value, unit, file?, key?, n?}]}`; other fields are let through.

    Raises:
        UserError: no such file, not readable, or an entry without id and value.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail(path, "no such file", "name the file of the reported numbers") from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise fail(path, f"not readable as YAML ({error})", "mend it") from None
    entries = content.get("claims") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise fail(path, "no list `claims`", "put the entries under `claims:`")
    found: dict[str, Claim] = {}
    for number, entry in enumerate(entries, start=1):
        name = str(entry.get("id", f"entry {number}")) if isinstance(entry, dict) else f"entry {number}"
        value = finite(entry.get("value")) if isinstance(entry, dict) else None
        if value is None or "id" not in entry:
            raise fail(path, f"{name}: needs an id and a value that is a finite number", "mend the entry")
        if name in found:
            raise fail(path, f"{name} stands there twice", "remove one")
        unit = str(entry.get("unit", "")).lower()
        percent = unit in PERCENT or (isinstance(entry["value"], str) and "%" in entry["value"])
        texts = {key: str(entry[key]) if entry.get(key) is not None else None for key in ("file", "key")}
        n, correct, stated = count(entry.get("n")), finite(entry.get("correct")), entry.get("evidence") == "stated"
        step = half_step(entry["value"])
        found[name] = Claim(name, value, step, percent, n, correct, texts["file"], texts["key"], stated)
    return list(found.values())


def numbers(audit: Audit) -> list[Number]:
    """All numbers of a folder that a text could report."""
    found = []
    for document in audit.documents:
        found += _below(Place(document.file), document.content, None, 0)
    for one in audit.results:
        # Raw runs are no documents; and counts give an accuracy that may stand nowhere.
        if one.accuracy is not None and not any(one.place.file == document.file for document in audit.documents):
            found.append(Number(one.place / "accuracy", one.accuracy.value, one.n))
        if one.correct is not None and one.n:
            found.append(Number(one.place, one.correct / one.n, one.n))
    return found


def _below(place: Place, value: Any, n: int | None, depth: int) -> Iterator[Number]:
    if depth > 60:
        return
    if isinstance(value, dict):
        names = {name for concept in UNTOLD for name in keys.names(concept)}
        if any(keys.plain(key) in ("step", "epoch", "iteration") for key in value) and place.path[-1:]:
            return
        n = count(keys.get(value, "n")) or n
        for key, part in value.items():
            if not is_settings(key) and not (keys.plain(key) in names and not isinstance(part, (dict, list))):
                yield from _below(place / key, part, n, depth + 1)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _below(place / number, part, n, depth + 1)
    elif (found := finite(value)) is not None:
        yield Number(place, found, n)


def matches(claim: Claim, value: float) -> bool:
    """Whether a file's number is the claimed one, as far as its digits tell; percentages and fractions match."""
    readings = [(value, claim.value, claim.step)]
    if claim.percent:
        readings.append((value * 100, claim.value, claim.step))
    elif 0 <= claim.value <= 1:
        readings.append((value / 100, claim.value, claim.step))
    return any(abs(a - b) <= step * 1.02 + 1e-9 * max(1.0, abs(b)) for a, b, step in readings)


def at(audit: Audit, claim: Claim) -> tuple[bool, Number | None]:
    """Whether the claim's file is there, and the number at its key."""
    document = next((one for one in audit.documents if same_file(one.file, claim.file or "")), None)
    if document is None:
        return False, None
    value, n, place = document.content, None, Place(document.file)
    for step in (part for part in STEPS.split(claim.key or "") if part):
        if isinstance(value, dict):
            n = count(keys.get(value, "n")) or n
            value = value.get(step)
        elif isinstance(value, list) and step.lstrip("-").isdigit() and abs(int(step)) < len(value):
            value = value[int(step)]
        else:
            value = None
        place = place / step
    if isinstance(value, dict):
        n = count(keys.get(value, "n")) or n
        value = keys.get(value, "accuracy")
    number = finite(value)
    return True, None if number is None else Number(place, number, n)


def same_file(file: str, wanted: str) -> bool:
    """Whether a claim's file is a document's; it may be named from further up."""
    wanted = wanted.removeprefix("./").replace("\\", "/")
    return file == wanted or wanted.endswith("/" + file) or file.endswith("/" + wanted)
