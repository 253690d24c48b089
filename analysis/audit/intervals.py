"""Confidence intervals as foreign files write them."""

import re
from typing import Any

from analysis.audit import keys
from analysis.audit.numbers import Share, finite
from analysis.statistics import Interval

INTERVAL = {"ci", "ci95", "ci90", "ci99", "interval", "conf", "wilson", "moe", "margin"}
LOW = {"low", "lower", "lo", "min", "left"}
HIGH = {"high", "upper", "hi", "max", "right"}
HALF = {"half", "halfwidth", "width", "margin", "moe", "plus"}
LEVEL = re.compile(r"(?<!\d)(90|95|99)(?!\d)")


def of_dict(content: dict[str, Any], share: Share) -> tuple[Interval, float, str] | None:
    """The interval of an accuracy: ends as fractions, the confidence, and the words of its key.

    Args:
        content: the dict that holds the accuracy.
        share: the accuracy; the ends are read on its scale.
    """
    ends: dict[str, tuple[float, str]] = {}
    for key, value in content.items():
        found = set(keys.words(key))
        if not (found & INTERVAL or keys.plain(key) in ("lower_bound", "upper_bound")) or found & keys.listed(
            "changes"
        ):
            continue
        pair = _pair(value)
        if pair is not None and pair[0] is not None and pair[1] is not None:
            return _scaled(pair[0], pair[1], share), _confidence(content, key), keys.plain(key)
        one = finite(value)
        if one is None or found & {"level", "confidence"}:
            continue
        if found & LOW:
            ends["low"] = (one, key)
        elif found & HIGH:
            ends["high"] = (one, key)
        elif found & HALF and one >= 0:
            return _scaled(share.written - one, share.written + one, share), _confidence(content, key), keys.plain(key)
    if len(ends) == 2:
        low, high = ends["low"], ends["high"]
        return _scaled(low[0], high[0], share), _confidence(content, low[1]), keys.plain(low[1])
    return None


def _pair(value: Any) -> tuple[float | None, float | None] | None:
    if isinstance(value, list) and len(value) == 2:
        return finite(value[0]), finite(value[1])
    if isinstance(value, dict):
        low = [finite(part) for key, part in value.items() if set(keys.words(key)) & LOW]
        high = [finite(part) for key, part in value.items() if set(keys.words(key)) & HIGH]
        if len(low) == 1 and len(high) == 1:
            return low[0], high[0]
    return None


def _scaled(low: float, high: float, share: Share) -> Interval:
    percent = share.percent if share.percent is not None else max(abs(low), abs(high)) > 1.5
    if percent and share.written > 1 and max(abs(low), abs(high)) <= 1:
        percent = False  # a percentage with an interval of fractions
    scale = 0.01 if percent else 1.0
    return Interval(low * scale, high * scale)


def _confidence(content: dict[str, Any], key: str) -> float:
    told = finite(keys.get(content, "confidence"))
    inner = content.get(key)
    if told is None and isinstance(inner, dict):
        told = finite(keys.get(inner, "confidence"))
    if told is not None and 0.5 <= told < 100:
        return told / 100 if told >= 1 else told
    match = LEVEL.search(keys.plain(key))
    return int(match[1]) / 100 if match else 0.95
