"""One printable value of the paper."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Value:
    """One printable value: `text` is what the paper shows, `value` the number behind it (or a word)."""

    id: str
    value: Any
    text: str
    unit: str
    function: str
    runs: list[str] = field(default_factory=list)
    n: int | None = None


def place(id: str) -> str:
    """Stem of an id, without the name of the quantity: the line of the paper's register that it stands in."""
    return id.rpartition(".")[0]
