"""Where rows come from: one module for each kind of source, imported only when a task uses it."""

from dataclasses import dataclass
from typing import Any

from telepathy.config.tasks import FileData, HubData
from telepathy.data.spec import DataSpec


@dataclass(frozen=True)
class RawRow:
    """One row as the source has it.

    Attributes:
        id: source split and place within it, such as `train:17` or `all:business/001.txt`.
        columns: column name -> value.
    """

    id: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What was read.

    Attributes:
        rows: split of the source -> its rows, in the source's order.
        filtered: rows that a `where` filter left out.
        provenance: what was read, without paths of this machine: hashes, versions, revisions.
    """

    rows: dict[str, list[RawRow]]
    filtered: int
    provenance: dict[str, Any]


def as_text(value: Any) -> str:
    """Spell a column's value: truth values as in YAML, whole floats as integers, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def read(spec: DataSpec, columns: list[str]) -> Source:
    """Read the splits that a spec names.

    Args:
        spec: the data spec.
        columns: columns that the task uses; a source may leave out others.

    Raises:
        UserError: an absent, damaged or unexpected source.
    """
    wanted = list(dict.fromkeys([spec.splits.train, spec.splits.test]))
    if isinstance(spec.data, FileData):
        from telepathy.data.sources import files

        return files.read(spec.data, wanted, columns)
    if isinstance(spec.data, HubData):
        from telepathy.data.sources import hub

        return hub.read(spec.data, wanted, columns)
    from telepathy.data.sources import generated

    return generated.read(spec.data, wanted)
