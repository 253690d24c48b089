"""A disk of a few kilobytes that only some processes see: a tmpfs in a mount namespace of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT


class SmallDisk:
    """A tmpfs at `folder`, for the processes that `run` starts.

    Attributes:
        inside: the folder as those processes call it.
        outside: the same folder as this process reaches it.
    """

    def __init__(self, folder: Path, size: int):
        folder.mkdir()
        self.inside = folder
        self._user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        mount = 'mount -t tmpfs -o "size=$1" none "$2" && echo ready && exec cat'
        self._holder = subprocess.Popen(
            ["unshare", *(["--map-root-user"] if self._user else []), "--mount", "--propagation", "private",
             "bash", "-c", mount, "_", str(size), str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        if self._holder.stdout.readline() != "ready\n":
            self.close()
            pytest.skip("this user may not mount a tmpfs in a namespace of its own")
        self.outside = Path(f"/proc/{self._holder.pid}/root{folder}")

    def run(self, *words: object, cwd: Path = ROOT, stderr: Path | None = None) -> subprocess.CompletedProcess:
        """Run a command that sees the disk; `stderr` is a file on it that takes what the command says."""
        log = f' 2> "{stderr}"' if stderr else ""
        return subprocess.run(
            ["nsenter", f"--target={self._holder.pid}", "--mount", *self._user,
             "bash", "-c", f'cd "$0" && exec "$@"{log}', str(cwd), *map(str, words)],
            env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip

    def stage(self, *words: object, stderr: Path | None = None) -> subprocess.CompletedProcess:
        """Run `python -m ...` as a user would."""
        return self.run(sys.executable, "-m", *words, stderr=stderr)

    def remount(self, options: str) -> None:
        """Give the disk another size (`size=64m`), or make it read-only (`ro`)."""
        done = self.run("mount", "-o", f"remount,{options}", self.inside)
        assert done.returncode == 0, done.stderr

    def files(self) -> dict[str, bytes]:
        """All files on it that are no locks, by relative path."""
        return contents(self.outside)

    def close(self) -> None:
        """End the namespace, and with it the disk."""
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder that are no locks, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }
