"""Rows made here by seeded generators: the same seed gives the same rows on every platform."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from telepathy.config.tasks import GeneratedData
from telepathy.data.sources import RawRow, Source
from telepathy.data.sources.word_problems import word_problems, wordlist
from telepathy.errors import fail

Columns = Iterator[dict[str, Any]]


def read(data: GeneratedData, wanted: list[str]) -> Source:
    """Generate the rows.

    Raises:
        UserError: another split than `all`, or more rows than the generator has different ones.
    """
    for split in wanted:
        if split != "all":
            raise fail("splits", f"generated data has no split `{split}`", "leave `splits` out")
    limit = LIMITS.get(data.generator)
    if limit is not None and data.rows > limit:
        raise fail("data.rows", f"{data.generator} has only {limit} different rows", "ask for fewer")
    rows: list[RawRow] = []
    made = GENERATORS[data.generator](random.Random(data.seed))
    for number in range(data.rows):
        columns = next(made, None)
        if columns is None:
            raise fail("data.rows", f"{data.generator} has only {number} different rows", "ask for fewer")
        rows.append(RawRow(f"all:{number}", columns))
    provenance = {"kind": data.kind, "generator": data.generator, "rows": data.rows, "seed": data.seed}
    return Source({"all": rows}, 0, provenance)


def passkey(rng: random.Random) -> Columns:
    """Five-digit codes without a leading zero, each once: columns `text` and `code`."""
    codes = list(range(10_000, 100_000))
    rng.shuffle(codes)
    for code in codes:
        yield {"text": f"The secret access code is {code}. Remember it.", "code": str(code)}


GOOD = wordlist("bright charming clever delightful excellent funny gripping lovely superb warm wise witty")
BAD = wordlist("awful boring clumsy dreadful dull empty lifeless messy painful stupid terrible ugly")
SUBJECTS = wordlist("acting camera cast dialogue ending film humour music pacing plot script story")
FRAMES = (
    "The {subject} is {first} and {second}.",
    "I found the {subject} {first}, even {second}.",
    "What a {first} {subject}, so {second}!",
    "Everyone agrees: {first} {subject}, {second} from the start.",
)


def toy_sentiment(rng: random.Random) -> Columns:
    """Short opinions in clearly good or bad words, alternating: columns `text` and `label`."""
    words = {"positive": GOOD, "negative": BAD}
    every = {
        label: [
            frame.format(subject=subject, first=first, second=second)
            for frame in FRAMES
            for subject in SUBJECTS
            for first in chosen
            for second in chosen
            if first != second
        ]
        for label, chosen in words.items()
    }
    for texts in every.values():
        rng.shuffle(texts)
    for pair in zip(*every.values(), strict=True):
        for label, text in zip(every, pair, strict=True):
            yield {"text": text, "label": label}


GENERATORS: dict[str, Callable[[random.Random], Columns]] = {
    "word_problems": word_problems,
    "passkey": passkey,
    "toy_sentiment": toy_sentiment,
}
LIMITS = {
    "passkey": 90_000,
    "toy_sentiment": 2 * len(FRAMES) * len(SUBJECTS) * len(GOOD) * (len(GOOD) - 1),
}
