"""One side of a comparison of two builds: what was computed and from which rows, read from a folder or a commit."""

import csv
import hashlib
import io
import json
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from telepathy.errors import fail

VALUES, COMPARISONS = "values.json", "statistics/comparisons.json"
TABLES, ROWS = "tables/*.csv", "runs/*/*/*/rows.jsonl.gz"
TIMES = "tables/speed.csv"
MADE_BY = "make it again with `snakemake`"


@dataclass(frozen=True)
class Snapshot:
    """A build, as far as two builds are compared.

    Attributes:
        title: folder or `REV:path`, as given.
        values: printable values by id; None for a folder that holds raw runs only.
        tables: cells of each table with its head, by name; but for measured times.
        runs: run id -> `path` and `sha256` of its rows file.
    """

    title: str
    values: dict[str, dict[str, Any]] | None
    tables: dict[str, list[list[str]]]
    runs: dict[str, dict[str, str]]


def read_snapshot(name: str) -> Snapshot:
    """Read a results folder, or one in a commit.

    Args:
        name: a folder, or `REV:path` with a path from the top of the repository of the current folder.

    Raises:
        UserError: neither, a folder without results, or a file that is not what it should be.
    """
    rev, colon, path = name.partition(":")
    if Path(name).is_dir():
        files = _of_folder(Path(name))
    elif colon:
        files = _of_commit(name, rev, path)
    else:
        raise fail(name, "no such folder", "name a results folder, or REV:path for one in a commit")
    tables = {
        PurePosixPath(path).stem: _csv(f"{name}/{path}", content)
        for path, content in sorted(files.items())
        if _matches(path, TABLES)
    }
    rows = {path: content for path, content in sorted(files.items()) if _matches(path, ROWS)}
    if VALUES not in files:
        if not rows:
            raise fail(name, "neither values.json nor raw runs in it", "name a results folder such as results/quick")
        sums = {path: hashlib.sha256(content).hexdigest() for path, content in rows.items()}
        runs = {PurePosixPath(path).parent.name: {"path": path, "sha256": sha256} for path, sha256 in sums.items()}
        return Snapshot(name, None, tables, runs)
    if COMPARISONS not in files:
        raise fail(f"{name}/{COMPARISONS}", "no such file, but values.json is there", MADE_BY)
    values, comparisons = (_json(f"{name}/{path}", files[path]) for path in (VALUES, COMPARISONS))
    try:
        by_id = {value["id"]: {key: value[key] for key in ("value", "text", "unit")} for value in values}
        runs = {run: {key: found[key] for key in ("path", "sha256")} for run, found in comparisons["rows"].items()}
    except (TypeError, KeyError, AttributeError) as error:
        raise fail(name, f"values.json or {COMPARISONS} is not as it should be ({error!r})", MADE_BY) from None
    return Snapshot(name, by_id, tables, runs)


def _wanted(path: str, built: bool) -> bool:
    """Whether a file of a results folder is read; rows only where nothing was computed from them."""
    if path in (VALUES, COMPARISONS):
        return True
    return path != TIMES and (_matches(path, TABLES) or (not built and _matches(path, ROWS)))


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")


def _of_folder(folder: Path) -> dict[str, bytes]:
    found = [folder / VALUES, folder / COMPARISONS, *folder.glob(TABLES), *folder.glob(ROWS)]
    built = (folder / VALUES).is_file()
    paths = {path.relative_to(folder).as_posix(): path for path in found if path.is_file()}
    return {name: path.read_bytes() for name, path in paths.items() if _wanted(name, built)}


def _of_commit(name: str, rev: str, path: str) -> dict[str, bytes]:
    """The files of a folder in a commit; nothing is checked out, nothing is written."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise fail(name, "not a path from the top of the repository", "write REV:results/archive/<preset>")
    if not rev or rev.startswith("-"):
        raise fail(name, "not a revision", "write REV:path, such as HEAD~1:results/archive/quick")
    top = _git(name, "rev-parse", "--show-toplevel").decode().strip()
    commit = _git(name, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}").decode().strip()
    folder = "/".join(part for part in parts if part != ".") + "/"
    listed = _git(name, "-C", top, "--literal-pathspecs", "ls-tree", "-r", "-z", commit, "--", folder).decode()
    blobs = {}
    for entry in filter(None, listed.split("\0")):
        about, _, place = entry.partition("\t")
        mode, kind, blob = about.split()
        if kind == "blob" and mode != "120000" and place.startswith(folder):
            blobs[place.removeprefix(folder)] = blob
    if not blobs:
        raise fail(name, "no such folder in this commit", "write a path from the top of the repository")
    built = VALUES in blobs
    return {path: _git(name, "cat-file", "blob", blob) for path, blob in blobs.items() if _wanted(path, built)}


def _git(name: str, *arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise fail(name, "git is not installed", "install it, or name a folder") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or "no such revision"
        raise fail(name, said, "name a results folder, or REV:path for one in a commit") from None


def _json(where: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise fail(where, f"not readable as JSON ({error})", MADE_BY) from None


def _csv(where: str, content: bytes) -> list[list[str]]:
    try:
        lines = list(csv.reader(io.StringIO(content.decode()), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise fail(where, f"not readable as a table ({error})", MADE_BY) from None
    if not lines:
        raise fail(where, "an empty table", MADE_BY)
    return lines
