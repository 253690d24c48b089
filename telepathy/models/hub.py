"""Models on the Hugging Face hub, pinned by commit; and local folders of the same format."""

from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from telepathy.errors import fail
from telepathy.files import file_sha256

# Weights only as safetensors: the older formats are pickles, which run code when they are read.
PATTERNS = ["*.safetensors", "*.safetensors.index.json", "*.json", "tokenizer*", "*.txt", "LICENSE*"]


def fetch(spec: dict[str, Any]) -> Path:
    """Download (or find in the cache) one commit of a repository and return its folder.

    The token, if any, is read by huggingface_hub itself from HF_TOKEN or its own file; it is never shown.

    Raises:
        UserError: gated, unknown, or not reachable and not in the cache.
    """
    where = f"{spec['repo']}@{spec['revision'][:12]}"
    try:
        return Path(snapshot_download(spec["repo"], revision=spec["revision"], allow_patterns=PATTERNS))
    except GatedRepoError:
        fix = "accept its licence on its hub page, then run `hf auth login` or set HF_TOKEN"
        raise fail(where, "access to this model must be asked for", fix) from None
    except RepositoryNotFoundError:
        raise fail(where, "no such repository, or no access to it", "check `repo`, and set HF_TOKEN") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        fix = "connect to the network once, or point HF_HOME at a cache that holds this commit"
        raise fail(where, f"cannot be fetched ({reason})", fix) from None


def check_local(spec: dict[str, Any]) -> Path:
    """Find a local model folder and compare the sha256 of the files that the configuration names.

    Raises:
        UserError: no folder, no safetensors in it, or another sha256.
    """
    folder = Path(spec["path"]).expanduser()
    if not (folder / "config.json").is_file():
        raise fail(folder, "not a model folder (no config.json)", "point `path` at a Hugging Face style folder")
    if not any(folder.glob("*.safetensors")):
        raise fail(folder, "holds no .safetensors weights", "convert them; pickled weights are never loaded")
    for name, wanted in spec["sha256"].items():
        found = file_sha256(folder / name) if (folder / name).is_file() else "missing"
        if found != wanted:
            raise fail(folder / name, f"sha256 is {found}, not {wanted}", "restore the file or correct `sha256`")
    return folder.resolve()
