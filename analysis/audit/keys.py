"""The declared mapping: which names of keys mean what (`keys.yaml`, `names.yaml`)."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
OTHER = re.compile(r"[^a-z0-9]+")
NUMBERED = re.compile(r"^([a-z]+)(\d+)$")


@lru_cache(maxsize=100_000)
def plain(key: str) -> str:
    """A key in lower case with `_` between words; what follows a comma (a filter's name) is left out."""
    head = key.partition(",")[0] or key
    return OTHER.sub("_", HUMP.sub("_", head[:200]).lower()).strip("_")


@lru_cache(maxsize=100_000)
def words(name: str) -> tuple[str, ...]:
    """Words of a name, with numbers apart: `sst2_seed42` gives sst2, sst, seed42, seed, 42."""
    found: list[str] = []
    for word in plain(name).split("_"):
        found.append(word)
        if match := NUMBERED.match(word):
            found += [match[1], match[2]]
    return tuple(word for word in found if word)


@cache
def _synonyms() -> dict[str, list[str]]:
    return yaml.safe_load((FOLDER / "keys.yaml").read_text(encoding="utf-8"))


@cache
def _names() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "names.yaml").read_text(encoding="utf-8"))


@cache
def names(concept: str) -> tuple[str, ...]:
    """Names of a concept's key, the most telling first."""
    return tuple(_synonyms()[concept])


@cache
def listed(kind: str) -> frozenset[str]:
    """Words of a list of `names.yaml`."""
    return frozenset(_names()[kind])


def settings() -> dict[str, list[str]]:
    """Settings and the names of their keys."""
    return _names()["settings"]


def in_names() -> dict[str, list[str]]:
    """Settings and their short forms in names."""
    return _names()["in_names"]


def has(name: str, kind: str) -> bool:
    """Whether a name holds a word of a list, or is one as a whole."""
    found = listed(kind)
    return plain(name) in found or any(word in found for word in words(name))


def get(content: dict[str, Any], concept: str) -> Any:
    """The value of a concept in a dict: of the most telling name that is there and not null; else None."""
    return entry(content, concept)[1]


def entry(content: dict[str, Any], concept: str) -> tuple[str, Any]:
    """Key and value of a concept in a dict; an empty key and None if it is not there."""
    found = {plain(key): key for key, value in reversed(content.items()) if value is not None}
    for name in names(concept):
        if name in found:
            return found[name], content[found[name]]
    return "", None
