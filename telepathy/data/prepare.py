"""Prepare a task's data: read the source, make items, choose fixed splits, write them with their hashes."""

import argparse
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from telepathy.data import sources
from telepathy.data.items import Builder
from telepathy.data.overlap import near_duplicates
from telepathy.data.rows import SCHEMA_VERSION, SPLITS
from telepathy.data.spec import DataSpec, read_spec
from telepathy.data.splits import Chosen, choose, label_counts
from telepathy.errors import UserError, fail, run_stage
from telepathy.files import canonical, file_sha256, sweep, write_json, write_text
from telepathy.locks import only_writer

HELP = """\
Prepare the data of one task.

Reads a data spec (the plan writes one for each task and its numbers of rows) and writes a folder with
  train.jsonl, validation.jsonl, test.jsonl   one item a line, in a fixed pseudo-random order
  task.json                                   counts, what was left out and why, hashes, the source
task.json comes last: a folder that has one is whole. The same source gives the same bytes.
"""
EXAMPLE = """\
example:
  python -m telepathy.data.prepare --spec results/cache/plan/data/toy_sentiment-0123456789ab.json \\
      --out results/cache/data/toy_sentiment-0123456789ab

Specs lie in results/cache/plan/data/ as soon as Snakemake has planned a preset:
  python -m snakemake --config preset=smoke --dry-run
"""


def prepare(spec: DataSpec) -> tuple[Chosen, dict[str, Any]]:
    """Read, build and split; nothing is written.

    Returns:
        The chosen rows, and the account of them for `task.json` (all but the hashes of the files).

    Raises:
        UserError: the source or the spec is wrong, or there are too few rows.
    """
    builder = Builder(spec)
    source = sources.read(spec, builder.columns)
    train = builder.build(source.rows[spec.splits.train])
    own_test = spec.splits.test != spec.splits.train
    test = builder.build(source.rows[spec.splits.test]) if own_test else None
    chosen = choose(train, test, spec.rows, by_label=spec.labels is not None)
    account = {
        "schema_version": SCHEMA_VERSION,
        "spec": spec.model_dump(),
        "source": source.provenance,
        "read": {name: len(rows) for name, rows in source.rows.items()},
        "filtered": source.filtered,
        "empty": builder.skipped,
        **asdict(chosen.counts),
        "available": chosen.available,
        "counts": {name: len(items) for name, items in chosen.splits.items()},
        "near_duplicates": near_duplicates(chosen.splits["train"], chosen.splits["test"]),
    }
    if spec.labels is not None:
        account["labels"] = {name: label_counts(items, spec.labels) for name, items in chosen.splits.items()}
    return chosen, account


def write(folder: Path, chosen: Chosen, account: dict[str, Any]) -> None:
    """Write a data folder; `task.json` comes last. A folder that is already the same is left alone: it may be read."""
    texts = {
        f"{split}.jsonl": "".join(canonical(item.record) + "\n" for item in chosen.splits[split]) for split in SPLITS
    }
    files = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    task = account | {"files": files}
    with only_writer(folder):
        sweep(folder)
        if _same(folder, task):
            for name in ("task.json", *files):
                os.utime(folder / name)
            return
        (folder / "task.json").unlink(missing_ok=True)
        for name, text in texts.items():
            write_text(folder / name, text)
        write_json(folder / "task.json", task)


def _same(folder: Path, task: dict[str, Any]) -> bool:
    try:
        if canonical(json.loads((folder / "task.json").read_text(encoding="utf-8"))) != canonical(task):
            return False
        return all(file_sha256(folder / name) == sha256 for name, sha256 in task["files"].items())
    except (OSError, ValueError):
        return False


def main() -> None:
    """Entry point of `python -m telepathy.data.prepare`."""
    parser = argparse.ArgumentParser(
        prog="python -m telepathy.data.prepare",
        description=HELP,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--spec", type=Path, required=True, help="the data spec, a JSON file of the plan")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write; made if absent")
    arguments = parser.parse_args()
    if arguments.out.exists() and not arguments.out.is_dir():
        raise fail(arguments.out, "--out is a file", "name a folder")
    spec = read_spec(arguments.spec)
    try:
        chosen, account = prepare(spec)
    except UserError as error:
        raise UserError(f"{arguments.spec}: {error}") from None
    write(arguments.out, chosen, account)


if __name__ == "__main__":
    run_stage(main)
