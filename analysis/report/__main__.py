"""Write the HTML report: index.html and phases/<id>.html. Self-contained, and the same bytes for the same runs.

Only the seconds of a training step differ between builds; they are shown for each phase and enter nothing else.
"""

from pathlib import Path

from analysis import claims
from analysis.report.pages import pages
from analysis.study import add_inputs, parser, read_study
from telepathy.errors import run_stage
from telepathy.files import write_text

EXAMPLE = (
    "python -m analysis.report --plan results/quick/plan/overview.json "
    "--comparisons results/quick/statistics/comparisons.json --phases results/quick/statistics/phases.json "
    "--claims paper/claims.yaml --out results/quick/report"
)


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments, phases=True)
    arguments.add_argument(
        "--claims", type=Path, default=claims.FILE, metavar="YAML", help="reported numbers (default: paper/claims.yaml)"
    )
    arguments.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="writes index.html and phases/")
    options = arguments.parse_args()
    study = read_study(options.plan, options.comparisons, options.results, options.phases)
    for name, text in pages(study, claims.load(options.claims)).items():
        write_text(options.out / name, text)


if __name__ == "__main__":
    run_stage(main)
