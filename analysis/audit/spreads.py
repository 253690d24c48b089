"""Means and deviations over seeds in foreign files."""

from typing import Any

from analysis.audit import keys
from analysis.audit.finding import Place
from analysis.audit.model import Spread
from analysis.audit.naming import Named
from analysis.audit.numbers import count, finite, half_step, numbers, share

OTHER = {"latency", "time", "ms", "loss", "losses", "memory", "throughput", "tokens", "length", "seconds", "f1", "bleu"}
OTHER |= {"perplexity", "ppl", "rouge", "norm", "reward", "size", "rms", "entropy", "similarity", "cosine", "speedup"}
"""Words of keys whose mean is no accuracy."""


def of_dict(place: Place, content: dict[str, Any], named: Named, seeds: int | None) -> list[Spread]:
    """All pairs of mean and deviation in a dict, by what they are of; a list of values may stand beside them.

    Args:
        place: of the dict.
        content: the dict.
        named: method and task.
        seeds: their number, if a dict above says it.
    """
    stems: dict[str, dict[str, Any]] = {}
    for key, value in content.items():
        parts = keys.plain(key).split("_")
        for kind in ("mean", "deviation"):
            if any(part in keys.names(kind) for part in parts) and finite(value) is not None:
                stem = "_".join(
                    part for part in parts if part not in keys.names(kind) and part not in ("pct", "percent")
                )
                stems.setdefault(stem, {}).setdefault(kind, value)
    own = count(keys.get(content, "seed_count"))
    told = keys.get(content, "seeds")
    if own is None and isinstance(told, list):
        own = len(told)
    upper = keys.plain(place.path[-1]) if place.path else ""
    found = []
    for stem, parts in stems.items():
        accuracy = _accuracy(stem) or (not stem and not OTHER & set(keys.words(upper)))
        values = _values(content, stem or ("accuracy" if accuracy else ""), told)
        mean = parts.get("mean")
        if mean is None and (accuracy or not stem) and "deviation" in parts:
            mean = keys.get(content, "accuracy")
            accuracy = accuracy or finite(mean) is not None
        number, deviation = finite(mean), finite(parts.get("deviation"))
        if number is None and deviation is None:
            continue
        step = (half_step(mean) if number is not None else 0.0, half_step(parts.get("deviation", 0)))
        known = own if own is not None else len(values) or seeds
        found.append(
            Spread(place, named.method, named.task, number, deviation, tuple(values), known or None, step, accuracy)
        )
    return found


def _accuracy(stem: str) -> bool:
    return stem in keys.names("accuracy") or stem.endswith(("_accuracy", "_acc"))


def _values(content: dict[str, Any], stem: str, seeds: Any) -> list[float]:
    """The list of values that a mean is of; empty if none stands beside it."""
    for key, value in content.items():
        name = keys.plain(key)
        if value is seeds and isinstance(value, list):
            continue
        general = name in keys.names("values") and (not stem or _accuracy(stem))
        if not (general or (stem and name in (f"{stem}s", f"{stem}_values", f"{stem}_list", f"{stem}_per_seed"))):
            continue
        found = numbers(value) or _of_runs(value)
        if found is not None and len(found) >= 2:
            return found
    return []


def _of_runs(value: Any) -> list[float] | None:
    """Accuracies of a list (or dict by seed) of runs; each has to have one, on the same scale."""
    runs = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(runs, list) or not runs or not all(isinstance(run, dict) for run in runs):
        return None
    if len({str(keys.get(run, "seed")) for run in runs}) < len(runs) and isinstance(value, list):
        return None
    read = [share(keys.get(run, "accuracy")) for run in runs]
    return None if any(one is None for one in read) else [one.written for one in read if one is not None]
