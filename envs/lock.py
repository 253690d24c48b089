"""Rewrite the locked requirements from pyproject.toml (needs `uv`; run `make lock`).

Two files come out, both hashed: `requirements.txt` for every machine, and `requirements-cuda.txt` with the
CUDA libraries that only a GPU build of torch needs. Torch itself is pinned by version in pyproject.toml: its
build (CPU or CUDA) depends on the platform and on the index, so no one hash fits all.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")


def main() -> None:
    """Resolve once, split by package name, write both files."""
    with tempfile.TemporaryDirectory() as folder:
        resolved = Path(folder, "all.txt")
        subprocess.run(
            ["uv", "pip", "compile", str(HERE.parent / "pyproject.toml"), "--extra", "slurm", "--extra", "dev",
             "--generate-hashes", "--no-emit-package", "torch", "--python-version", "3.11", "--universal",
             "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", "-o", str(resolved)],
            check=True,
        )  # fmt: skip
        text = resolved.read_text()
    requirements = re.findall(r"^\S+==.*?(?=^\S+==|^#|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if not requirements:
        sys.exit("lock: uv resolved nothing")
    note = "# Written by envs/lock.py; edit pyproject.toml and run `make lock`.\n"
    for name, wanted in (("requirements.txt", False), ("requirements-cuda.txt", True)):
        chosen = [block.rstrip() for block in requirements if bool(CUDA.match(block)) is wanted]
        (HERE / name).write_text(note + "\n".join(chosen) + "\n")
        print(f"envs/{name}: {len(chosen)} packages")


if __name__ == "__main__":
    main()
