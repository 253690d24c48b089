"""Who made what: stages, the actions in which they ran, and Snakemake, which ran them."""

import re

from pypdf import PdfReader
from rocrate.model.entity import Entity

from analysis.exports.facts import Facts, Run
from analysis.exports.files import LOG, PAPER, TYPESETTER, File
from analysis.exports.graph import Graph, compact, local
from analysis.exports.inputs import Inputs
from telepathy.config.methods import TRAINED

DONE = "http://schema.org/CompletedActionStatus"
SNAKEMAKE, SNAKEMAKE_URL = "https://snakemake.github.io/", "https://snakemake.github.io"
PDFTEX = {"name": "pdfTeX", "url": "https://www.tug.org/applications/pdftex/"}
STAGES = {"control": "telepathy.reuse", "transfer": "telepathy.reuse", "latency": "telepathy.latency"}
BASELINE = "telepathy.baselines.run"
ABOUT = {
    "telepathy.models.prepare": "Read the weights of a model, write them as safetensors",
    "telepathy.data.prepare": "Read, check and split the rows of a task",
    "telepathy.encode": "Store the sender's hidden states",
    "telepathy.calibrate": "Measure the states and embeddings that a bridge starts from",
    "telepathy.train": "Train a bridge, a soft prompt or an adapter",
    "telepathy.evaluate": "Evaluate a trained run on the test rows",
    "telepathy.reuse": "Score a trained bridge with other soft tokens or on another task",
    "telepathy.latency": "Time a trained bridge",
    BASELINE: "Run a method that trains no bridge on the test rows",
    "analysis.comparisons": "Pair rows, test differences",
    "analysis.phases": "Test the phases against their controls",
    "analysis.prose": "Write the sentences that depend on results",
    "analysis.values": "Register every number of the paper",
    "analysis.exports": "Put all rows into one table, describe it",
    "analysis.report": "Write the HTML report",
    "analysis.verify": "Make every value again from the rows",
    TYPESETTER: "Typeset the article",
}


STATISTICS = ("analysis.comparisons", "analysis.phases")
ALONE = ("analysis.comparisons", "analysis.exports")
"""Stages of the analysis that read the plan and the raw runs only."""
TYPESET = (".tex", ".pdf")
"""Endings of what the article is made of."""


def about_stage(stage: str) -> str:
    """What a stage does; tables and figures by their names."""
    if stage in ABOUT:
        return ABOUT[stage]
    _, folder, name = stage.split(".")
    return f"Write the {folder.removesuffix('s')} {name}"


def typeset_by(facts: Facts) -> str | None:
    """Version of pdfTeX, as the article itself says it; None if it does not."""
    producer = PdfReader(facts.path(PAPER)).metadata
    found = re.fullmatch(r"pdfTeX-([\d.]+)", (producer and producer.producer) or "")
    return found[1] if found else None


class Actions:
    """Adds stages and actions to the graph.

    Attributes:
        graph: the crate under way.
        workflow: the Snakefile.
    """

    def __init__(self, graph: Graph, workflow: Entity):
        self.graph, self.workflow = graph, workflow
        self.inputs = Inputs(graph)
        self._tools: dict[str, Entity] = {}
        self._steps: dict[str, Entity] = {}
        self._made: list[Entity] = []
        self._controls: list[Entity] = []

    @property
    def facts(self) -> Facts:
        """The build."""
        return self.graph.facts

    def add_all(self, inputs: list[Entity], raw: dict[str, list[File]], derived: dict[str, list[File]]) -> None:
        """Add every action, then the workflow's own run and the engine's.

        Args:
            inputs: what the whole workflow started from.
            raw: files of each raw run, by its id.
            derived: files of each stage of the analysis, by its module.
        """
        for run in self.facts.runs:
            self.inputs.of(run)
        for stage, keys, about, objects, made in self.inputs.preparations():
            self._act(stage, keys, about, objects, made)
        rows: list[Entity] = []
        for run in self.facts.runs:
            rows += self._raw(run, [self.graph.file(file) for file in raw[run.id]])
        runs = self.graph.folder("runs", "Raw runs", "Record and rows of every run of the plan.", rows)
        made_by: dict[str, list[Entity]] = {}
        for stage, files in derived.items():
            made = [self.graph.file(file) for file in files]
            self._act(stage, (), about_stage(stage), self._read(stage, [inputs[0], runs], made_by), made)
            made_by[stage] = made
        self._whole(inputs, [runs, *(entity for made in made_by.values() for entity in made)])

    def _read(self, stage: str, always: list[Entity], made_by: dict[str, list[Entity]]) -> list[Entity]:
        """What a stage of the analysis read: plan and runs, the statistics of earlier stages, or finished parts."""
        statistics = [entity for name in STATISTICS for entity in made_by.get(name, [])]
        if stage == TYPESETTER:
            return [one for made in made_by.values() for one in made if one.id.endswith(TYPESET)]
        if stage == "analysis.verify":
            return [*always, *statistics, *made_by.get("analysis.values", [])]
        return always if stage in ALONE else [*always, *statistics]

    def _raw(self, run: Run, files: list[Entity]) -> list[Entity]:
        """The actions of a raw run.

        Returns:
            Its record and rows.
        """
        given = self.inputs.of(run)
        if run.kind not in TRAINED:
            about = f"{run.title}, run {run.id}"
            self._act(STAGES.get(run.kind, BASELINE), (run.id,), about, given, files)
            return files[:2]
        trained, logs = self.inputs.trained(run), [file for file in files if file.id.endswith(LOG)]
        self._act("telepathy.train", (run.id,), f"Train {run.title}, run {run.id}", given, [*logs, *trained])
        rest = [file for file in files if file not in logs]
        self._act("telepathy.evaluate", (run.id,), f"Evaluate {run.title}, run {run.id}", [*given, *trained], rest)
        return files[:2]

    def _tool(self, stage: str) -> Entity:
        """A stage as a tool of the workflow, with the step that runs it."""
        if stage not in self._tools:
            about = about_stage(stage)
            properties = {"name": f"python -m {stage}", "description": about}
            properties |= {"softwareVersion": self.facts.citation.version}
            if stage == TYPESETTER:
                properties = PDFTEX | {"description": about, "softwareVersion": typeset_by(self.facts)}
            tool = self.graph.add(local("stage", stage), "SoftwareApplication", properties)
            self._tools[stage] = tool
            step = {"name": about, "position": str(len(self._tools)), "workExample": tool}
            self._steps[stage] = self.graph.add(local("step", stage), "HowToStep", step)
        return self._tools[stage]

    def _act(self, stage: str, keys: tuple[str, ...], name: str, objects: list[Entity], results: list[Entity]) -> None:
        """One execution of a stage, and that the engine started it."""
        tool = self._tool(stage)
        properties = {"name": name, "description": f"`{tool['name']}`: {tool['description']}.", "actionStatus": DONE}
        properties |= {"instrument": tool, "object": objects, "result": results}
        action = self.graph.add(local("action", stage, *keys), "CreateAction", properties)
        self._made.append(action)
        control = {"name": f"Start: {name}", "instrument": self._steps[stage], "object": action}
        self._controls.append(self.graph.add(local("control", stage, *keys), "ControlAction", control))

    def _whole(self, inputs: list[Entity], results: list[Entity]) -> None:
        """The run of the whole workflow, and of the engine that organised it."""
        versions = {run.environment.get("packages", {}).get("snakemake") for run in self.facts.runs} - {None}
        engine = {"name": "Snakemake", "url": SNAKEMAKE_URL, "softwareVersion": ", ".join(sorted(versions))}
        properties = {
            "name": f"Build of the preset {self.facts.preset}",
            "description": f"`snakemake --config preset={self.facts.preset}`: {self.facts.plan['title']}.",
            "actionStatus": DONE,
            "instrument": self.workflow,
            "object": inputs + self.inputs.commits(),
            "result": results,
        }
        run = self.graph.add(local("build"), "CreateAction", properties)
        organised = {"name": "Snakemake organises the build", "result": run, "object": self._controls}
        organised["instrument"] = self.graph.add(SNAKEMAKE, "SoftwareApplication", engine)
        self.graph.add(local("engine"), "OrganizeAction", organised)
        self.workflow["hasPart"] = compact(list(self._tools.values()))
        self.workflow["step"] = compact(list(self._steps.values()))
        self.graph.crate.root_dataset["mentions"] = [run, *self._made]
