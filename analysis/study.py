"""What every reader of results shares: the plan, the comparisons, the order of things and their titles."""

import argparse
import inspect
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from telepathy.config.methods import TRAINED
from telepathy.errors import fail
from telepathy.files import read_json
from telepathy.record import RawRun, read_run

PLAN_MADE_BY = "`snakemake`"
COMPARISONS_MADE_BY = "`python -m analysis.comparisons`"
PHASES_MADE_BY = "`python -m analysis.phases`"

Cell = dict[str, Any]
Group = dict[str, Any]
"""The runs of all seeds in one place of a grid."""
Comparison = dict[str, Any]
Against = Literal["reference", "null"]
PLACE = ("experiment", "task", "method", "pair", "setting", "trained_on")
"""What names a group; with the seed, a cell."""


@dataclass(frozen=True)
class Study:
    """A preset's plan with the folder of its raw runs and, once made, its comparisons.

    Attributes:
        plan: content of `plan/overview.json`.
        results: folder that run folders of the plan are relative to.
        comparisons: content of `statistics/comparisons.json`; empty before that stage.
        phases: content of `statistics/phases.json`; empty for readers that do not need it.
    """

    plan: dict[str, Any]
    results: Path
    comparisons: dict[str, Any] = field(default_factory=dict)
    phases: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def experiments(self) -> list[str]:
        """Experiments in the order of the configuration; the first is the headline of the paper."""
        return list(dict.fromkeys(cell["experiment"] for cell in self.plan["cells"]))

    @cached_property
    def series(self) -> str | None:
        """The experiment whose cells are the phases of the series; None if this preset has none."""
        return next((e for e in self.experiments if self.plan["experiments"][e].get("phases")), None)

    @cached_property
    def grids(self) -> list[str]:
        """All experiments but the series of phases, which has tables, figures and sentences of its own."""
        return [e for e in self.experiments if e != self.series]

    @cached_property
    def headline(self) -> str:
        """The experiment of the abstract: the first grid."""
        return (self.grids or self.experiments)[0]

    @cached_property
    def main_pair(self) -> str:
        """The pair of the abstract: the headline's first."""
        return self.plan["experiments"][self.headline]["pairs"][0]

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """Results of the phases, one for each phase and variant, in the order of the series.

        Raises:
            UserError: the preset has a series, but its statistics were not given.
        """
        if self.series is not None and not self.phases:
            raise fail("statistics of the phases", "not given", f"make them with {PHASES_MADE_BY}, give --phases")
        return self.phases.get("entries", [])

    @cached_property
    def cells(self) -> list[Cell]:
        """Cells with statistics, ordered by experiment, task, method."""
        return self.comparisons["cells"]

    @cached_property
    def groups(self) -> list[Group]:
        """Groups with statistics over seeds, in the order of the cells."""
        return self.comparisons["groups"]

    def shown_in(self, name: str, kind: Literal["tables", "figures"] = "tables") -> list[str]:
        """Experiments that a table or figure shows, in order: those that list it. The series has its own."""
        return [e for e in self.grids if name in self.plan["experiments"][e][kind]]

    @cached_property
    def trained(self) -> list[str]:
        """Ids of the runs that were trained for at least a step, in the order of the cells, each once."""
        recipes = {cell["run"]: self.plan["runs"][cell["run"]]["spec"]["recipe"] for cell in self.plan["cells"]}
        return [run for run, r in recipes.items() if r["kind"] in TRAINED and r["training"]["steps"] > 0]

    @cached_property
    def described(self) -> list[str]:
        """Ids of the runs that the sentences on recipes and training speak of: the main table's trained bridges."""
        shown = set(self.shown_in("main"))
        runs = {cell["run"] for cell in self.plan["cells"] if cell["experiment"] in shown}
        bridges = (run for run in self.trained if self.plan["runs"][run]["spec"]["recipe"]["kind"] == "bridge")
        return [run for run in bridges if run in runs]

    @cached_property
    def lead(self) -> str | None:
        """The method that the paper describes: the headline's reference, else the first trained one."""
        methods = [self.plan["runs"][run]["method"] for run in self.described]
        reference = self.plan["experiments"][self.headline]["reference"]
        return reference if reference in methods else next(iter(methods), None)

    def cells_of(self, experiment: str, task: str | None = None) -> list[Cell]:
        """Cells of an experiment, or of one of its tasks."""
        return [c for c in self.cells if c["experiment"] == experiment and task in (None, c["task"])]

    def distinct(self, experiment: str, task: str) -> list[tuple[str, Cell]]:
        """Cells of a task with their labels, a run that several seeds share only once and without a seed."""
        found: dict[tuple[Any, ...], list[Cell]] = {}
        for cell in self.cells_of(experiment, task):
            found.setdefault((cell["run"], *(cell[key] for key in PLACE)), []).append(cell)
        return [(self.label(cells[0], seed=len(cells) == 1), cells[0]) for cells in found.values()]

    def groups_of(self, experiment: str, task: str | None = None) -> list[Group]:
        """Groups of an experiment, or of one of its tasks."""
        return [g for g in self.groups if g["experiment"] == experiment and task in (None, g["task"])]

    def comparisons_of(
        self, experiment: str, task: str | None = None, against: Against = "reference"
    ) -> list[Comparison]:
        """Comparisons of an experiment, or of one of its tasks, with its reference or its null method."""
        found = [c for c in self.comparisons["comparisons"] if c["against"] == against]
        return [c for c in found if c["experiment"] == experiment and task in (None, c["task"])]

    def comparison_of(self, cell: Cell, against: Against = "reference") -> Comparison | None:
        """The comparison of a cell with the reference; None for the reference itself.

        Also None where an earlier seed shares both runs, as such a comparison counts once.
        """
        return next((c for c in self.comparisons_in(cell, against) if c["seed"] == cell["seed"]), None)

    def comparisons_in(self, group: Group | Cell, against: Against = "reference") -> list[Comparison]:
        """Comparisons of all seeds in a cell's or group's place."""
        return self._placed.get((against, *(group[key] for key in PLACE)), [])

    @cached_property
    def _placed(self) -> dict[tuple[Any, ...], list[Comparison]]:
        found: dict[tuple[Any, ...], list[Comparison]] = {}
        for c in self.comparisons["comparisons"]:
            found.setdefault((c["against"], *(c[key] for key in PLACE)), []).append(c)
        return found

    def cells_in(self, group: Group) -> list[Cell]:
        """Cells of all seeds in a group's place."""
        return [c for c in self.cells if all(c[key] == group[key] for key in PLACE)]

    def tasks_of(self, experiment: str) -> list[str]:
        """Tasks of an experiment in the order of the configuration."""
        return list(dict.fromkeys(c["task"] for c in self.plan["cells"] if c["experiment"] == experiment))

    def task(self, name: str) -> str:
        """Title of a task."""
        return self.plan["tasks"][name]["title"]

    def method(self, name: str) -> str:
        """Title of a method."""
        return self.plan["methods"][name]["title"]

    def model(self, key: str) -> str:
        """Title of a model, from its name or from the key `name-hash` of a spec."""
        models = self.plan["models"]
        name = key if key in models else key.rsplit("-", 1)[0]
        return models[name]["title"] if name in models else key

    def suffix(self, cell: Cell | Group | Comparison) -> str:
        """What tells a cell from its siblings, as the end of an id: `.reverse.soft_tokens-4.seed1`.

        Pair and seed where the experiment has more than one, and what was varied. A group has no seed, and an
        entry of the series no setting.
        """
        experiment = self.plan["experiments"][cell["experiment"]]
        parts = [cell["pair"]] if len(experiment["pairs"]) > 1 else []
        if cell.get("setting") is not None:
            parts.append(re.sub(r"[^A-Za-z0-9._-]", "-", cell["setting"]))
        if cell.get("trained_on") is not None:
            parts.append(f"from-{cell['trained_on']}")
        if "seed" in cell and len(experiment["seeds"]) > 1:
            parts.append(f"seed{cell['seed']}")
        return "".join(f".{part}" for part in parts)

    def cell_id(self, cell: Cell | Group) -> str:
        """Id of a cell's or group's values, such as `main.rotten_tomatoes.bridge`."""
        return f"{cell['experiment']}.{cell['task']}.{cell['method']}{self.suffix(cell)}"

    def comparison_id(self, c: Comparison) -> str:
        """Id of a comparison's values, such as `main.rotten_tomatoes.bridge_vs_majority`."""
        return f"{c['experiment']}.{c['task']}.{c['reference']}_vs_{c['method']}{self.suffix(c)}"

    def grid_id(self, grid: dict[str, Any]) -> str:
        """Id of the values of a varied setting, such as `tokens.rotten_tomatoes.soft_tokens`."""
        several = len(self.plan["experiments"][grid["experiment"]]["pairs"]) > 1
        place = [grid["experiment"], grid["task"], *([grid["pair"]] if several else []), grid["key"]]
        return ".".join(place)

    def super_id(self, entry: dict[str, Any]) -> str:
        """Id of the values of a test of super-additivity, such as `super.main.rotten_tomatoes.seed1`."""
        return f"super.{entry['experiment']}.{entry['task']}{self.suffix(entry)}"

    def label(self, cell: Cell | Group | Comparison, seed: bool = True) -> str:
        """Title of a cell's method, with pair, setting, training task and seed where they vary."""
        experiment = self.plan["experiments"][cell["experiment"]]
        extra = [cell["pair"].replace("_", " ")] if len(experiment["pairs"]) > 1 else []
        if cell["setting"] is not None:
            extra.append(cell["setting"].replace("_", " ").replace("=", " = "))
        if cell["trained_on"] is not None:
            extra.append(f"trained on {self.task(cell['trained_on'])}")
        if seed and "seed" in cell and len(experiment["seeds"]) > 1:
            extra.append(f"seed {cell['seed']}")
        return self.method(cell["method"]) + (f" ({', '.join(extra)})" if extra else "")

    def pair(self, name: str) -> str:
        """Title of a pair: `Sender → Receiver`."""
        pair = self.plan["pairs"][name]
        return f"{self.model(pair['sender'])} → {self.model(pair['receiver'])}"

    def read(self, run: str) -> RawRun:
        """Read a raw run of the plan."""
        return read_run(self.results / self.plan["runs"][run]["folder"])


def read_study(
    plan: Path, comparisons: Path | None = None, results: Path | None = None, phases: Path | None = None
) -> Study:
    """Read a plan and, if given, its comparisons and the statistics of its phases.

    Args:
        plan: `results/<preset>/plan/overview.json`.
        comparisons: `results/<preset>/statistics/comparisons.json`.
        results: folder of the raw runs, if not the plan's own `results/<preset>`.
        phases: `results/<preset>/statistics/phases.json`.

    Raises:
        UserError: a file is missing or damaged, or the statistics were made from another plan.
    """
    content = read_json(plan, PLAN_MADE_BY)
    if not isinstance(content, dict) or not content.get("cells") or "runs" not in content:
        raise fail(plan, "not a plan with cells and runs", f"make it again with {PLAN_MADE_BY}")
    found: dict[str, Any] = {}
    if comparisons is not None:
        found = read_json(comparisons, COMPARISONS_MADE_BY)
        made = [_identity(cell) for cell in found.get("cells", [])]
        if made != [_identity(cell) for cell in content["cells"]] or "groups" not in found:
            raise fail(comparisons, f"made from another plan than {plan}", f"run {COMPARISONS_MADE_BY} again")
    series: dict[str, Any] = {}
    if phases is not None:
        series = read_json(phases, PHASES_MADE_BY)
        strangers = {e["run"] for e in series.get("entries", [])} - set(content["runs"])
        if "entries" not in series or strangers:
            raise fail(phases, f"made from another plan than {plan}", f"run {PHASES_MADE_BY} again")
    return Study(content, results if results is not None else plan.resolve().parent.parent, found, series)


def _identity(cell: Cell) -> tuple[Any, ...]:
    return tuple(cell.get(key) for key in (*PLACE, "seed", "run"))


def chance(task: dict[str, Any]) -> float | None:
    """Chance level of a task of the plan: 1 / number of labels; None for open answers."""
    return 1 / len(task["labels"]) if task["labels"] else None


def parser(doc: str, example: str) -> argparse.ArgumentParser:
    """Argument parser of a stage: its module's text on top, an example to paste at the end."""
    return argparse.ArgumentParser(
        description=inspect.cleandoc(doc),
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_inputs(arguments: argparse.ArgumentParser, comparisons: bool = True, phases: bool = False) -> None:
    """Add the options that name a study's files."""
    arguments.add_argument(
        "--plan", type=Path, required=True, metavar="JSON", help="results/<preset>/plan/overview.json"
    )
    if comparisons:
        arguments.add_argument(
            "--comparisons", type=Path, required=True, metavar="JSON", help="output of analysis.comparisons"
        )
    if phases:
        arguments.add_argument(
            "--phases", type=Path, metavar="JSON", help="output of analysis.phases; needed if the plan has a series"
        )
    arguments.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        help="folder that the plan's run folders are relative to (default: two levels above the plan file)",
    )
