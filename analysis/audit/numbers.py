"""Numbers as files write them: what they say, and how exactly."""

import math
import re
from dataclasses import dataclass
from typing import Any

PRINTED = re.compile(r"^\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(%|percent|points)?\s*$")
SPECIAL = {"inf": math.inf, "infinity": math.inf, "-inf": -math.inf, "-infinity": -math.inf, "nan": math.nan}


@dataclass(frozen=True)
class Share:
    """A proportion.

    Attributes:
        value: as a fraction.
        written: as in the file.
        percent: whether the file writes percentages; None where 0 (or a bare 1) does not tell.
        step: half a unit of the last digit that the file gives, as a fraction: what rounding may have moved.
    """

    value: float
    written: float
    percent: bool | None
    step: float


def number(value: Any) -> float | None:
    """A number, also one in a text such as `91.5%` or `inf`; None for all else, booleans included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str) and len(value) < 40:
        if (special := SPECIAL.get(value.strip().lower())) is not None:
            return special
        if match := PRINTED.match(value):
            return float(match[1])
    return None


def finite(value: Any) -> float | None:
    """A finite number, or None."""
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def count(value: Any) -> int | None:
    """A whole number from 0 on, or None."""
    found = finite(value)
    return int(found) if found is not None and found >= 0 and found == int(found) and found < 1e12 else None


def numbers(value: Any) -> list[float] | None:
    """A list of finite numbers, or the numbers of a dict by seed; None if any part is something else."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not value:
        return None
    found = [finite(one) for one in value]
    return None if any(one is None for one in found) else [one for one in found if one is not None]


def half_step(value: Any) -> float:
    """Half a unit of the last digit of a number as written: 0.05 for 91.5, 0.5 for 92."""
    text = value.strip().rstrip("%").strip() if isinstance(value, str) else repr(value)
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa.partition(".")[2])
    try:
        return 0.5 * 10.0 ** (int(exponent or 0) - digits)
    except (ValueError, OverflowError):
        return 0.0


def share(value: Any, percent: bool | None = None, correct: int | None = None, n: int | None = None) -> Share | None:
    """Read an accuracy.

    Args:
        value: as written: 0.915, 91.5 or "91.5%".
        percent: what the key says of the scale, if anything.
        correct: successes, which tell 1 % from 100 %.
        n: rows.

    Returns:
        The share; None where the value is no number from 0 to 100.
    """
    written = finite(value)
    if written is None or not 0 <= written <= 100:
        return None
    if isinstance(value, str) and PRINTED.match(value) and PRINTED.match(value)[2]:  # type: ignore[index]
        percent = True
    if percent is None and written > 1:
        percent = True
    elif percent is None and correct is not None and n and written > 0:
        percent = abs(written / 100 - correct / n) < abs(written - correct / n)
    elif percent is None and 0 < written < 1:
        percent = False
    scale = 0.01 if percent else 1.0
    # 1.0 and 0.0 are whole numbers in percent files, but exact in files of fractions.
    step = half_step(value) if percent or 0 < written < 1 else 5e-4
    return Share(written * scale, written, percent, min(step * scale, 0.005))
