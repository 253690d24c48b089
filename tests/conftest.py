"""A tiny world, built once a session: two random models, two generated tasks, their stored states."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class World:
    """The smoke preset's prepared inputs below `cache`, and its plan."""

    root: Path
    plan: object

    @property
    def cache(self) -> Path:
        return self.root / "results" / "cache"

    @property
    def out(self) -> Path:
        return self.root / "results" / "smoke"

    def run(self, task: str, method: str):
        """The first planned run of a method on a task: the recipe's own settings, the first pair."""
        cells = (
            (cell.task, cell.method, cell.run) for cell in self.plan.cells if not (cell.setting or cell.trained_on)
        )
        return self.plan.runs[next(run for *names, run in cells if names == [task, method])]

    def spec_file(self, task: str, method: str) -> Path:
        return self.out / "plan" / "runs" / f"{self.run(task, method).id}.json"

    def spec(self, task: str, method: str) -> dict:
        run = self.run(task, method)
        return run.spec | {"id": run.id}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that no core waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_smoke.py")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny models lose more by sharing work between threads than they gain."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    from telepathy.calibrate import calibrate
    from telepathy.config import load
    from telepathy.data.prepare import prepare, write
    from telepathy.data.spec import read_spec
    from telepathy.encode import encode
    from telepathy.files import read_json
    from telepathy.models.prepare import prepare as prepare_model
    from telepathy.overview import write_plan
    from telepathy.planner import make_plan

    root = tmp_path_factory.mktemp("world")
    plan = make_plan(load("smoke"))
    write_plan(plan, root / "results")
    cache = root / "results" / "cache"
    for key in plan.models:
        prepare_model(read_json(cache / "plan" / "models" / f"{key}.json", "-"), cache / "models" / key)
    for key in plan.data:
        chosen, account = prepare(read_spec(cache / "plan" / "data" / f"{key}.json"))
        write(cache / "data" / key, chosen, account)
    for key, spec in plan.states.items():
        encode(spec, spec["layers"], cache, cache / "states" / key)
    for key, spec in plan.calibrations.items():
        calibrate(spec, cache, cache / "calibrations" / key)
    return World(root, plan)
