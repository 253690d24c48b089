"""Files of a folder as JSON values; what cannot be read is named with its reason."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from analysis.audit.finding import shown
from analysis.audit.model import Document
from telepathy.errors import fail

LARGEST = 200_000_000
"""Bytes of a file (unpacked) that are read."""
SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")
FIX = "name a folder with JSON results"


def files(folder: Path) -> list[Path]:
    """Files with results below a folder, in the order of their names; hidden ones are left out.

    Raises:
        UserError: no such folder, or nothing in it that could be results.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise fail(folder, "no such folder", FIX)
    found = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.name.lower().endswith(SUFFIXES) and path.is_file() and not hidden:
            found.append(path)
    if not found:
        raise fail(folder, "no JSON file below it", FIX)
    return found


def name(path: Path, folder: Path) -> str:
    """A file's name in findings: relative to the folder, with `/`."""
    return path.name if folder.is_file() else path.relative_to(folder).as_posix()


def documents(folder: Path) -> tuple[list[Document], dict[str, str]]:
    """All files as JSON values, and the unreadable ones with their reasons."""
    found, broken = [], {}
    for path in files(folder):
        where = name(path, folder)
        try:
            found.append(Document(where, content(path)))
        except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
            broken[where] = shown(str(error) or type(error).__name__)
    return found, broken


def content(path: Path) -> Any:
    """One file's content; JSON lines become a list.

    Raises:
        ValueError: not JSON, or too large.
    """
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rb") as packed:
            raw = packed.read(LARGEST + 1)
    else:
        with path.open("rb") as plain:
            raw = plain.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError(f"larger than {LARGEST:,} bytes")
    text = raw.decode("utf-8-sig")
    if any(path.name.lower().endswith(end) for end in (".jsonl", ".ndjson", ".jsonl.gz")):
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]
