"""One commit of a repository on the Hugging Face hub, downloaded or found in its cache, and checked against it."""

import hashlib
import logging
import os
import re
import sys
from pathlib import Path

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils import disable_progress_bars

from telepathy.errors import UserError, fail, naming
from telepathy.files import file_sha256


def snapshot(repo: str, revision: str, kind: str, wanted: list[str] | None, unwanted: list[str]) -> Path:
    """Folder of one commit in the hub's cache, whole and unchanged; the network is asked only for what it lacks.

    The token, if any, is read by huggingface_hub itself from HF_TOKEN or its own file; it is never shown.

    Args:
        repo: such as `mistralai/Mistral-7B-v0.3`.
        revision: a commit.
        kind: `model` or `dataset`.
        wanted: patterns of files to download; None for all.
        unwanted: patterns of files to leave out.

    Raises:
        UserError: gated, unknown, not reachable and not in the cache, or damaged.
    """
    where = f"{kind} {repo}@{revision[:12]}"
    # What goes wrong is told once, in our words.
    for name in ("huggingface_hub", "httpx2", "httpx"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        with naming(Path(constants.HF_HUB_CACHE)):
            folder = Path(
                snapshot_download(
                    repo, repo_type=kind, revision=revision, allow_patterns=wanted, ignore_patterns=unwanted
                )
            )
    except GatedRepoError as error:
        page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{repo}"
        login = "" if error.response.status_code == 403 else ", then run `hf auth login` or set HF_TOKEN"
        raise fail(where, "access to it must be asked for", f"accept its licence at {page}{login}") from None
    except RevisionNotFoundError:
        raise fail(where, "the repository has no such commit", "correct `revision`") from None
    except RepositoryNotFoundError:
        raise fail(where, "no such repository, or no access to it", "check `repo`, and set HF_TOKEN") from None
    except UserError:
        raise
    except HfHubHTTPError as error:
        if error.response.status_code not in (401, 403):
            raise _unreachable(where, error) from None
        raise fail(where, "the hub refuses the token", "renew HF_TOKEN, or log in with `hf auth login`") from None
    except Exception as error:  # every layer below (http, xet, the cache) has classes of its own
        raise _unreachable(where, error) from None
    _verify(folder)
    return folder


def _unreachable(where: str, error: BaseException) -> UserError:
    """The line for an error of the hub's client; what lies at its bottom is the reason."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines() or [""]
    reason = f"{type(error).__name__}: {lines[0][:200]}"
    if constants.HF_HUB_OFFLINE:
        reason = "not in the cache, and HF_HUB_OFFLINE is set"
    fix = "connect to the network once, point HF_HOME at a cache that holds this commit, or use a local copy"
    return fail(where, f"cannot be fetched ({reason})", fix)


def _verify(folder: Path) -> None:
    """Compare files with the names of the blobs that they link to: sha256, or git's sha1 for small ones.

    The client itself compares sizes only. A cache without links has nothing to compare with.
    """
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink():
            continue
        name = os.path.basename(path.readlink())
        if not path.exists():
            raise fail(path, "its blob is not in the cache", f"delete {folder} and run again")
        found = file_sha256(path) if re.fullmatch("[0-9a-f]{64}", name) else name
        if re.fullmatch("[0-9a-f]{40}", name):
            content = path.read_bytes()
            found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        if found != name:
            blob = path.parent / path.readlink()
            raise fail(path, "damaged: not the content of this commit", f"delete {blob.resolve()} and run again")
