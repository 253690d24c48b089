"""One cluster for all checks of a session; what it leaves behind is looked for when it is down."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from traces import files_in_places, left_behind


@pytest.fixture(scope="session")
def base() -> Iterator[Path]:
    """A folder for cluster and builds, with the short path that sockets need; jobs' temporary files go there too."""
    folder = Path(tempfile.mkdtemp(prefix="telepathy-slurm-", dir="/tmp"))
    (folder / "tmp").mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder / "tmp")
    try:
        yield folder
    finally:
        os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(base: Path) -> Iterator[Cluster]:
    """A running cluster. Its end is checked: an error here says what was left."""
    Cluster(base / "c").start()  # installs packages, which may bring files that stay
    Cluster(base / "c").stop()
    before = files_in_places()
    found = Cluster(base / "c")
    print("\n" + found.start().strip())
    try:
        yield found
    finally:
        print(found.stop().strip())
        left = left_behind(base / "c", before)
    assert not left, "left behind:\n" + "\n".join(left)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say when a check is done: they take minutes."""
    if report.when == "call":
        print(f"\n[{time.strftime('%H:%M:%S')}] {report.outcome} after {report.duration:.0f} s", flush=True)
