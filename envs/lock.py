"""Rewrite the locked requirements from pyproject.toml (needs `uv`; run `make lock`).

Four files come out, all hashed:

- `requirements.txt`, for every machine;
- `requirements-cuda.txt`, what only a GPU build of torch needs: CUDA libraries, 4-bit loading;
- `requirements-checks.txt`, what the extra `checks` adds to them, resolved together with them;
- `requirements-crate.txt`, the group `crate`, resolved alone: it goes into an environment of its own.

Versions that are locked stay as they are, as long as pyproject.toml allows; `--upgrade` takes the newest of all. Torch
itself is pinned by version in pyproject.toml: its build (CPU or CUDA) depends on the platform and on the index, so no
one hash fits all.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "pyproject.toml"
MAIN, CUDA_ONLY, CHECKS, CRATE = (f"requirements{part}.txt" for part in ("", "-cuda", "-checks", "-crate"))
CUDA = re.compile(r"^(nvidia-|cuda-|triton\b|bitsandbytes\b)")
NOTE = "# Written by envs/lock.py; edit pyproject.toml and run `make lock`.\n"


def resolve(words: list[str], present: list[str], upgrade: bool) -> dict[str, str]:
    """Let uv resolve.

    Args:
        words: what to resolve, as arguments of `uv pip compile`.
        present: lock files whose versions are kept.
        upgrade: whether to forget those.

    Returns:
        The lines of each requirement (version, hashes) by its first line.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "all.txt")
        # uv keeps the versions that it finds in the file it writes to.
        out.write_text("".join((HERE / name).read_text() for name in present if (HERE / name).exists()))
        subprocess.run(
            ["uv", "pip", "compile", *words, *(["--upgrade"] if upgrade else []), "--generate-hashes",
             "--python-version", "3.11", "--universal", "--no-header", "--no-annotate", "--no-emit-index-url",
             "--no-emit-find-links", "--quiet", "-o", str(out)],
            check=True,
        )  # fmt: skip
        blocks = re.findall(r"^\S+==.*?(?=^\S+==|^#|\Z)", out.read_text(), flags=re.MULTILINE | re.DOTALL)
    if not blocks:
        sys.exit("lock: uv resolved nothing")
    return {block.splitlines()[0]: block.rstrip() for block in blocks}


def write(name: str, blocks: list[str]) -> None:
    """Write a lock file."""
    (HERE / name).write_text(NOTE + "\n".join(blocks) + "\n")
    print(f"envs/{name}: {len(blocks)} packages")


def main() -> None:
    """Resolve, split by package name, write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="take the newest version of everything")
    upgrade = parser.parse_args().upgrade
    base = [str(PROJECT), "--extra", "slurm", "--extra", "quantized", "--extra", "dev", "--no-emit-package", "torch"]
    # Everything first, so that main packages and checkers agree; then the main packages alone, at those versions.
    everything = resolve([*base, "--extra", "checks"], [MAIN, CUDA_ONLY, CHECKS], upgrade)
    with tempfile.TemporaryDirectory() as folder:
        agreed = Path(folder, "agreed.txt")
        agreed.write_text("".join(line.removesuffix(" \\") + "\n" for line in everything))
        needed = resolve([*base, "--constraint", str(agreed)], [], upgrade=False)
    write(MAIN, [block for line, block in needed.items() if not CUDA.match(line)])
    write(CUDA_ONLY, [block for line, block in needed.items() if CUDA.match(line)])
    write(CHECKS, [block for line, block in everything.items() if line not in needed])
    write(CRATE, list(resolve(["--group", f"{PROJECT}:crate"], [CRATE], upgrade).values()))


if __name__ == "__main__":
    main()
