"""Stage: sha256 of the files of all runs, so that whatever reads runs waits for one file instead of for thousands.

    python -m analysis.index --plan results/quick/plan/overview.json --records results/quick/statistics/records.json \\
        --logs results/quick/statistics/logs.json

What gives a number is in one file, what is never the same twice (training logs, machines and times) in the other.
"""

import argparse
from pathlib import Path

from telepathy.errors import run_stage
from telepathy.files import file_sha256, read_json, write_json

RECORDS, LOGS = ("run.json", "rows.jsonl.gz"), ("train.jsonl", "environment.json")


def index(plan: Path, names: tuple[str, ...]) -> dict[str, str]:
    """sha256 of such files of all runs of a plan, those that are there, by their paths below the preset's results."""
    root = plan.parent.parent
    folders = sorted(run["folder"] for run in read_json(plan, "`snakemake -n`")["runs"].values())
    paths = (f"{folder}/{name}" for folder in folders for name in names)
    return {path: file_sha256(root / path) for path in paths if (root / path).exists()}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, required=True, help="the preset's plan/overview.json")
    parser.add_argument("--records", type=Path, required=True, metavar="JSON", help="file to write: records and rows")
    parser.add_argument("--logs", type=Path, required=True, metavar="JSON", help="file to write: logs, machines, times")
    options = parser.parse_args()
    write_json(options.records, index(options.plan, RECORDS))
    write_json(options.logs, index(options.plan, LOGS))


if __name__ == "__main__":
    run_stage(main)
