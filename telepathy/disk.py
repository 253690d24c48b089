"""How much disk hidden-state stores take, before any text was read; and which of them a budget leaves unwritten."""

from collections.abc import Mapping

GB = 1_000_000_000
BYTES = 2
"""A stored number is bfloat16."""


def store_bytes(texts: int, tokens: int, layers: int, width: int) -> int:
    """Bytes of a store.

    Args:
        texts: at most so many, since equal texts are stored once.
        tokens: of a text with its prompt (see `Task.planned_tokens`).
        layers: that are stored.
        width: of the sender's states.
    """
    return texts * tokens * layers * width * BYTES


def beyond(sizes: Mapping[str, int], budget_gb: float | None) -> frozenset[str]:
    """Stores that are not written: the largest first (by name among equals), until the rest fits into the budget.

    Args:
        sizes: bytes of each store.
        budget_gb: what all stores together may take, in GB (1e9 bytes); None: any size.

    Examples:
        >>> sorted(beyond({"a": 5_000_000_000, "b": 2_000_000_000, "c": 1_000_000_000}, 3))
        ['a']
    """
    left, given_up = sum(sizes.values()), set()
    for key in sorted(sizes, key=lambda key: (-sizes[key], key)):
        if budget_gb is None or left <= budget_gb * GB:
            break
        left -= sizes[key]
        given_up.add(key)
    return frozenset(given_up)
