"""The command line that the stages share."""

import argparse
from pathlib import Path


def stage_arguments(doc: str | None, spec: str, out: str, cache: str | None = None) -> argparse.ArgumentParser:
    """A parser whose --help is the stage's docstring.

    Args:
        doc: the module's docstring, with a line to paste.
        spec: what the specification describes.
        out: what is written where.
        cache: what is read from the cache; None for stages that read nothing.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=Path, required=True, help=f"{spec} specification, from the plan")
    if cache is not None:
        parser.add_argument("--cache", type=Path, required=True, help=f"where {cache} lie")
    parser.add_argument("--out", type=Path, required=True, help=out)
    return parser
