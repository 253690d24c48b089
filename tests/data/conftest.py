"""Specs as the plan writes them, and the command line as a person calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telepathy.config import load
from telepathy.data.spec import DataSpec
from telepathy.plan import Plan
from telepathy.planner import data_key

ROOT = Path(__file__).resolve().parents[2]
Spec = dict[str, Any]


@pytest.fixture
def planned() -> Callable[..., Spec]:
    """The data spec of a declared task, through the real configuration and plan."""

    def make(task: str, rows: dict[str, int], **data: Any) -> Spec:
        over: Spec = {"use": {task: {"rows": rows}}}
        if data:
            over["tasks"] = {task: {"data": data}}
        plan = Plan(load("smoke", over))
        return plan.data[data_key(plan, task)]

    return make


@pytest.fixture
def csv_spec(tmp_path: Path) -> Callable[..., Spec]:
    """A small labelled CSV and its spec; keywords change fields of the spec."""

    def make(content: str | None = None, **changes: Any) -> Spec:
        if content is None:
            content = "text,label\n" + "".join(f"word{n} here,{n % 2}\n" for n in range(40))
        (tmp_path / "rows.csv").write_text(content, encoding="utf-8")
        spec: Spec = {
            "data": {"kind": "file", "format": "csv", "files": {"all": str(tmp_path / "rows.csv")}},
            "splits": {"train": "all", "test": "all"},
            "text": "{text}",
            "cut": None,
            "labels": {"no": "0", "yes": "1"},
            "label_column": "label",
            "choices_column": None,
            "answer": None,
            "final": "number",
            "rows": {"train": 10, "validation": 4, "test": 6},
        }
        data = changes.pop("data", {})
        return spec | changes | {"data": data if "kind" in data else spec["data"] | data}

    return make


@pytest.fixture
def validated() -> Callable[[Spec], DataSpec]:
    return DataSpec.model_validate


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the stage in its own process; `out` defaults to `tmp_path/out`."""

    def run(spec: Spec | str, out: Path | None = None) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "spec.json"
        path.write_text(spec if isinstance(spec, str) else json.dumps(spec), encoding="utf-8")
        command = [sys.executable, "-m", "telepathy.data.prepare"]
        command += ["--spec", str(path), "--out", str(out or tmp_path / "out")]
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run
