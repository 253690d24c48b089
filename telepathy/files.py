"""Small file helpers: canonical JSON, sha256, atomic writes, readable errors. Standard library only."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from telepathy.errors import fail, naming


def canonical(value: Any) -> str:
    """Give the one JSON text of a value: sorted keys, no spaces, no NaN. The base of every identity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any, length: int = 12) -> str:
    """First `length` hex digits of the sha256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


def text_sha256(text: str) -> str:
    """First 16 hex digits of the sha256 of a text: enough to pair rows, short enough to read."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Full sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file in a temporary folder beside `path`, flush it to disk, then rename it into place.

    A reader sees the old file or the whole new one, never a part; on an error nothing is left behind. A folder of its
    own, because some libraries put temporary files of theirs beside the file that they write.

    Raises:
        UserError: the disk is full, read-only or fails, or `path` may not be written.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
        temporary = folder / path.name
        try:
            write(temporary)
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def check_room(folder: Path) -> None:
    """Make sure that a folder can be written and has room for a beginning, before anything is started.

    Raises:
        UserError: full, read-only, or no right to write there.
    """
    with naming(folder.absolute()), tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(1 << 20))


def sweep(folder: Path, of: str = "") -> None:
    """Remove what writers that were killed left below a folder, of files whose names begin with `of`.

    The caller is the only writer of these.
    """
    for left in [*folder.rglob(f".{of}*.part")]:
        shutil.rmtree(left, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, with `\\n` line ends everywhere."""
    write_atomic(path, lambda part: part.write_bytes(text.encode()))


def write_json(path: Path, value: Any) -> None:
    """Write readable, deterministic JSON atomically."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, made_by: str) -> Any:
    """Read JSON; `made_by` names the command that makes the file, for the error message."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail(path, "no such file", f"make it with {made_by}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise fail(path, f"not readable as JSON ({error})", f"delete it and make it again with {made_by}") from None


def write_jsonl_gz(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one canonical JSON object a line, gzipped with neither name nor time: same rows, same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0, compresslevel=9) as packed:
        for row in rows:
            packed.write(canonical(row).encode() + b"\n")
    write_atomic(path, lambda part: part.write_bytes(buffer.getvalue()))


def read_jsonl_gz(path: Path, made_by: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped JSON-lines file; a damaged file is one clear error."""
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):  # noqa: B007 - named in the error
                yield json.loads(line)
    except FileNotFoundError:
        raise fail(path, "no such file", f"make it with {made_by}") from None
    except (OSError, EOFError, ValueError) as error:
        again = f"delete it and make it again with {made_by}"
        raise fail(path, f"damaged after line {number} ({error})", again) from None
    except Exception as error:  # zlib.error is no OSError
        if type(error).__module__ != "zlib":
            raise
        raise fail(path, f"damaged after line {number} ({error})", "delete it and make it again") from None
