"""Audit a folder of results: what in it cannot be true, and what cannot be concluded from it.

Reads `results/<preset>` of this project, or any folder of JSON results in common shapes. The exit status is 0 where
nothing as bad as --fail-on was found, 1 where something was, and 2 for an input that cannot be read.
"""

import json
from pathlib import Path

from rich.console import Console

from analysis.audit import claims, foreign, own, read
from analysis.audit.finding import Severity, findings
from analysis.audit.output import Outcome, as_json, page, show
from analysis.audit.rules import every
from analysis.study import parser
from telepathy.errors import fail, run_stage
from telepathy.files import write_text

EXAMPLE = "python -m analysis.audit results/quick --json audit.json --html audit.html"
NEVER = "never"


def main() -> None:
    """Command line."""
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("folder", type=Path, help="folder of results")
    arguments.add_argument("--claims", type=Path, metavar="YAML", help="reported numbers to look for in the files")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON")
    arguments.add_argument("--html", type=Path, metavar="FILE", help="write the findings as one page")
    arguments.add_argument(
        "--fail-on",
        choices=["error", "warning", NEVER],
        default="error",
        help="the least severity that makes the exit status 1 (default: error)",
    )
    options = arguments.parse_args()
    outcome = audit(options.folder, options.claims)
    for path, text in ((options.json, _json(outcome)), (options.html, page(outcome))):
        if path is not None:
            _write(path, text)
    show(outcome, Console(highlight=False))
    if options.fail_on != NEVER:
        least = Severity[options.fail_on.upper()]
        raise SystemExit(int(any(one.severity >= least for one in outcome.findings)))


def audit(folder: Path, claimed: Path | None = None) -> Outcome:
    """Read a folder and apply every rule.

    Args:
        folder: `results/<preset>` of this project, any folder with JSON results, or one such file.
        claimed: file of reported numbers to look for.

    Raises:
        UserError: no such folder, nothing to read in it, or a damaged file of claims.
    """
    if own.is_own(folder):
        found = own.read(folder)
        count = len(found.results) + len(found.documents)
    else:
        documents, broken = read.documents(folder)
        found = foreign.read(documents)
        found.strangers |= broken
        count = len(documents) + len(broken)
    if claimed is not None:
        found.claims, found.claims_file = claims.load(claimed), claimed.name
    return Outcome(folder.resolve().name, count, found, findings(found, every()))


def _json(outcome: Outcome) -> str:
    return json.dumps(as_json(outcome), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise fail(path, f"cannot be written ({error.strerror})", "name another file") from None


if __name__ == "__main__":
    run_stage(main)
