"""Lists of examples in foreign files: found by the names of their fields, wherever they stand."""

import math
from typing import Any

from analysis.audit import keys
from analysis.audit.finding import Place
from analysis.audit.model import Example, Examples

FEW = 2
"""Entries of a list that make it one of examples."""
BARE = 5
"""Texts of a bare list of outputs."""
COLUMNS = ("gold", "prediction", "output")


def of_list(place: Place, value: Any) -> Examples | None:
    """A list of dicts as examples; None if they are something else."""
    if not isinstance(value, list) or len(value) < FEW or not all(isinstance(one, dict) for one in value):
        return None
    if sum(_like(one) for one in value) < 0.8 * len(value):
        return None
    rows = [_example(one) for one in value]
    name = place.path[-1] if place.path else ""
    return Examples(place, rows, keys.has(name, "chosen"), any(row.answered for row in rows))


def is_table(value: list[Any]) -> bool:
    """Whether a list has rows that mark at least two methods as right or wrong."""
    if len(value) < BARE or not all(isinstance(one, dict) for one in value):
        return False
    return all(sum(isinstance(part, bool) for part in one.values()) >= 2 for one in value)


def of_columns(place: Place, content: dict[str, Any]) -> Examples | None:
    """Parallel lists of golds and predictions in one dict, or a bare list of output texts."""
    found = {}
    for name in COLUMNS:
        key, value = keys.entry(content, name)
        if isinstance(value, list) and len(value) >= FEW and not any(isinstance(one, (dict, list)) for one in value):
            found[name] = (key, value)
    if "gold" in found and "prediction" in found and found["gold"][0] == found["prediction"][0]:
        del found["gold"]
    if "prediction" in found or "output" in found:
        lengths = {len(value) for _, value in found.values()}
        bare = "gold" not in found
        texts = all(isinstance(one, str) for _, value in found.values() for one in value)
        if len(lengths) == 1 and (not bare or (texts and next(iter(lengths)) >= BARE)):
            size = lengths.pop()
            ids = keys.get(content, "id")
            ids = ids if isinstance(ids, list) and len(ids) == size else None
            rows = [
                _example({name: value[i] for name, (_, value) in found.items()} | ({"id": ids[i]} if ids else {}))
                for i in range(size)
            ]
            return Examples(place, rows)
    return None


def _like(entry: dict[str, Any]) -> bool:
    """Whether a dict looks like an example: an answer and something to know it by."""
    if "accuracy" in {keys.plain(key) for key in entry} or any(keys.plain(key) == "step" for key in entry):
        return False
    there = {name for name in ("gold", "prediction", "output") if _scalar((_first(entry, name) or ("", None))[1])}
    if (predicted := _first(entry, "prediction")) is not None and predicted[1] is None:
        there.add("prediction")  # an answer that could not be read
    known = {name for name in ("id", "input", "text") if _scalar(keys.get(entry, name))}
    if _flag(keys.get(entry, "right")) is not None:
        there.add("right")
    return len(there) >= 2 or (bool(there) and bool(known)) or ("text" in known or "input" in known)


def _example(entry: dict[str, Any]) -> Example:
    output, told, shown = (keys.get(entry, name) for name in ("output", "text", "input"))
    gold, identity, readable = (keys.get(entry, name) for name in ("gold", "id", "readable"))
    right = _flag(keys.get(entry, "right"))
    prediction = _first(entry, "prediction")
    predicted = prediction is not None
    if output is None and told is not None and (shown is not None or (right is not None and not predicted)):
        # `text` is what was written where the question has a field of its own, or where there is nothing else to judge.
        output, told = told, None
    text = shown if _scalar(shown) else told
    answer = norm(prediction[1]) if prediction is not None and _scalar(prediction[1]) else None
    if isinstance(readable, bool) and not readable:
        predicted, answer = True, None
    return Example(
        id=str(identity) if _scalar(identity) else None,
        text=" ".join(str(text).split()).lower() if _scalar(text) else None,
        gold=norm(gold) if _scalar(gold) else None,
        answer=answer,
        output=output if isinstance(output, str) else None,
        right=right,
        predicted=predicted,
        answered=predicted or output is not None or right is not None,
    )


def _first(entry: dict[str, Any], concept: str) -> tuple[str, Any] | None:
    """Key and value of a concept, also where the value is null; `parsed: true` is no answer."""
    found = {keys.plain(key): value for key, value in reversed(entry.items())}
    for name in keys.names(concept):
        if name in found and not (name == "parsed" and isinstance(found[name], bool)):
            return name, found[name]
    return None


def norm(value: Any) -> str | None:
    """An answer as it is compared: lower case, no outer spaces, numbers by value; None if nothing was read."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    text = str(value).strip().lower()
    if text in keys.listed("unread"):
        return None
    try:
        number = float(text.replace(",", "")) if len(text) < 30 else math.nan
    except ValueError:
        return text
    return f"{number:.12g}" if math.isfinite(number) else text


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, (int, float)) and value in (0, 1) else None


def _scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool)) and value is not None
