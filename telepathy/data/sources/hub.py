"""Rows from the Hugging Face hub, pinned by commit and read with `datasets`; code of a data set is never run.

The whole commit is fetched into the hub's cache and read from there: `datasets` by itself would, without a network,
take whatever version it read last. Where `repo` is a folder on this machine, that copy is read instead and the
revision does not matter.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from telepathy.config.tasks import HubData
from telepathy.data.sources import RawRow, Source
from telepathy.data.sources.files import tree_sha256
from telepathy.errors import UserError, fail, told

CODE = ["*.py", "*.pkl", "*.pickle", "*.pt", "*.bin"]


def read(data: HubData, wanted: list[str], columns: list[str]) -> Source:
    """Read the wanted splits.

    Raises:
        UserError: a data set, configuration, revision or split that cannot be read.
    """
    import datasets

    from telepathy.hub import snapshot

    datasets.disable_progress_bars()
    for name in ("datasets", "fsspec"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is told once, in our words
    folder = Path(data.repo)
    provenance: dict[str, Any] = {"kind": data.kind, "name": data.name}
    if folder.is_dir():
        provenance |= {"folder": folder.name, "sha256": tree_sha256(folder)}
    else:
        folder = snapshot(data.repo, data.revision, "dataset", None, CODE)
        provenance |= {"repo": data.repo, "revision": data.revision}
    with tempfile.TemporaryDirectory(prefix="telepathy-data-") as scratch:
        rows = {split: _split(folder, data, split, columns, scratch) for split in wanted}
    return Source(rows, 0, provenance)


def _split(folder: Path, data: HubData, split: str, columns: list[str], scratch: str) -> list[RawRow]:
    import datasets

    where = f"data.repo: {data.repo}"
    kept: dict[str, Any] = {"split": split, "cache_dir": scratch, "name": data.name}
    if data.name is not None and (folder / data.name).is_dir():
        kept |= {"name": None, "data_dir": data.name}
    try:
        loaded = datasets.load_dataset(str(folder), **kept)
        absent = [name for name in loaded.column_names if name not in columns]
        present = [name for name in loaded.column_names if name in columns]
        content = loaded.select_columns(present) if present else loaded
        return [RawRow(f"{split}:{n}", row | dict.fromkeys(absent)) for n, row in enumerate(content)]
    except UserError:
        raise
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        if "nknown split" in reason or "Bad split" in reason:
            raise fail(where, f"no split `{split}` ({reason})", "correct `splits`") from None
        if line := told(error):
            raise line from None
        fix = "check `repo`, `name` and `revision`, or set `data.repo` to the folder of a local copy"
        reason = reason.splitlines()[0]
        if error.__cause__ is not None and str(error.__cause__).strip():
            reason += f": {str(error.__cause__).strip().splitlines()[0]}"
        raise fail(where, f"split `{split}` cannot be read ({reason})", fix) from None
