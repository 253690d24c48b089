"""Speed in foreign files, in seconds and rows a second."""

from typing import Any

from analysis.audit import keys
from analysis.audit.finding import Place
from analysis.audit.model import Timing
from analysis.audit.numbers import count, finite

UNITS = {"ms": 1e-3, "millis": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "s": 1.0, "sec": 1.0, "secs": 1.0}
UNITS |= {"second": 1.0, "seconds": 1.0}
MEANS = {"mean", "avg", "average", "total"}


def of_dict(place: Place, content: dict[str, Any], samples: int | None) -> list[Timing]:
    """The timing of a dict with at least two of throughput, time of a row, and time in all.

    Args:
        place: of the dict.
        content: the dict.
        samples: number of rows, if a dict above says it.
    """
    throughput = None
    for key, value in content.items():
        plain = keys.plain(key)
        if (plain in keys.names("throughput") or plain.startswith("throughput_")) and "token" not in plain:
            throughput = finite(value) if throughput is None and "tokens" not in plain else throughput
    key, value = keys.entry(content, "latency")
    if isinstance(value, dict):
        means = [(f"{key}_{name}", part) for name, part in value.items() if set(keys.words(name)) & MEANS]
        key, value = means[0] if means else ("", None)
    latency = _seconds(key, value, bare=None)
    wall = _seconds(*keys.entry(content, "wall"), bare=1.0)
    if sum(one is not None and one > 0 for one in (throughput, latency, wall)) < 2:
        return []
    n = count(keys.get(content, "n"))
    batch = count(keys.get(content, "batch"))
    return [Timing(place, throughput, latency, wall, n if n else samples, batch)]


def _seconds(key: str, value: Any, bare: float | None) -> float | None:
    """Seconds of a key such as `latency_ms`; None if the unit is not said and has no default."""
    number = finite(value)
    if number is None or number <= 0:
        return None
    scale = next((UNITS[word] for word in keys.plain(key).split("_") if word in UNITS), bare)
    return None if scale is None else number * scale
