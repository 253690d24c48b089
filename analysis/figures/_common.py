"""What all figures share: the command line, the style, and writing a figure with equal bytes each time."""

import csv
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.study import Study, add_inputs, parser, read_study
from telepathy.errors import run_stage
from telepathy.files import write_atomic, write_text

COLUMN, PAGE = 3.4, 7.0  # inches: one column, the full width
STYLE = Path(__file__).with_name("style.mplstyle")
MAIN, OTHER, FAINT, CHANCE = "#0072B2", "#555555", "#999999", "#D55E00"

Data = tuple[Sequence[str], list[Sequence[object]]]


def stage(name: str, doc: str, draw: Callable[[Study], tuple[Figure, Data]], phases: bool = False) -> None:
    """Command line of a figure: read the study, draw, write three files; `phases`: of the series too."""

    def main() -> None:
        example = (
            f"python -m analysis.figures.{name} --plan results/quick/plan/overview.json "
            f"--comparisons results/quick/statistics/comparisons.json --out results/quick/figures/{name}"
        )
        if phases:
            example += " --phases results/quick/statistics/phases.json"
        arguments = parser(doc, example)
        add_inputs(arguments, phases=phases)
        arguments.add_argument(
            "--out", type=Path, required=True, metavar="STEM", help="writes STEM.pdf, STEM.png and STEM.csv"
        )
        options = arguments.parse_args(sys.argv[1:])
        study = read_study(options.plan, options.comparisons, options.results, getattr(options, "phases", None))
        with plt.style.context(["default", str(STYLE)]):
            figure, data = draw(study)
            save(figure, data, options.out)
            plt.close(figure)

    run_stage(main)


def save(figure: Figure, data: Data, stem: Path) -> None:
    """Write PDF, PNG and the data as CSV; without dates and versions, so equal input gives equal bytes."""
    metadata = {"pdf": {"CreationDate": None, "Producer": None, "Creator": None}, "png": {"Software": None}}
    for kind, entries in metadata.items():
        write_atomic(
            stem.with_suffix(f".{kind}"),
            lambda part, k=kind, m=entries: figure.savefig(part, format=k, metadata=m),
        )
    header, rows = data
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(stem.with_suffix(".csv"), file.getvalue())


def note(figure: Figure, text: str) -> None:
    """Put a text in the middle of an empty figure, for a preset that has nothing to show."""
    figure.text(0.5, 0.5, text, ha="center", va="center", color=OTHER)
