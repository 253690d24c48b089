"""The raw run: what a run leaves behind, how it is written and how it is read. No torch, no pandas.

A folder `runs/<task>/<method>/<run id>/` holds

- `run.json`: schema version, the resolved configuration, input hashes, a summary. No time, no host: a second
  build on the same kind of machine gives the same bytes.
- `rows.jsonl.gz`: one object for each test row (see `Row`). Every number of the paper comes from here.
- `train.jsonl`: one object for each logged step (trained methods only).
- `environment.json`: host, versions, times, and the history of the run's starts. Never the input of a number.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from telepathy.errors import fail
from telepathy.files import read_json, read_jsonl_gz, sweep, write_json, write_jsonl_gz
from telepathy.history import so_far

SCHEMA_VERSION = 2
MADE_BY = "`snakemake`"


@dataclass(frozen=True)
class Row:
    """One test row's outcome.

    Attributes:
        id: row id of the data set, unique within a task.
        text: hash of the item's text; with `id` the key by which runs are paired.
        prompt: hash of everything the models were shown for this row.
        gold: gold label or final answer.
        prediction: predicted label or extracted final answer; None if nothing could be parsed.
        parsed: whether the output could be read as an answer.
        scores: label -> log-probability (closed label sets), else None.
        output: generated text (open answers), else None.
        source: the item's text (open answers), for metrics that ask what of it reached the output; else None.
        entities: numbers, names and things of a generated problem's text, else None.
    """

    id: str
    text: str
    prompt: str
    gold: str
    prediction: str | None
    parsed: bool
    scores: dict[str, float] | None = None
    output: str | None = None
    source: str | None = None
    entities: dict[str, list[str]] | None = None

    @property
    def correct(self) -> bool:
        """Whether the prediction is the gold answer; an unparsed row is wrong."""
        return self.parsed and self.prediction == self.gold


@dataclass(frozen=True)
class RawRun:
    """A raw run as read from disk."""

    folder: Path
    record: dict[str, Any]
    rows: list[Row]
    training: list[dict[str, Any]] = field(default_factory=list)


def summary(rows: list[Row]) -> dict[str, Any]:
    """Counts that a reader wants to see in `run.json`; every table recomputes them from the rows."""
    correct = sum(row.correct for row in rows)
    return {
        "n": len(rows),
        "correct": correct,
        "accuracy": correct / len(rows),
        "unparsed": sum(not row.parsed for row in rows),
    }


def write_run(folder: Path, record: dict[str, Any], rows: list[Row], environment: dict[str, Any]) -> None:
    """Write a raw run; `run.json` comes last, so its presence means that the run is whole.

    Args:
        folder: the run's folder.
        record: `spec`, `resolved` and `inputs` of the run; schema version and summary are added here.
        rows: outcomes, one for each test row, in the data set's order.
        environment: volatile facts.

    Raises:
        UserError: no rows, or a row id twice.
    """
    if not rows:
        raise fail(folder, "a run without rows", "use at least one test row")
    if len({row.id for row in rows}) != len(rows):
        raise fail(folder, "a row id appears twice", "mend the task's row ids")
    sweep(folder)
    write_jsonl_gz(folder / "rows.jsonl.gz", (_written(row) for row in rows))
    write_json(folder / "environment.json", environment | {"history": so_far(folder)})
    write_json(folder / "run.json", {"schema_version": SCHEMA_VERSION, "summary": summary(rows)} | record)


def _written(row: Row) -> dict[str, Any]:
    """A row as its line says it; fields that do not exist for the task are left out."""
    content = asdict(row)
    return {key: content[key] for key in content if content[key] is not None or key in ("prediction",)}


def read_run(folder: Path) -> RawRun:
    """Read and check a raw run.

    Raises:
        UserError: a missing or damaged file, another schema version, or rows that contradict the summary.
    """
    record = read_json(folder / "run.json", MADE_BY)
    if not isinstance(record, dict) or record.get("schema_version") != SCHEMA_VERSION:
        raise fail(folder / "run.json", f"schema version is not {SCHEMA_VERSION}", "make the run again")
    path = folder / "rows.jsonl.gz"
    try:
        rows = [Row(**content) for content in read_jsonl_gz(path, MADE_BY)]
    except TypeError as error:
        raise fail(path, f"a row does not fit the schema ({error})", "make the run again") from None
    if not rows or summary(rows) != record.get("summary"):
        raise fail(path, "the rows contradict the summary in run.json", "make the run again")
    training: list[dict[str, Any]] = []
    if (folder / "train.jsonl").exists():
        training = read_log(folder / "train.jsonl")
    return RawRun(folder, record, rows, training)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read a training log."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise fail(path, f"not readable ({error})", "make the run again") from None
