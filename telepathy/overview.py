"""The plan as files: a specification for each job and run, and what the analysis needs of the whole.

No torch, no pandas.
"""

from pathlib import Path

from telepathy.config.phases import variants
from telepathy.files import digest, read_json, write_json
from telepathy.plan import Plan, Spec
from telepathy.planner import data_key


def overview(plan: Plan) -> Spec:
    """What the analysis needs: grids, titles, statistics, models; run folders relative to the preset's results."""
    config = plan.config
    return {
        "preset": config.preset,
        "title": config.title,
        "statistics": config.statistics.model_dump(),
        "models": {
            name: model.model_dump(include={"title", "license", "depth", "width", "source"})
            for name, model in sorted(config.models.items())
            if any(name in (pair.sender, pair.receiver) for pair in config.pairs.values())
        },
        "pairs": {name: pair.model_dump() for name, pair in config.pairs.items()},
        "tasks": {
            name: {
                "title": config.tasks[name].title,
                "license": config.tasks[name].license,
                "labels": config.tasks[name].label_names,
                "rows": used.rows.model_dump(),
                "data": data_key(plan, name),
            }
            for name, used in config.use.items()
        },
        "methods": {
            name: {"title": method.title, "about": method.about, "kind": method.recipe.kind}
            for name, method in config.methods.items()
        },
        "experiments": {name: e.model_dump() | {"phases": bool(e.phases)} for name, e in config.experiments.items()},
        "phases": _phases(plan),
        "cells": [vars(cell) for cell in plan.cells],
        "runs": {
            run.id: {"folder": run.folder, "task": run.task, "method": run.method, "spec": run.spec}
            for run in plan.runs.values()
        },
    }


def _phases(plan: Plan) -> Spec:
    """The phases that the preset runs, in the order of the series."""
    config = plan.config
    methods = {cell.method: cell.task for cell in plan.cells}
    shown: Spec = {}
    for name, phase in config.phases.items():
        run = [one for one in variants(name, phase) if one.method in methods]
        if not run:
            continue
        recorded = phase.recorded.defects if phase.recorded else {}
        shown[name] = {
            "title": phase.title,
            "hypothesis": phase.hypothesis,
            "reading": phase.reading,
            "limit": phase.limit,
            "parent": phase.parent,
            "role": phase.task,
            "task": methods[run[0].method],
            "claims": phase.claims,
            "test": phase.test.model_dump(),
            "defects": [sentence for sentence in recorded.values() if sentence],
            "variants": [{"name": one.name, "method": one.method} for one in run],
            "difference": [list(change) for change in phase.changes],
        }
    return shown


def write_plan(plan: Plan, results: Path) -> None:
    """Write all specifications; a file that already says the same is left alone.

    Shared jobs go to `results/cache/plan/<kind>/<key>.json`, runs to `results/<preset>/plan/runs/<id>.json`. Both
    are named by their hash, so jobs in flight are never disturbed by another configuration. The layers of a store
    are not part of its identity, hence not of its file. Stores that are not written have a file too: it says what to
    compute.
    """
    shared, own = results / "cache" / "plan", results / plan.config.preset / "plan"
    files: dict[Path, Spec] = {own / "overview.json": overview(plan)}
    for kind in ("models", "data", "states", "calibrations"):
        for key, spec in (plan.states | plan.live if kind == "states" else getattr(plan, kind)).items():
            files[shared / kind / f"{key}.json"] = {name: spec[name] for name in spec if name != "layers"}
    for run in plan.runs.values():
        files[own / "runs" / f"{run.id}.json"] = run.spec | {
            "id": run.id,
            "name": {"task": run.task, "method": run.method},
            "uses": run.uses,
        }
    for path, spec in files.items():
        if not (path.exists() and _same(path, spec)):
            write_json(path, spec)


def _same(path: Path, spec: Spec) -> bool:
    try:
        return digest(read_json(path, "snakemake"), 64) == digest(spec, 64)
    except Exception:
        return False  # damaged: write it again
