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
