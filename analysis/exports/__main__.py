"""Describe a build for other tools, in its own folder: the same build gives the same bytes.

    python -m analysis.exports croissant --plan results/quick/plan/overview.json   # rows.parquet, croissant.json
    python -m analysis.exports crate     --plan results/quick/plan/overview.json   # ro-crate-metadata.json

`croissant` puts all rows into one typed table and describes it in MLCommons Croissant 1.1. `crate` copies the workflow
and describes the build as a Workflow Run RO-Crate: which stage made which file from what, each with its sha256.
"""

import argparse
import inspect
import shutil
from pathlib import Path

from analysis.exports import crate, croissant
from analysis.exports.facts import Facts, read_facts
from analysis.exports.files import CROISSANT, RULES, WORKFLOW
from analysis.exports.rows import write_table
from telepathy.errors import fail, run_stage
from telepathy.files import write_atomic, write_json

CRATE = "ro-crate-metadata.json"


def write_croissant(facts: Facts) -> None:
    """Write the table of rows and its description."""
    write_table(facts, facts.results / croissant.TABLE)
    write_json(facts.results / CROISSANT, croissant.describe(facts))


def write_crate(facts: Facts, project: Path) -> None:
    """Copy the workflow, then describe the build.

    Args:
        facts: the build.
        project: the folder with the Snakefile.

    Raises:
        UserError: there is no Snakefile.
    """
    if not (project / WORKFLOW).is_file():
        raise fail(project / WORKFLOW, "no such file", "give the project's folder by --project")
    rules = sorted(path.relative_to(project).as_posix() for path in (project / RULES).glob("*.smk"))
    shutil.rmtree(facts.results / RULES, ignore_errors=True)
    for name in (WORKFLOW, *rules):
        write_atomic(facts.results / name, lambda part, name=name: shutil.copyfile(project / name, part))
    write_json(facts.results / CRATE, crate.describe(facts))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=inspect.cleandoc(__doc__ or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["croissant", "crate"])
    parser.add_argument("--plan", type=Path, required=True, metavar="JSON", help="results/<preset>/plan/overview.json")
    parser.add_argument("--project", type=Path, default=Path(), metavar="FOLDER", help="default: here")
    options = parser.parse_args()
    facts = read_facts(options.plan, options.project / "CITATION.cff")
    if options.what == "croissant":
        write_croissant(facts)
    else:
        write_crate(facts, options.project)


if __name__ == "__main__":
    run_stage(main)
