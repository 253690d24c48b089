"""Which of our own source files a module needs: the inputs of the rule that runs it.

Snakemake sees an edit only in files that a rule names. This walk reads `import` statements without importing
anything, so that editing one figure rebuilds that figure and editing the bridge retrains the bridge.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

from telepathy.errors import UserError
from telepathy.files import read_json, write_json

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("telepathy", "analysis")


@cache
def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(module: str) -> frozenset[str]:
    path = _file(module)
    if path is None:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in found if name.split(".")[0] in PACKAGES and _file(name))


@cache
def sources(*modules: str) -> list[str]:
    """Paths, relative to the project, of the given modules and of all of ours that they import.

    Package `__init__` files on the way are included, since importing a module runs them.
    """
    todo, seen = list(modules), set()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        todo += [*_imports(module), *([parent] if parent else [])]
    files = {_file(module) for module in seen} - {None}
    return sorted(path.relative_to(ROOT).as_posix() for path in files if path)


def stamp(folder: Path, *modules: str) -> str:
    """Path of a file in `folder` with the sha256 of each of a stage's sources; it is written only when one changed.

    One input instead of a hundred for each of thousands of jobs: Snakemake looks at every input of every job.
    """
    path = folder / f"{'-'.join(modules)}.json"
    found = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in sources(*modules)}
    if not (path.exists() and _holds(path, found)):
        write_json(path, found)
    return path.as_posix()


def _holds(path: Path, content: dict[str, str]) -> bool:
    try:
        return bool(read_json(path, "snakemake") == content)
    except UserError:
        return False  # damaged: write it again


def modules(folder: str) -> list[str]:
    """Names of the modules in a folder of this project that stand for an output each (no leading underscore)."""
    return sorted(path.stem for path in (ROOT / folder).glob("[a-z]*.py"))
