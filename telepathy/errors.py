"""One kind of error for everything that a person can mend, and one way to show it."""

import sys
from collections.abc import Callable
from pathlib import Path


class UserError(Exception):
    """A problem with the input. The message is one line: which file, which key, what to do."""


def fail(where: str | Path, what: str, fix: str) -> UserError:
    """Compose the one line that every bad input gets: `where: what; fix`."""
    return UserError(f"{where}: {what}; {fix}")


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`; a UserError becomes one line on stderr and exit status 2, never a traceback."""
    try:
        main()
    except UserError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
