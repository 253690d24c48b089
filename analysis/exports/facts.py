"""What both exports say of a build: its plan, its raw runs and their hashes, its citation. Every name is checked."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from analysis.study import PLAN_MADE_BY
from telepathy.errors import fail
from telepathy.files import file_sha256, read_json
from telepathy.record import read_run

PLAN = "plan/overview.json"
ROWS = "rows.jsonl.gz"
FOLDER = re.compile(r"runs/[A-Za-z0-9_]+/[A-Za-z0-9_]+/[A-Za-z0-9_.-]+")
CITATION_KEYS = ("title", "version", "date-released", "license")


@dataclass(frozen=True)
class Run:
    """One raw run of the plan.

    Attributes:
        id: the run's id.
        folder: relative to the preset's results.
        task: name of the task.
        method: name of the method.
        title: for people.
        spec: all that changes its rows.
        inputs: content of `inputs` in `run.json`: hashes of code, data, weights and, if trained, of its own weights.
        rows: how many rows it has.
        environment: content of `environment.json`; empty if the file is not there.
    """

    id: str
    folder: str
    task: str
    method: str
    title: str
    spec: dict[str, Any]
    inputs: dict[str, Any]
    rows: int
    environment: dict[str, Any]

    @property
    def kind(self) -> str:
        """Kind of its recipe, such as `bridge`."""
        return self.spec["recipe"]["kind"]


@dataclass(frozen=True)
class Citation:
    """How to cite the artifact, from CITATION.cff.

    Attributes:
        date: the release's day, ISO 8601; the only date of the exports, as builds carry none.
        license: SPDX identifier.
    """

    title: str
    version: str
    date: str
    license: str
    authors: list[str]

    @property
    def text(self) -> str:
        """One line for a reference list."""
        return f"{', '.join(self.authors)}. {self.title}, version {self.version}, {self.date[:4]}."


@dataclass(frozen=True)
class Facts:
    """A build's results folder and what its plan says.

    Attributes:
        results: `results/<preset>`, the root of both exports.
        plan: content of `plan/overview.json`.
        citation: how to cite the artifact.
    """

    results: Path
    plan: dict[str, Any]
    citation: Citation

    @property
    def preset(self) -> str:
        """Name of the preset."""
        return self.plan["preset"]

    @cached_property
    def runs(self) -> list[Run]:
        """The plan's runs in the order of their folders, each checked by reading it.

        Raises:
            UserError: a run is missing or damaged, or its folder is not below `runs/`.
        """
        found = []
        for name, run in self.plan["runs"].items():
            folder = run["folder"]
            if not FOLDER.fullmatch(folder) or ".." in folder:
                raise fail(self.results / PLAN, f"`{folder}` is no folder of a run", f"make it with {PLAN_MADE_BY}")
            raw = read_run(self.results / folder)
            path = self.results / folder / "environment.json"
            environment = read_json(path, PLAN_MADE_BY) if path.exists() else {}
            methods, tasks = self.plan["methods"], self.plan["tasks"]
            title = f"{methods[run['method']]['title']} on {tasks[run['task']]['title']}"
            inputs = raw.record.get("inputs", {})
            found.append(
                Run(
                    id=name,
                    folder=folder,
                    task=run["task"],
                    method=run["method"],
                    title=title,
                    spec=run["spec"],
                    inputs=inputs,
                    rows=len(raw.rows),
                    environment=environment,
                )
            )
        return sorted(found, key=lambda run: run.folder)

    @cached_property
    def commits(self) -> list[str]:
        """Commits of our code that the runs name, each once."""
        return sorted({run.environment["commit"] for run in self.runs if run.environment.get("commit")})

    def sha256(self, name: str) -> str:
        """sha256 of a file of the results.

        Raises:
            UserError: it is not there, or it is a link that leads out of the results.
        """
        return file_sha256(self.path(name))

    def path(self, name: str) -> Path:
        """A file of the results, if it is one.

        Raises:
            UserError: it is not there, or it leads out of the results.
        """
        path = self.results / name
        if PurePosixPath(name).is_absolute() or not path.resolve().is_relative_to(self.results.resolve()):
            raise fail(path, "leads out of the results", "put the file itself there")
        if not path.is_file():
            raise fail(path, "no such file", f"make it with {PLAN_MADE_BY}")
        return path


def read_facts(plan: Path, citation: Path) -> Facts:
    """Read a plan and the citation.

    Args:
        plan: `results/<preset>/plan/overview.json`.
        citation: `CITATION.cff`.

    Raises:
        UserError: a file is missing, damaged, or no such file.
    """
    content = read_json(plan, PLAN_MADE_BY)
    if not isinstance(content, dict) or "runs" not in content or "preset" not in content:
        raise fail(plan, "not a plan with runs", f"make it again with {PLAN_MADE_BY}")
    return Facts(plan.resolve().parent.parent, content, read_citation(citation))


def read_citation(path: Path) -> Citation:
    """Read CITATION.cff.

    Raises:
        UserError: not readable, or without one of the keys that the exports need.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise fail(path, f"not readable ({error})", "take it from git again") from None
    for key in (*CITATION_KEYS, "authors"):
        if not isinstance(content, dict) or not content.get(key):
            raise fail(path, f"`{key}` is missing", "add it; see https://citation-file-format.github.io")
    values = [str(content[key]) for key in CITATION_KEYS]
    authors = [
        one.get("name") or f"{one.get('given-names', '')} {one.get('family-names', '')}" for one in content["authors"]
    ]
    return Citation(*values, authors=[name.strip() for name in authors])
