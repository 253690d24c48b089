"""Training curves as inline SVG: each loss term as logged (faint) and as a moving mean, all runs on one scale."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 460, 190, 46, 24, 8, 8
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
POINTS = 400
"""Most points of a line; a longer log is thinned."""
WINDOW = 0.05
Series = list[tuple[float, float]]


def terms(log: Sequence[dict[str, Any]]) -> dict[str, Series]:
    """Steps and finite values of each loss term, lm first."""
    found: dict[str, Series] = {}
    for line in log:
        for term, value in (line.get("terms") or {}).items():
            if isinstance(value, int | float) and math.isfinite(value):
                found.setdefault(term, []).append((float(line["step"]), float(value)))
    return {term: found[term] for term in sorted(found, key=lambda t: (t != "lm", t))}


def svg(log: Sequence[dict[str, Any]]) -> str:
    """One chart; an empty text if nothing finite was logged."""
    lines = terms(log)
    if not lines:
        return ""
    values = [value for line in lines.values() for _, value in line]
    low, high = min(0.0, *values), max(values)
    high = high if high > low else low + 1.0
    last = max(step for line in lines.values() for step, _ in line)

    def place(step: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (step / last if last else 0.0)
        y = TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)
        return f"{x:.1f},{y:.1f}"

    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [f'<svg {size} role="img" aria-label="training curves">']
    for tick in ticks(low, high):
        x, y = place(0, tick).split(",")
        parts.append(f'<line x1="{x}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{float(y) + 3:.1f}" text-anchor="end">{tick:g}</text>')
    for step in (0.0, last):
        x, _ = place(step, low).split(",")
        parts.append(f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="{"end" if step else "start"}">{step:g}</text>')
    parts.append(f'<text x="{(WIDTH + LEFT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">step</text>')
    for i, line in enumerate(lines.values()):
        color = COLORS[i % len(COLORS)]
        for shown, style in ((line, "raw"), (smooth(line), "mean")):
            points = " ".join(place(*point) for point in thin(shown))
            parts.append(f'<polyline points="{points}" stroke="{color}" class="{style}"/>')
    legend = "".join(
        f'<span><i style="background:{COLORS[i % len(COLORS)]}"></i>{escape(term)}</span>'
        for i, term in enumerate(lines)
    )
    return "".join([*parts, "</svg>", f'<div class="legend">{legend}</div>'])


def smooth(line: Series) -> Series:
    """Moving mean over a twentieth of the line, narrower at its ends."""
    half = max(0, round(WINDOW * len(line)) // 2)
    found = []
    for i, (step, _) in enumerate(line):
        part = [value for _, value in line[max(0, i - half) : i + half + 1]]
        found.append((step, sum(part) / len(part)))
    return found


def thin(line: Series) -> Series:
    """At most so many points, evenly spaced, with the last one."""
    if len(line) <= POINTS:
        return line
    return [line[round(i * (len(line) - 1) / (POINTS - 1))] for i in range(POINTS)]


def ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers between two bounds."""
    raw = (high - low) / 4
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]
