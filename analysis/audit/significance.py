"""Tests of significance and effect sizes in foreign files."""

import re
from typing import Any

from analysis.audit import keys
from analysis.audit.finding import Place
from analysis.audit.model import Test
from analysis.audit.numbers import count, finite, number, numbers

AGAINST = re.compile(r"_(?:vs|versus|against|minus)_")
P_WORDS = {"pvalue", "pval", "pvalues", "pvals"}
P_BEFORE = {
    "mcnemar",
    "bootstrap",
    "permutation",
    "ttest",
    "test",
    "t",
    "wilcoxon",
    "binomial",
    "welch",
    "raw",
    "exact",
}
P_BEFORE |= {"student", "uncorrected", "unadjusted", "adjusted", "corrected", "holm", "bonferroni", "fdr", "bh", "mwu"}
NO_P = {"top", "min", "typical", "nucleus", "dropout", "drop", "mask"}
SIDES = ("method_a", "method_b", "a", "b", "first", "second", "method1", "method2", "group1", "group2", "baseline")
SIDES += ("reference", "treatment", "control", "compared_to", "model_a", "model_b", "system_a", "system_b", "other")


def of_dict(place: Place, content: dict[str, Any], seeds: int | None, correction: str | None) -> list[Test]:
    """The tests of a dict: one for each raw p-value, or one for flags and effects without any.

    Args:
        place: of the dict.
        content: the dict.
        seeds: number of seeds, if a dict above says it.
        correction: what a dict above says about correction.
    """
    raw: list[tuple[Place, float, str]] = []
    corrected: list[tuple[Place, float, str]] = []
    flags: dict[bool, bool] = {}
    effects: list[float] = []
    loose: list[float] = []  # a bare `d` may be anything, unless a test stands beside it
    for key, value in content.items():
        found = set(keys.words(key))
        fixed = bool(found & set(keys.names("corrected")))
        if is_p(key):
            several = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else None
            for name, one in ({"": value} if several is None else several).items():
                if (p := number(one)) is not None:
                    at = place / key if several is None else place / key / name
                    (corrected if fixed else raw).append((at, p, str(name)))
        elif isinstance(value, bool) and found & set(keys.names("significant")):
            flags[fixed] = flags.get(fixed, False) or value
        elif keys.plain(key) in keys.names("effect") or found & {"cohen", "cohens", "hedges"}:
            effect = None if found & {"ci", "low", "high", "abs"} else number(value)
            if effect is not None:
                (loose if keys.plain(key) in ("d", "effect") else effects).append(effect)
    if raw or corrected or flags or isinstance(keys.get(content, "test"), str):
        effects += loose
    if not (raw or corrected or flags or effects):
        return []
    told = keys.get(content, "correction")
    own = "" if told is None or told is False else str(told).lower()
    named = keys.get(content, "test")
    texts = (*place.path[-3:], *content, named if isinstance(named, str) else "")
    words = {word for text in texts for word in (*keys.words(text), *keys.words(text.lower()))}
    sides = _sides(content)
    known = _seeds(content, sides)
    shared: dict[str, Any] = {
        "correction": own or correction,
        "kind": frozenset(words),
        "seeds": known if known is not None else seeds,
        "methods": _methods(place, content),
        "sides": sides,
        "zero_spread": _zero(content, sides),
    }
    by_name = {name: p for _, p, name in corrected}
    tests = []
    for at, p, name in raw or [(place, None, "")]:
        fixed_p = by_name.get(name, corrected[0][1] if len(corrected) == 1 and len(raw) < 2 else None)
        effect = effects[0] if effects and not tests else None
        tests.append(Test(at, p, fixed_p, flags.get(False), flags.get(True), effect=effect, **shared))
    tests += [Test(place, None, None, None, None, effect=effect, **shared) for effect in effects[1:]]
    if not raw:
        tests += [Test(at, None, p, None, None, effect=None, **shared) for at, p, _ in corrected[1:]]
    return tests


def is_p(key: str) -> bool:
    """Whether a key names a p-value."""
    parts = keys.plain(key).split("_")
    if parts[0] in NO_P:
        return False
    if set(parts) & P_WORDS or any(parts[i : i + 2] in (["p", "value"], ["p", "val"]) for i in range(len(parts))):
        return True
    if any(parts[i : i + 2] in (["p", "values"], ["p", "vals"]) for i in range(len(parts))):
        return True
    words = set(parts) - {"p"}
    return "p" in parts and (not words or words <= P_BEFORE)


def _methods(place: Place, content: dict[str, Any]) -> tuple[str, ...]:
    plain = {keys.plain(key): value for key, value in content.items()}
    told = [keys.plain(plain[side]) for side in SIDES if isinstance(plain.get(side), str)]
    if len(told) >= 2:
        return tuple(told[:2])
    texts = [value for key, value in plain.items() if key in ("comparison", "name", "pair", "contrast", "test")]
    texts += list(reversed(place.path[-3:]))
    for text in texts:
        if isinstance(text, str) and len(parts := AGAINST.split(keys.plain(text))) == 2:
            return parts[0], parts[1]
    return tuple(told)


def _sides(content: dict[str, Any]) -> tuple[tuple[float, ...], ...]:
    """Two lists of values that a test compares."""
    found = []
    for key, value in content.items():
        words = set(keys.words(key))
        if isinstance(value, list) and not is_p(key) and not words & {"ci", "ci95", "interval", "seeds", "bounds"}:
            values = numbers(value)
            if values is not None and len(values) >= 2:
                found.append(tuple(values))
    return tuple(found) if len(found) == 2 else ()


def _seeds(content: dict[str, Any], sides: tuple[tuple[float, ...], ...]) -> int | None:
    told = keys.get(content, "seeds")
    if isinstance(told, list):
        return len(told)
    counted = count(keys.get(content, "seed_count")) or count(told)
    if counted:
        return counted
    return min(len(side) for side in sides) if sides else None


def _zero(content: dict[str, Any], sides: tuple[tuple[float, ...], ...]) -> bool:
    """Whether both sides have no spread at all."""
    if sides and all(max(side) == min(side) for side in sides):
        return True
    spreads = [finite(value) for key, value in content.items() if set(keys.words(key)) & set(keys.names("deviation"))]
    return len(spreads) >= 2 and all(one == 0 for one in spreads)
