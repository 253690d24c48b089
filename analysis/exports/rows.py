"""All rows of a build as one typed table: the fields of `telepathy.record.Row`, with the run that each row came from.

Croissant's reader guesses types from JSON lines, and would take the answer "007" for the number 7. In Parquet a text
stays a text.
"""

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.exports.facts import Facts
from telepathy.errors import fail
from telepathy.files import canonical, write_atomic
from telepathy.record import Row, read_run

SCHEMA = "telepathy/record.py"
RUN_FIELDS = {
    "task": "name of the task",
    "method": "name of the method",
    "run": "id of the run, a hash of its settings; see the record set `runs`",
}


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        name: as in the raw rows.
        description: one sentence, from the owner of the field.
        type: as Arrow stores it; objects are JSON texts.
        structured: whether it is such a text.
    """

    name: str
    description: str
    type: pa.DataType
    structured: bool = False

    def value(self, value: Any) -> Any:
        """A raw value as this column stores it."""
        return canonical(value) if self.structured and value is not None else value


def columns() -> list[Column]:
    """The columns: the run's, then the fields of a row with the types and descriptions of the schema.

    Raises:
        UserError: a field of the schema that its docstring does not describe, or of an unknown type.
    """
    described = dict(re.findall(r"^ +(\w+): (.+(?:\n {12}\S.*)*)$", Row.__doc__ or "", flags=re.MULTILINE))
    hints = get_type_hints(Row)
    found = [Column(name, text, pa.string()) for name, text in RUN_FIELDS.items()]
    for field in fields(Row):
        text = " ".join(described.get(field.name, "").split())
        if not text:
            raise fail(SCHEMA, f"`Row.{field.name}` is not described", "add it to the class's docstring")
        found.append(_column(field.name, text, hints[field.name]))
    return found


def _column(name: str, text: str, hint: Any) -> Column:
    if hint in (str, str | None):
        return Column(name, text, pa.string())
    if hint is bool:
        return Column(name, text, pa.bool_())
    if str(hint).startswith("dict["):
        return Column(name, f"{text} An object, as JSON.", pa.string(), structured=True)
    raise fail(SCHEMA, f"`Row.{name}` has the type {hint}, which has no column", "add it to analysis/exports/rows.py")


def table(facts: Facts) -> pa.Table:
    """All rows, in the order of the runs' folders and of the rows in each."""
    layout = columns()
    content: dict[str, list[Any]] = {column.name: [] for column in layout}
    for run in facts.runs:
        place = {"task": run.task, "method": run.method, "run": run.id}
        for row in read_run(facts.results / run.folder).rows:
            for column in layout:
                raw = place[column.name] if column.name in place else getattr(row, column.name)
                content[column.name].append(column.value(raw))
    schema = pa.schema([pa.field(column.name, column.type) for column in layout])
    return pa.table(content, schema=schema)


def write_table(facts: Facts, path: Path) -> None:
    """Write the table as Parquet: same rows, same bytes."""
    content = table(facts)
    write_atomic(path, lambda part: pq.write_table(content, part, compression="zstd"))
