"""Read the final answer out of generated text. One parser for every method."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

# A number with an optional sign, thousands commas and decimals; not inside a word or another number.
NUMBER = r"(?<![\w.,])[-+]?\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])"
MARKED = re.compile(rf"####\s*({NUMBER})")
STATED = re.compile(rf"[Tt]he answer is:?\s*({NUMBER})")
ANY = re.compile(NUMBER)


def number(text: str) -> str | None:
    """Canonical decimal text of one number (`$1,200.50` -> `1200.5`), or None."""
    try:
        value = Decimal(text.replace(",", "").replace("$", ""))
    except InvalidOperation:
        return None
    return format(value.normalize() + 0, "f")


def final_number(text: str) -> str | None:
    """The final number of a worked answer: after `####`, else after "the answer is", else the last one."""
    for pattern in (MARKED, STATED):
        if match := pattern.search(text):
            return number(match[1])
    found = ANY.findall(text)
    return number(found[-1]) if found else None


def until(text: str, stop: Sequence[str]) -> str:
    """Text up to the first of the stop texts."""
    places = [place for mark in stop if (place := text.find(mark)) >= 0]
    return text[: min(places, default=len(text))]


def final_answer(text: str, kind: str, pattern: str | None, stop: Sequence[str]) -> str | None:
    """The answer in a generated text, or None if there is none.

    Args:
        text: what the model wrote.
        kind: `number` or `string`.
        pattern: for strings, a regular expression whose first match is the answer; else the first line.
        stop: where the answer ends.
    """
    text = until(text, stop)
    if kind == "number":
        return final_number(text)
    if pattern is not None:
        match = re.search(pattern, text)
        return match[0] if match else None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].rstrip(".!?,;:") if lines else None
