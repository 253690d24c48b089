"""Near duplicates of test rows among training rows: exact ones are dropped before, these are counted and reported."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from telepathy.data.rows import Item
from telepathy.data.splits import key

GRAM = 3
SHARE = 0.8
"""A test text is a near duplicate if so large a share of its word triples stands in one training text."""


def grams(text: str) -> set[tuple[str, ...]]:
    """Word triples of a text, letters and digits only; of a shorter text, all its words."""
    words = "".join(letter if letter.isalnum() else " " for letter in key(text)).split()
    return {tuple(words[at : at + GRAM]) for at in range(max(1, len(words) - GRAM + 1))}


def near_duplicates(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Ids of the test items that nearly repeat a training item."""
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, item in enumerate(train):
        for gram in grams(item.text):
            where[gram].append(number)
    found = []
    for item in test:
        own = grams(item.text)
        shared = Counter(number for gram in own for number in where.get(gram, ()))
        if shared and max(shared.values()) >= SHARE * len(own):
            found.append(item.id)
    return found
