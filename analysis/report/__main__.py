"""Write the HTML report: index.html leads to phases, tables, figures, and to every value with what it rests on.

Needs no network, and gives the same bytes for the same runs. Only the seconds of a training step and the commit of the
code differ between builds; they are shown and enter nothing else.
"""

import shutil
from pathlib import Path

from analysis import claims
from analysis.report.pages import pages
from analysis.study import add_inputs, parser, read_study
from analysis.value import Value
from telepathy.errors import run_stage
from telepathy.files import read_json, write_text

EXAMPLE = (
    "python -m analysis.report --plan results/quick/plan/overview.json "
    "--comparisons results/quick/statistics/comparisons.json --phases results/quick/statistics/phases.json "
    "--claims paper/claims.yaml --values results/quick/values.json --tables results/quick/tables/*.csv "
    "--figures results/quick/figures/*.png --out results/quick/report"
)


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments, phases=True)
    arguments.add_argument(
        "--claims", type=Path, default=claims.FILE, metavar="YAML", help="reported numbers (default: paper/claims.yaml)"
    )
    arguments.add_argument("--values", type=Path, required=True, metavar="JSON", help="output of analysis.values")
    arguments.add_argument("--tables", type=Path, nargs="*", default=[], metavar="CSV", help="tables to show")
    arguments.add_argument("--figures", type=Path, nargs="*", default=[], metavar="PNG", help="figures to show")
    arguments.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="writes index.html and all others")
    options = arguments.parse_args()
    study = read_study(options.plan, options.comparisons, options.results, options.phases)
    values = {entry["id"]: Value(**entry) for entry in read_json(options.values, "`python -m analysis.values`")}
    reported = claims.load(options.claims)
    for name, text in pages(study, reported, values, options.tables, options.figures).items():
        write_text(options.out / name, text)
    for path in options.figures:
        (options.out / "figures").mkdir(exist_ok=True)
        shutil.copyfile(path, options.out / "figures" / path.name)


if __name__ == "__main__":
    run_stage(main)
