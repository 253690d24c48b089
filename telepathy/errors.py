"""One kind of error for everything that a person can mend, and one way to show it. Standard library only."""

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MACHINE = {
    errno.ENOSPC: ("no space left on its disk", "free some and run again"),
    errno.EDQUOT: ("the disk quota is used up", "free some and run again"),
    errno.EFBIG: ("files may not grow so large here", "raise the limit (`ulimit -f`) and run again"),
    errno.EROFS: ("its file system is read-only", "mount it writable, or work in another folder"),
    errno.EACCES: ("permission denied", "ask for the right to it, or work in another folder"),
    errno.EPERM: ("operation not permitted", "ask for the right to it, or work in another folder"),
    errno.EIO: ("the disk reports an input/output error", "check the disk (`dmesg`), then run again"),
    errno.ESTALE: ("its network file system went away", "check the mount, then run again"),
}
"""Errors of the operating system that are no bug of ours: what they mean, and what to do."""

LIBRARY = re.compile(r"\(os error (\d+)\)|\[Errno (\d+)\]", re.IGNORECASE)
"""How libraries that are written in Rust or C++ report such an error in words."""

MORE_MEMORY = "ask for more (`mem_mb` of the job), close other programs, or lower `training.batch`"
MORE_GPU_MEMORY = "lower `training.batch` and raise `accumulation`, set `hardware.checkpointing`, or use a larger GPU"


class UserError(Exception):
    """A problem with the input. The message is one line: which file, which key, what to do."""


def fail(where: str | Path, what: str, fix: str) -> UserError:
    """Compose the one line that every bad input gets: `where: what; fix`."""
    return UserError(f"{where}: {what}; {fix}")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let a full disk, missing rights and the like name `path`, whoever reports them, in whatever words.

    Raises:
        UserError: if that was the reason; any other error goes through as it is.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        number = _number(error)
        if number not in MACHINE:
            raise
        raise fail(path, *MACHINE[number]) from error


def told(error: BaseException) -> UserError | None:
    """The line for an error that a person can mend: a UserError, a disk, rights, memory. None for a bug."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, UserError):
            return link
        if (number := _number(link)) in MACHINE:
            where = getattr(link, "filename", None)
            return fail(where if isinstance(where, str | Path) else "a file", *MACHINE[number])
        if what := _memory(link):
            return what
        link = link.__cause__
    return None


def _number(error: BaseException) -> int:
    """The operating system's number of an error; 0 if it has none."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = LIBRARY.search(str(error))
    return int(found[1] or found[2]) if found else 0


def _memory(error: BaseException) -> UserError | None:
    # By name: what has to be told apart here comes from torch, which many stages do not import.
    first = (str(error).strip().splitlines() or [""])[0][:200]
    if type(error).__name__ == "OutOfMemoryError":
        return fail("memory of the GPU", f"used up ({first})", MORE_GPU_MEMORY)
    if isinstance(error, MemoryError) or _number(error) == errno.ENOMEM or "DefaultCPUAllocator: can't" in first:
        return fail("memory", f"used up ({first})" if first else "used up", MORE_MEMORY)
    return None


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`; what a person can mend becomes one line and exit status 2, a bug keeps its traceback."""
    try:
        main()
    except Exception as error:
        line = told(error)
        if line is None:
            raise
        _say(f"error: {' '.join(str(line).split())}\n")
        raise SystemExit(2) from None


def _say(line: str) -> None:
    """Print on stderr; where that is a log file on the full disk, on stdout."""
    for stream in (sys.stderr, sys.stdout):
        try:
            stream.write(line)
            stream.flush()
        except OSError:
            # Python would try to write the rest again at its end, and change the exit status.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        else:
            return
