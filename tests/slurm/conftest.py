"""One cluster for all checks of a session; what it leaves behind is looked for when it is down."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from traces import files_in_places, left_behind, processes_of


@pytest.fixture(scope="session")
def base(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder for cluster and builds, with the short path that sockets need; jobs' temporary files go there too.

    Afterwards everything of it must be gone: an error at the end says what was left.
    """
    Cluster.install(accounting=any("accounted" in item.fixturenames for item in request.session.items))
    before = files_in_places()
    folder = Path(tempfile.mkdtemp(prefix="telepathy-cluster-", dir="/tmp"))
    (folder / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder / "tmp"))
        yield folder
    left = processes_of(folder)
    shutil.rmtree(folder)
    left += left_behind(folder, before)
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture(scope="session")
def cluster(base: Path) -> Iterator[Cluster]:
    """A running cluster."""
    yield from running(Cluster(base / "c"))


@pytest.fixture(scope="module")
def accounted(base: Path) -> Iterator[Cluster]:
    """A cluster of its own that keeps accounts."""
    yield from running(Cluster(base / "a", accounting=True))


def running(cluster: Cluster) -> Iterator[Cluster]:
    print("\n" + cluster.start().strip())
    yield cluster
    print(cluster.stop().strip())
    assert not cluster.folder.exists()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say when a check is done: they take minutes."""
    if report.when == "call":
        print(f"\n[{time.strftime('%H:%M:%S')}] {report.outcome} after {report.duration:.0f} s", flush=True)
