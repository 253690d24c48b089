"""One writer at a time: jobs of two Snakemakes, or of one that was killed and started again, may want the same folder.

The lock is the operating system's, so it ends with its process, however that ends. Its empty file stays.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from telepathy.errors import naming


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder that is to be written; who comes second says so, and waits."""
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"{path}: another process is writing it; waiting for that", file=sys.stderr, flush=True)
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
