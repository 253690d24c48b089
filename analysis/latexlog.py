"""Read a LaTeX log and fail on what a reader would see: undefined references, citations or links, overfull boxes.

Exit status 1 and one line for each problem; boxes too wide by at most --overfull points are let through.
"""

import re
import sys
from pathlib import Path

from analysis.study import parser
from telepathy.errors import fail, run_stage

EXAMPLE = "python -m analysis.latexlog results/quick/latex/main.log"
LOG_WIDTH = 79  # TeX breaks log lines here
UNDEFINED = re.compile(r"(?:LaTeX|Package \w+) Warning: ((?:Reference|Citation)\b.*? undefined)")
DEFINED_TWICE = re.compile(r"LaTeX Warning: (Label .*? multiply defined)")
NO_TARGET = re.compile(r"(name\{.*?\} has been referenced but does not exist)")
MISSING = re.compile(r"(Missing character: There is no .*? in font \S+)")
OVERFULL = re.compile(r"(Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\).*)")


def main() -> None:
    """Command line of the check."""
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("log", type=Path, help="main.log of the last LaTeX run")
    arguments.add_argument(
        "--overfull",
        type=float,
        default=5.0,
        metavar="PT",
        help="largest overfull box to accept (default: 5 pt)",
    )
    options = arguments.parse_args()
    found = problems(options.log, options.overfull)
    for problem in found:
        print(f"{options.log}: {problem}", file=sys.stderr)
    if found:
        raise SystemExit(1)


def problems(log: Path, overfull: float) -> list[str]:
    """All problems of a log, in its order.

    Raises:
        UserError: there is no such log.
    """
    try:
        text = unwrap(log.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        raise fail(log, "no such file", "build the paper first") from None
    found = []
    for line in text.splitlines():
        for pattern in (UNDEFINED, DEFINED_TWICE, NO_TARGET, MISSING):
            found += [match.group(1) for match in pattern.finditer(line)]
        if (match := OVERFULL.search(line)) and float(match.group(2)) > overfull:
            found.append(match.group(1))
    return list(dict.fromkeys(found))


def unwrap(text: str) -> str:
    """Join the lines that TeX broke at its line width."""
    joined: list[str] = []
    full = False
    for line in text.splitlines():
        if full:
            joined[-1] += line
        else:
            joined.append(line)
        full = len(line) == LOG_WIDTH
    return "\n".join(joined)


if __name__ == "__main__":
    run_stage(main)
