"""The phases of the research as data: what each changes, why, and what was wrong with it as it was recorded.

A phase is a method with a place in the series. Its recipe is the *repaired* one; `recorded` holds the patch that
puts the recorded defects back, so both run and stand side by side.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from telepathy.config.base import Strict
from telepathy.config.methods import Recipe

OWN = ("title", "hypothesis", "reading", "claims", "limit", "abstract", "each")
"""What a phase never takes from its parent."""


class PhaseTest(Strict):
    """What decides about the hypothesis: a metric of the test rows against a control."""

    metric: Literal["accuracy", "partial_v1", "partial_v2", "entities"] = "accuracy"
    against: str = Field(
        default="shuffled", description="`shuffled` (another item's soft tokens), or the name of another phase."
    )


class Recorded(Strict):
    """The recorded variant: what was wrong, and the patch of the recipe that brings it back."""

    defects: dict[str, str | None] = Field(description="Name of the defect -> what it is; null removes a parent's.")
    recipe: dict[str, Any] = Field(default_factory=dict)


class Phase(Strict):
    """One phase, resolved."""

    title: str
    hypothesis: str = Field(description="What the phase set out to show, in one sentence.")
    reading: str = Field(description="What the documents concluded, in one sentence.")
    task: str = Field(description="The research's own task; `roles` of a preset says which task stands for it.")
    claims: list[str] = Field(default=[], description="Ids in paper/claims.yaml of what the documents reported.")
    limit: str | None = Field(
        default=None,
        description="Why even the repaired phase cannot memorise eight items (a slow test asserts it).",
    )
    test: PhaseTest = PhaseTest()
    recipe: Recipe
    recorded: Recorded | None = None
    parent: str | None = Field(default=None, description="The phase that this one changes.")
    changes: list[tuple[str, Any, Any]] = Field(
        default=[], description="Filled in by loading: key, value in the parent's recipe, value here."
    )


@dataclass(frozen=True)
class Variant:
    """One way to run a phase: `repaired` and `recorded`, or `plain` where no defect is known."""

    phase: str
    name: Literal["repaired", "recorded", "plain"]
    method: str


def expand(phases: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Split phases that give several under `each` into one entry for each; the others stay as they are.

    The entries are patches of the phase that holds them, which is their parent and no phase itself.
    """
    entries: dict[str, dict[str, Any]] = {}
    for name, content in phases.items():
        if not isinstance(content, Mapping):
            entries[name] = content
            continue
        several = content.get("each") or {}
        entries[name] = dict(content) | ({"abstract": True} if several else {})
        for suffix, patch in several.items():
            entries[f"{name}_{suffix}"] = {"parent": name} | dict(patch or {})
    return entries


def variants(name: str, phase: Phase) -> Iterator[Variant]:
    """The methods that a phase becomes."""
    if phase.recorded is None:
        yield Variant(name, "plain", name)
    else:
        yield Variant(name, "repaired", name)
        yield Variant(name, "recorded", f"{name}_recorded")


def differences(old: Mapping[str, Any], new: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Leaves of two nested mappings that differ: dotted key, old value, new value (None where absent)."""
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from differences(before, after, f"{at}{key}.")
        elif before != after:
            yield f"{at}{key}", before, after
