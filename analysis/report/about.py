"""What a table or figure shows, in the words of its module. Reads the text of the module and imports nothing."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def about(kind: str, name: str) -> str:
    """First line of the docstring of `analysis/<kind>/<name>.py`, kind being `tables` or `figures`."""
    path = ROOT / "analysis" / kind / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.sub(r"\s+", " ", text.partition("\n\n")[0])
