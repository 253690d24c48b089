"""What tests in several folders share."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def command(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """Run `python -m ...` as a user would."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, words)], capture_output=True, text=True, cwd=cwd, check=False
    )


def one_clear_line(done: subprocess.CompletedProcess, *wanted: str) -> None:
    """Assert the shape of every error for bad input: exit 2, one line on stderr, no traceback."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for word in wanted:
        assert word in lines[0], lines[0]
