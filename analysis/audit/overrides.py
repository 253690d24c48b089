"""Settings that a folder gives twice: declared above, by a name or beside, and other where they were used."""

from dataclasses import dataclass, field
from typing import Any

from analysis.audit import keys
from analysis.audit.finding import Place
from analysis.audit.model import Override
from analysis.audit.naming import Named, declared
from analysis.audit.numbers import finite

SWEPT = 3
"""Different values of a setting below one declaration that make it a sweep."""


@dataclass(frozen=True)
class Declared:
    """Settings of a dict; `below` are those of the dicts above it, which they may contradict."""

    place: Place
    name: str
    values: dict[str, Any]
    lists: tuple[float, ...] = ()
    above: tuple["Declared", ...] = field(default=(), repr=False)


def collect(
    place: Place, content: dict[str, Any], named: Named, fields: Named, above: tuple[Declared, ...]
) -> list[Declared]:
    """The settings that a dict gives for what is below it, of its own and in its configuration."""
    found = []
    path = " ".join((*place.path, named.method, fields.method))
    for key, part in (("", content), *_configs(content)):
        values = _settings(part)
        if values:
            at = place / key if key else place
            found.append(Declared(at, path, values, _lists(part), above))
        for name, inner in part.items() if key else ():
            if isinstance(inner, dict) and (deeper := _settings(inner)):
                outer = Declared(place / key, path, values, _lists(part))
                found.append(Declared(place / key / name, f"{path} {name}", deeper, (), (*above, outer)))
    return found


def beside(place: Place, content: dict[str, Any]) -> list[Override]:
    """Settings that a dict itself, its name or a second configuration in it contradicts."""
    found = []
    configs = dict(_configs(content))
    own = _settings(content)
    for key, part in configs.items():
        for setting, value in _settings(part).items():
            if setting in own and _differ(own[setting], value):
                found.append(Override(place / key, setting, own[setting], value, str(place), True))
    used = [key for key in configs if keys.plain(key) in keys.names("used_config")]
    for key in used:
        for other in (one for one in configs if one not in used):
            same = set(configs[key]) & set(configs[other])
            for name in sorted(same):
                first, second = configs[other][name], configs[key][name]
                if _scalar(first) and _scalar(second) and _differ(first, second):
                    found.append(Override(place / key / name, name, first, second, str(place / other), True))
    name = content.get("name", content.get("experiment"))
    names = [one for one in (place.path[-1] if place.path else "", name) if isinstance(one, str)]
    for said in names:
        for setting, value in declared(said).items():
            for part in (content, *configs.values()):
                other = _settings(part).get(setting)
                if other is not None and finite(other) is not None and _differ(value, other):
                    found.append(Override(place, setting, value, other, f"name {said}", True))
    return found


def explain(found: list[Declared]) -> list[Override]:
    """Settings that contradict a dict above, unless a sweep, a list or the name explains the other value."""
    firm = keys.listed("firm")
    below: dict[Place, set[Place]] = {}
    for one in found:
        for upper in one.above:
            below.setdefault(upper.place, set()).add(one.place)
    pairs: dict[tuple[Place, str], list[tuple[Declared, Declared]]] = {}
    for one in found:
        for upper in one.above:
            # What a run cannot vary is compared everywhere; the rest only where one run has one declaration.
            alone = len(below[upper.place]) == 1 and one.place.path[: len(upper.place.path)] != upper.place.path
            for setting in (set(one.values) if alone else firm) & set(one.values) & set(upper.values) - {"seed"}:
                pairs.setdefault((upper.place, setting), []).append((upper, one))
    overrides = []
    for (_, setting), members in pairs.items():
        if len({str(one.values[setting]) for _, one in members}) >= SWEPT:
            continue
        for upper, one in members:
            declared_value, value = upper.values[setting], one.values[setting]
            number = finite(value)
            named = number is not None and f"{number:g}" in keys.words(one.name)
            if _differ(declared_value, value) and not named and number not in upper.lists:
                overrides.append(Override(one.place, setting, declared_value, value, str(upper.place), False))
    return overrides


def _configs(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    names = (*keys.names("config"), *keys.names("used_config"), "meta", "metadata", "run_info")
    found = []
    for key, value in content.items():
        plain = keys.plain(key)
        if isinstance(value, dict) and (plain in names or plain.split("_")[-1] in ("config", "args", "hparams")):
            found.append((key, value))
    return found


def _settings(content: dict[str, Any]) -> dict[str, Any]:
    """Settings by their own names, whatever the file calls them."""
    plain = {keys.plain(key): value for key, value in reversed(content.items())}
    found = {}
    for setting, names in keys.settings().items():
        for name in names:
            if _scalar(plain.get(name)):
                found[setting] = plain[name]
                break
    return found


def _lists(content: dict[str, Any]) -> tuple[float, ...]:
    found = []
    for value in content.values():
        if isinstance(value, list):
            found += [number for one in value if (number := finite(one)) is not None]
    return tuple(found)


def _scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _differ(first: Any, second: Any) -> bool:
    a, b = finite(first), finite(second)
    if a is None or b is None:
        return a is None and b is None and str(first).strip().lower() != str(second).strip().lower()
    return abs(a - b) > 1e-9 * max(1.0, abs(a), abs(b))
