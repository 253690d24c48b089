"""Rows from the Hugging Face hub through `datasets`, pinned by commit; code of a data set is never run.

Where `repo` is a folder on this machine, that copy is read instead and the revision does not matter.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from telepathy.config.tasks import HubData
from telepathy.data.sources import RawRow, Source
from telepathy.data.sources.files import tree_sha256
from telepathy.errors import UserError, fail


def read(data: HubData, wanted: list[str], columns: list[str]) -> Source:
    """Read the wanted splits.

    Raises:
        UserError: a data set, configuration, revision or split that cannot be read.
    """
    import datasets

    datasets.disable_progress_bars()
    for name in ("datasets", "huggingface_hub", "httpx", "fsspec"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is told once, in our words
    folder = Path(data.repo)
    local = folder.is_dir()
    provenance: dict[str, Any] = {"kind": data.kind, "name": data.name}
    if local:
        provenance |= {"folder": folder.name, "sha256": tree_sha256(folder)}
    else:
        provenance |= {"repo": data.repo, "revision": data.revision}
    with tempfile.TemporaryDirectory(prefix="telepathy-data-") as scratch:
        rows = {split: _split(data, split, columns, scratch if local else None) for split in wanted}
    return Source(rows, 0, provenance)


def _split(data: HubData, split: str, columns: list[str], scratch: str | None) -> list[RawRow]:
    import datasets

    where = f"data.repo: {data.repo}"
    kept: dict[str, Any] = {"split": split, "name": data.name}
    if scratch is None:
        kept["revision"] = data.revision
    else:
        kept["cache_dir"] = scratch
        if data.name is not None and (Path(data.repo) / data.name).is_dir():
            kept |= {"name": None, "data_dir": data.name}
    try:
        loaded = datasets.load_dataset(data.repo, **kept)
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
        fix = "check repo, name, revision and the network, or set `data.repo` to the folder of a local copy"
        reason = reason.splitlines()[0]
        if error.__cause__ is not None and str(error.__cause__).strip():
            reason += f": {str(error.__cause__).strip().splitlines()[0]}"
        raise fail(where, f"split `{split}` cannot be read ({reason})", fix) from None
