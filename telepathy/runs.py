"""Stage: several runs in one process, which loads each model once: train, evaluate, or run a baseline.

    python -m telepathy.runs --preset quick --ids ID ID ...

A finished run is also kept in `results/<preset>/finished/`, outside what Snakemake declares and may delete. So when a
group of runs is started again, those whose code and settings did not change are only put back.
"""

import argparse
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from telepathy import evaluate, history, latency, reuse, train
from telepathy.baselines import run as baseline
from telepathy.config.methods import DEPENDENT, TRAINED
from telepathy.errors import run_stage
from telepathy.files import digest, read_json, write_json
from telepathy.progress import progress
from telepathy.provenance import code_sha256
from telepathy.training.loop import plain_ends


def make(results: Path, cache: Path, run: str, checkpointing: bool = False) -> None:
    """Make one run, or put it back from `finished/`; `checkpointing` as in `telepathy.train`."""
    spec = _spec(results, run)
    out = _folder(results, spec)
    whole = results / "finished" / run
    kind = spec["recipe"]["kind"]
    if kind in DEPENDENT:
        bridge = _folder(results, _spec(results, spec["uses"]))
        stage = latency if kind == "latency" else reuse
        made_by = code_sha256(stage.__name__)
        _made(whole, made_by, out, lambda: stage.run(_plain(spec), cache, bridge, out))
        return
    if kind not in TRAINED:
        made_by = code_sha256(f"telepathy.baselines.{kind}", "telepathy.baselines.run")
        _made(whole, made_by, out, lambda: baseline.run(_plain(spec), cache, out))
        return
    # Runs that differ in what evaluation shows alone share their training.
    trained = results / "finished" / f"training-{_training_id(spec)}"
    trained_by, made_by = code_sha256("telepathy.train"), code_sha256("telepathy.train", "telepathy.evaluate")
    if not _kept(whole, made_by):
        # Another group may want the same training at the same time: it waits, and finds it done.
        trained.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{trained}.lock"):
            if not _kept(trained, trained_by):
                train.run(_plain(spec), cache, results / "checkpoints", out, checkpointing)
                _keep(out, trained, trained_by, train.OUTPUTS)
        _put_back(trained, out)
    _made(whole, made_by, out, lambda: evaluate.run(_plain(spec), cache, out))


def _made(whole: Path, made_by: str, out: Path, make_it: Callable[[], None]) -> None:
    """Make a run unless it is kept; either way it ends in its folder."""
    if not _kept(whole, made_by):
        make_it()
        _keep(out, whole, made_by)
    _put_back(whole, out)


def _spec(results: Path, run: str) -> dict[str, Any]:
    return read_json(results / "plan" / "runs" / f"{run}.json", "`snakemake -n`")


def _plain(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != "uses"}


def _folder(results: Path, spec: dict[str, Any]) -> Path:
    return results / "runs" / spec["name"]["task"] / spec["name"]["method"] / spec["id"]


def _training_id(spec: dict[str, Any]) -> str:
    recipe = {key: value for key, value in spec["recipe"].items() if key != "evaluation"}
    return digest({key: value for key, value in spec.items() if key not in ("id", "name", "uses")} | {"recipe": recipe})


def _kept(folder: Path, made_by: str) -> bool:
    note = folder / "finished.json"
    return note.exists() and read_json(note, "telepathy.runs").get("made_by") == made_by


def _keep(out: Path, folder: Path, made_by: str, names: tuple[str, ...] | None = None) -> None:
    """Link the files of a run's folder into `folder`; the note that makes them valid comes last."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted(out.iterdir()):
        if path.name in names if names is not None else path.name != history.NAME:
            _link(path, folder / path.name)
    write_json(folder / "finished.json", {"made_by": made_by})


def _put_back(folder: Path, out: Path) -> None:
    """Link a kept run's files to where they belong, new in time, as Snakemake wants its outputs."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.name != "finished.json":
            _link(path, out / path.name)
            os.utime(out / path.name)


def _link(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", nargs="+", required=True, metavar="ID", help="ids of runs in the preset's plan")
    parser.add_argument("--preset", required=True, help="its plan and its results are in RESULTS/<preset>")
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations: slower, less memory")
    options = parser.parse_args()
    for run in progress("runs", options.ids, unit="run"):
        with plain_ends(run):
            make(options.results / options.preset, options.results / "cache", run, options.checkpointing)


if __name__ == "__main__":
    run_stage(main)
