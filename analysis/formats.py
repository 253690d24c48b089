"""The one place that turns a number into text, and plain text into LaTeX. Halves are rounded up.

Plain text is Unicode as a person would print it (`81.3%`, `−4.0`, `p < 0.001`); `latex` converts it.
"""

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

MINUS = "−"
MISSING = "–"


def count(value: int) -> str:
    """Integer with thousands separators: `12,000`."""
    return f"{value:,}".replace("-", MINUS)


def number(value: float, digits: int = 3) -> str:
    """Decimal number with `digits` significant digits, no exponent: `0.00012`, `3.14`, `1,200`."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else MISSING
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def decimal(value: float | None, places: int = 2) -> str:
    """Number with a fixed count of decimals: 0.5 -> `0.50`."""
    return MISSING if value is None else _fixed(value, places)


def percent(fraction: float | None, digits: int = 1) -> str:
    """Fraction as a percentage: 0.8125 -> `81.3%`."""
    return MISSING if fraction is None else f"{_fixed(100 * fraction, digits)}%"


def points(fraction: float | None, digits: int = 1, sign: bool = True) -> str:
    """Difference of fractions in percentage points, without a unit: 0.05 -> `+5.0`."""
    return MISSING if fraction is None else _fixed(100 * fraction, digits, sign)


def interval(low: float | None, high: float | None, digits: int = 1, sign: bool = False) -> str:
    """Interval of fractions in percent or points: `[77.1, 84.8]`; a dash where it is not defined."""
    if low is None or high is None:
        return MISSING
    return f"[{_fixed(100 * low, digits, sign)}, {_fixed(100 * high, digits, sign)}]"


def p_value(p: float) -> str:
    """P-value for a table column: `< 0.001` or three decimals."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_statement(p: float) -> str:
    """P-value for a sentence: `p < 0.001` or `p = 0.012`."""
    return f"p {p_value(p)}" if p < 0.001 else f"p = {p_value(p)}"


def series(items: Sequence[str], last: str = "and") -> str:
    """Join for a sentence: `a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def latex(text: str) -> str:
    """Escape plain text for LaTeX text mode; the minus, comparison signs and hashes come out as such."""
    table = {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"$<$",
        ">": r"$>$",
        "≥": r"$\ge$",
        "≤": r"$\le$",
        "±": r"$\pm$",
        "×": r"$\times$",
        "→": r"$\to$",
        MINUS: r"$-$",
        MISSING: "--",
    }
    escaped = "".join(table.get(letter, letter) for letter in text)
    return re.sub(r"^p (?=\$<|=)", "$p$ ", escaped)


def traced(place: str, latex_text: str) -> str:
    """LaTeX that links a printed number to its line in the paper's register."""
    return rf"\traced{{{place}}}{{{latex_text}}}"


def _fixed(value: float, digits: int, sign: bool = False) -> str:
    rounded = Decimal(repr(round(value, 10))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{abs(rounded) if rounded == 0 else rounded:{'+' if sign and rounded != 0 else ''}f}"
    return text.replace("-", MINUS)
