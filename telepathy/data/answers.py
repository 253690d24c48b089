"""The final answer of a worked text: what of an open answer is compared. One parser for gold and generated answers,
and for every method. Standard library only.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

# A minus counts only where it cannot be a subtraction (`12-5`), a comma only between groups of three.
_NUMBER = re.compile(r"(?:(?<![\w)])-)?(?<![\d.])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?")
_MARK = "####"


def final_answer(
    text: str, final: Literal["number", "string"], pattern: str | None = None, stop: Sequence[str] = ()
) -> str | None:
    """Give the final answer that a worked answer states, or None if it states none.

    Args:
        text: a gold answer or a generated one.
        final: `number` takes the first number after the first `####`, or else the last number of the text, without
            thousands separators; `string` takes the first match of `pattern`, or else the whole text with its
            white space folded.
        pattern: a regular expression, for strings.
        stop: the answer ends where one of these texts begins (a base model goes on with the next question).

    Examples:
        >>> final_answer("600 + 700 = 1,300\\n#### 1,300", "number")
        '1300'
        >>> final_answer("  open   sesame ", "string")
        'open sesame'
    """
    text = until(text, stop)
    if final == "string":
        if pattern is not None:
            match = re.search(pattern, text)
            return match[0] if match else None
        return " ".join(text.split()) or None
    head, mark, tail = text.partition(_MARK)
    if mark:
        found = _NUMBER.search(_unsigned_money(tail))
        if found:
            return plain_number(found.group())
    numbers = _NUMBER.findall(_unsigned_money(head if mark else text))
    return plain_number(numbers[-1]) if numbers else None


def until(text: str, stop: Sequence[str]) -> str:
    """Text up to the first of the stop texts."""
    places = [place for mark in stop if (place := text.find(mark)) >= 0]
    return text[: min(places, default=len(text))]


def _unsigned_money(text: str) -> str:
    return text.replace("-$", "-").replace("$", "")


def plain_number(text: str) -> str:
    """One spelling for a number: no thousands separators, no trailing zeros, no leading ones.

    Examples:
        >>> plain_number("1,250.50")
        '1250.5'
    """
    sign = "-" if text.startswith("-") else ""
    whole, _, decimals = text.lstrip("-").replace(",", "").partition(".")
    decimals = decimals.rstrip("0")
    number = (whole.lstrip("0") or "0") + (f".{decimals}" if decimals else "")
    return number if number == "0" else sign + number


def label_of(text: str, labels: Sequence[str]) -> str | None:
    """Give the one label that a written answer names, or None if it names none or several.

    Only the first line that is not blank counts, and only whole words; upper and lower case are the same. A label
    inside a longer one that stands there does not count for itself. A lower-case `a` that another word follows is an
    article, not the first choice; the same goes for any label of one letter.

    Args:
        text: what a model wrote.
        labels: the closed label set, of one word or more each.

    Examples:
        >>> label_of(" Positive. I liked it", ["negative", "positive"])
        'positive'
        >>> label_of("positively good", ["negative", "positive"])
        >>> label_of("positive or negative", ["negative", "positive"])
        >>> label_of("a card payment fee", ["card payment", "card payment fee"])
        'card payment fee'
    """
    lines = text.strip().splitlines()
    if not lines:
        return None
    spans = [(match.span(), label) for label in labels for match in _as_words(label).finditer(lines[0])]
    named = {
        label
        for (start, end), label in spans
        if not any(left <= start and end <= right and right - left > end - start for (left, right), _ in spans)
    }
    return named.pop() if len(named) == 1 else None


@lru_cache(maxsize=1024)
def _as_words(label: str) -> re.Pattern[str]:
    """A label between word ends, with any white space within; a hyphen joins words (`non-positive`)."""
    words = r"\s+".join(map(re.escape, label.split()))
    if len(label) == 1 and label.isalpha():
        upper, lower = re.escape(label.upper()), re.escape(label.lower())
        words = rf"(?:{upper}|{lower}(?!\s+\w))"
    return re.compile(rf"(?<!\w)(?<!\w-){words}(?!\w)(?!-\w)", re.IGNORECASE if len(label) > 1 else 0)
