# The whole paper as one graph: models -> hidden states -> calibration -> training -> evaluation -> statistics ->
# tables, figures, values -> paper.pdf.   snakemake --cores 2 --config preset=quick
import shutil
import signal
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, workflow.basedir)

from analysis.report.about import about
from telepathy.config import load
from telepathy.cost import Cost
from telepathy.errors import UserError
from telepathy.estimate import read_times, summary
from telepathy.files import check_room
from telepathy.overview import write_plan
from telepathy.planner import make_plan
from telepathy.sources import modules, sources, stamp

try:
    PLAN = make_plan(load(config.get("preset", "quick"), config))
    if workflow.is_main_process:
        check_room(Path())
    write_plan(PLAN, Path("results"))
except UserError as error:
    sys.exit(f"error: {error}")
# Snakemake does not know yet whether this is a dry run; jobs on a cluster parse this file too, and keep quiet.
if workflow.is_main_process:
    print("\n".join(summary(PLAN, read_times())), file=sys.stderr)


# Shell commands read `python -m ...`, so that a person can paste them; this makes it the Python that runs us. A cluster's
# SIGTERM reaches every process of a job: with the trap, bash waits for a training that saves its state.
shell.prefix(f"trap : TERM; PATH={Path(sys.executable).parent}:$PATH; ")
# So does its SIGUSR1, soon before the time is up: training saves and ends, all else that is started here ignores it.
signal.signal(signal.SIGUSR1, signal.SIG_IGN)

CACHE = "results/cache"
CODE = Path(CACHE) / "plan" / "code"
COST, HARDWARE = Cost(PLAN), PLAN.config.hardware
# On a cluster a job's message says what it asks for.
CLUSTER = "slurm_partition" in (workflow.resource_settings.default_resources or {})
ASKS = (
    " [{resources.slurm_partition}, {resources.mem_mb} MB, {resources.runtime} min]"
    if CLUSTER
    else ""
)
ASKS_GPU = ASKS.replace("]", ", {resources.gpu} GPUs]")
OUT = f"results/{PLAN.config.preset}"
TABLES, FIGURES = modules("analysis/tables"), modules("analysis/figures")
PAPER = [
    path.as_posix()
    for path in sorted(Path("paper").rglob("*.*"))
    if path.suffix in (".tex", ".bib", ".yaml")
]
LATEX = shutil.which("latexmk") is not None


localrules:
    all,


wildcard_constraints:
    key="[a-z0-9_-]+",
    run="[0-9a-f]{12}",
    task="[^/]+",
    method="[^/]+",


include: "workflow/rules/statistics.smk"


# Raw runs are replayed from an archive, or made: on one machine they share processes, on a cluster each is a job.
if PLAN.config.runs == "archive":

    include: "workflow/rules/replay.smk"

else:

    include: "workflow/rules/models.smk"
    include: "workflow/rules/data.smk"
    include: "workflow/rules/encode.smk"
    include: "workflow/rules/calibrate.smk"

    if PLAN.config.together:

        include: "workflow/rules/together.smk"

    else:

        include: "workflow/rules/train.smk"
        include: "workflow/rules/evaluate.smk"
        include: "workflow/rules/baselines.smk"
        include: "workflow/rules/dependent.smk"


include: "workflow/rules/resources.smk"
include: "workflow/rules/archive.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/exports.smk"


rule all:
    default_target: True
    input:
        expand(f"{OUT}/tables/{{name}}.csv", name=TABLES),
        expand(f"{OUT}/figures/{{name}}.png", name=FIGURES),
        f"{OUT}/values.json",
        f"{OUT}/resources.csv",
        f"{OUT}/report/index.html",
        f"{OUT}/croissant.json",
        f"{OUT}/ro-crate-metadata.json",
        [f"{OUT}/paper.pdf"] if LATEX else [],


onsuccess:
    print(
        f"Done: {OUT}/paper.pdf"
        if LATEX
        else f"Done, without the PDF (no latexmk here): {OUT}/"
    )
