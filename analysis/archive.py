"""Pack the raw runs of a preset into an archive that git can hold, and put them back, checked byte by byte.

    python -m analysis.archive pack    --preset quick      # results/quick -> results/archive/quick
    python -m analysis.archive verify  --preset quick      # every file against the manifest
    python -m analysis.archive restore --preset quick      # results/archive/quick -> results/quick
    python -m analysis.archive compare --preset quick      # what is built now against what was built when packing

An archive holds what every number of the paper is made from: records, rows, training logs, environments, and the plan
that names them; no weights. `manifest.json` has the sha256 of each file, `manifest.sha256` that of the manifest. A file
that changed, is missing, is not listed, is a link, or would lie outside the archive stops everything, by name. The
manifest also has the sha256 of the values, tables and figures that had been built from the runs, so that a replay
elsewhere can be held against them; `compare` fails if printed numbers, tables or sentences differ.
"""

import argparse
import hashlib
import inspect
import json
import os
import re
import shutil
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from telepathy.errors import UserError, fail, run_stage
from telepathy.files import file_sha256, read_json, write_atomic, write_json, write_text
from telepathy.record import read_run

MADE_BY = "`python -m analysis.archive pack`"
FILES = ("run.json", "rows.jsonl.gz", "environment.json")
LOG = "train.jsonl"
PLAN = "plan/overview.json"
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
SCHEMA_VERSION = 2
BUILT = ("values.json", "tables/*.csv", "tables/*.tex", "figures/*.csv", "figures/*.pdf", "figures/*.png", "text/*.tex")
PRINTED = "values as printed"
"""Every value's id and text: the same on processors that differ in the last digits of a float."""
RUN = re.compile(r"runs/[a-z0-9_]+/[a-z0-9_]+/[0-9a-f]{12}/(run\.json|rows\.jsonl\.gz|environment\.json|train\.jsonl)")


def wanted(plan: dict[str, Any]) -> list[str]:
    """Files of a plan's runs, relative to the preset's results."""
    names = []
    for run in plan["runs"].values():
        trained = run["spec"]["recipe"]["kind"] in ("bridge", "prompt_tuning", "lora")
        names += [f"{run['folder']}/{name}" for name in (*FILES, *([LOG] if trained else []))]
    return sorted(names)


def pack(results: Path, archive: Path) -> int:
    """Copy a preset's raw runs and plan, each checked by reading it; the old archive is replaced when all is there.

    Returns:
        Bytes of the archive.

    Raises:
        UserError: a run that is missing or damaged.
    """
    plan = read_json(results / PLAN, "`snakemake`")
    for run in plan["runs"].values():
        read_run(results / run["folder"])
    fresh = archive.with_name(f".{archive.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        for name in [PLAN, *wanted(plan)]:
            if not (results / name).is_file():
                raise fail(results / name, "no such file", "let the preset finish first (`snakemake`)")
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results / name, fresh / name)
        hashes = {name: file_sha256(fresh / name) for name in [PLAN, *wanted(plan)]}
        content = {"schema_version": SCHEMA_VERSION, "preset": plan["preset"], "runs": len(plan["runs"])}
        write_json(fresh / MANIFEST, content | {"built": built(results), "sha256": hashes})
        write_text(fresh / SEAL, file_sha256(fresh / MANIFEST) + "\n")
        shutil.rmtree(archive, ignore_errors=True)
        fresh.rename(archive)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())


def built(results: Path) -> dict[str, str]:
    """sha256 of the values, tables, figures and sentences of a preset, as far as they are built."""
    paths = sorted(path for pattern in BUILT for path in results.glob(pattern))
    found = {path.relative_to(results).as_posix(): file_sha256(path) for path in paths}
    if "values.json" in found:
        texts = [[value["id"], value["text"]] for value in read_json(results / "values.json", "`snakemake`")]
        printed = json.dumps(texts, ensure_ascii=False).encode()
        found[PRINTED] = hashlib.sha256(printed).hexdigest()
    return found


def compare(archive: Path, results: Path) -> list[str]:
    """What differs between the files that are built now and those that had been built when packing, by name.

    Raises:
        UserError: a damaged archive, or one that was packed before anything was built.
    """
    verify(archive)
    then = read_json(archive / MANIFEST, MADE_BY)["built"]
    if not then:
        raise fail(archive / MANIFEST, "packed without values, tables or figures", "build them, then pack again")
    now = built(results)
    return [name for name in sorted(then | now) if then.get(name) != now.get(name)]


def verify(archive: Path) -> dict[str, str]:
    """Check every file of an archive.

    Returns:
        sha256 of each file by its name.

    Raises:
        UserError: the first file that is not as the manifest says; an unsafe name; a link; a file too many.
    """
    again = f"take it from git again, or make it anew with {MADE_BY}"
    if archive.is_symlink() or not archive.is_dir():
        raise fail(archive, "no such archive", f"make it with {MADE_BY}")
    for path in sorted(archive.rglob("*")):
        if path.is_symlink():
            raise fail(path, "a link has no place in an archive", again)
    seal = archive / SEAL
    try:
        sealed = seal.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise fail(seal, f"not readable ({error})", again) from None
    if not (archive / MANIFEST).is_file() or file_sha256(archive / MANIFEST) + "\n" != sealed:
        raise fail(archive / MANIFEST, f"missing, or not the one that {SEAL} seals", again)
    manifest = read_json(archive / MANIFEST, MADE_BY)
    if not isinstance(manifest, dict) or manifest.get("schema_version") != SCHEMA_VERSION:
        raise fail(archive / MANIFEST, f"schema version is not {SCHEMA_VERSION}", again)
    hashes: dict[str, str] = manifest["sha256"]
    for name, sha256 in hashes.items():
        path = archive / safe(name, archive / MANIFEST)
        if not path.is_file():
            raise fail(path, "missing from the archive", again)
        if file_sha256(path) != sha256:
            raise fail(path, "changed since it was archived (wrong sha256)", again)
    here = {path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file()}
    for name in sorted(here - set(hashes) - {MANIFEST, SEAL}):
        raise fail(archive / name, "not listed in the manifest", again)
    return hashes


def safe(name: str, where: Path) -> str:
    """A manifest's file name, if it is one that an archive can have.

    Raises:
        UserError: absolute, with `..`, or not the plan or a file of a run.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or (name != PLAN and not RUN.fullmatch(name)):
        raise fail(where, f"`{name}` is no name of a file in an archive", f"make the archive anew with {MADE_BY}")
    return name


def restore(archive: Path, plan: dict[str, Any], results: Path) -> int:
    """Put the runs of a plan back from a checked archive; files that are already the same are left alone.

    Returns:
        How many files were written.

    Raises:
        UserError: a damaged archive, or a run of the plan that it does not hold.
    """
    hashes = verify(archive)
    names = wanted(plan)
    missing = [name for name in names if name not in hashes]
    if missing:
        run = missing[0].split("/")
        what = f"holds no run {run[3]} ({run[2]} on {run[1]}); {len(missing)} files of the plan are missing"
        raise fail(archive, what, "train instead (`runs: train`), or undo the change of settings")
    written = 0
    for name in names:
        target = results / name
        if not (target.is_file() and file_sha256(target) == hashes[name]):
            write_atomic(target, lambda part, name=name: shutil.copyfile(archive / name, part))
            written += 1
        os.utime(target)
        if file_sha256(target) != hashes[name]:
            raise fail(target, "not what was archived", "try again; the disk or a running job changed it")
    return written


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=inspect.cleandoc(__doc__ or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["pack", "verify", "restore", "compare"])
    parser.add_argument("--preset", required=True, help="such as quick")
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    options = parser.parse_args()
    if not re.fullmatch("[a-z][a-z0-9_]*", options.preset):
        raise UserError(f"--preset: `{options.preset}` is no name of a preset; use letters, digits and _")
    own, archive = options.results / options.preset, options.results / "archive" / options.preset
    if options.what == "pack":
        size = pack(own, archive)
        print(f"{archive}: {size / 1e6:.1f} MB")
    elif options.what == "verify":
        print(f"{archive}: {len(verify(archive))} files as archived")
    elif options.what == "compare":
        differing = compare(archive, own)
        read = [name for name in differing if name == PRINTED or name.endswith(".tex")]
        for name in differing:
            print(f"{own}: {name} is not as it was when the archive was packed", file=sys.stderr)
        if read:
            raise SystemExit(1)
        if differing:
            print(f"{own}: what a reader sees is the same; files differ, as last digits do on another processor")
        else:
            print(f"{own}: values, tables, figures and sentences are what they were when the archive was packed")
    else:
        written = restore(archive, read_json(own / PLAN, "`snakemake -n`"), own)
        print(f"{own}: {written} files restored")


if __name__ == "__main__":
    run_stage(main)
