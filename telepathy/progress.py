"""One progress bar: drawn on a terminal, silent in logs."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress(what: str, items: Iterable[Any] | None = None, **options: Any) -> Any:
    """A tqdm bar named `what`; disabled when stderr is no terminal."""
    return tqdm(items, desc=what, disable=not sys.stderr.isatty(), dynamic_ncols=True, **options)


def quiet_libraries() -> None:
    """Keep transformers' warnings out of our logs, and its bars too where nobody watches a terminal."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    if not sys.stderr.isatty():
        logging.disable_progress_bar()
