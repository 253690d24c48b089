"""Which files of a build the crate names, and what it says of each."""

from dataclasses import dataclass
from pathlib import Path

import analysis
from analysis.exports.croissant import TABLE
from analysis.exports.facts import PLAN, ROWS, Facts

WORKFLOW, RULES = "Snakefile", "workflow/rules"
COMPARISONS, PHASES = "statistics/comparisons.json", "statistics/phases.json"
CROISSANT, PAPER, TYPESETTER = "croissant.json", "paper.pdf", "pdftex"
RAW = ("run.json", ROWS)
ANALYSIS = Path(analysis.__file__).parent
VOLATILE = ("speed", "environment")
"""Tables of times and hosts, which no build repeats."""
ENVIRONMENT, LOG = "environment.json", "train.jsonl"
TYPES = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".smk": "text/x-python",
    ".tex": "application/x-tex",
    "": "text/x-python",
}
"""Media type by ending; the Snakefile has none."""


@dataclass(frozen=True)
class File:
    """A file of the crate.

    Attributes:
        name: relative to the crate's folder.
        title: for people.
        steady: whether a second build gives the same bytes. Seconds and machines differ, so a file that has them
            gets neither sha256 nor size, and the crate itself stays the same.
    """

    name: str
    title: str
    steady: bool = True

    @property
    def media_type(self) -> str:
        """Media type by the name's ending."""
        ending = self.name.rpartition("/")[2].rpartition(".")
        return TYPES["." + ending[2] if ending[1] else ""]


def raw_files(facts: Facts) -> dict[str, list[File]]:
    """Files of each raw run, by its id; trained weights are named by their hash only, as archives leave them out."""
    found = {}
    for run in facts.runs:
        files = [File(f"{run.folder}/{RAW[0]}", f"Record of {run.title}"), File(f"{run.folder}/{ROWS}", "Its rows")]
        for name, title in ((LOG, "Its training log"), (ENVIRONMENT, "Where and when it ran")):
            if (facts.results / run.folder / name).is_file():
                files.append(File(f"{run.folder}/{name}", title, steady=False))
        found[run.id] = files
    return found


def derived_files(facts: Facts) -> dict[str, list[File]]:
    """Files that the stages of the analysis wrote, by the stage's module; a stage without files is left out."""

    def named(title: str, *patterns: str, steady: bool = True) -> list[File]:
        paths = sorted(path for pattern in patterns for path in facts.results.glob(pattern) if path.is_file())
        names = [path.relative_to(facts.results).as_posix() for path in paths if not path.name.startswith(".")]
        return [File(name, f"{title} {name.rpartition('/')[2].partition('.')[0]}".strip(), steady) for name in names]

    found = {
        "analysis.comparisons": named("Paired tests:", COMPARISONS),
        "analysis.phases": named("Tests of the series:", PHASES),
        "analysis.prose": named("Sentences:", "text/*.tex"),
        "analysis.values": named("Every number of the paper:", "values.json", "values.tex"),
        "analysis.exports": named("Rows of all runs:", TABLE, CROISSANT),
        "analysis.report": named("Report for a browser:", "report/index.html", steady=False),
        "analysis.verify": named("Values made again:", "verified.json"),
    }
    for kind, folder, endings in (("Table", "tables", ("csv", "tex")), ("Figure", "figures", ("csv", "pdf", "png"))):
        # Those of today's modules: an old table may still lie in the folder.
        for module in sorted(path.stem for path in (ANALYSIS / folder).glob("[a-z]*.py")):
            patterns = [f"{folder}/{module}.{ending}" for ending in endings]
            found[f"analysis.{folder}.{module}"] = named(kind, *patterns, steady=module not in VOLATILE)
    found[TYPESETTER] = named("The article:", PAPER)
    return {stage: files for stage, files in found.items() if files}


def workflow_files(facts: Facts) -> list[File]:
    """The copy of the workflow: the Snakefile, then its rules."""
    rules = sorted(path.name for path in (facts.results / RULES).glob("*.smk"))
    titles = [File(f"{RULES}/{name}", f"Rules: {name.removesuffix('.smk')}") for name in rules]
    return [File(WORKFLOW, "The whole paper as one graph"), *titles]


def plan_file() -> File:
    """The plan: what the configuration came to."""
    return File(PLAN, "Plan: the resolved configuration, all runs and their settings")
