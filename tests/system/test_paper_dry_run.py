"""The graph of preset paper, listed for a cluster: every job with what it asks for, soon, and without heavy imports."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from helpers import ROOT

from telepathy.config import load
from telepathy.cost import Cost
from telepathy.planner import make_plan

PROFILE = ROOT / "workflow" / "profiles" / "slurm"
MOST_SECONDS, MOST_MB = 3.0, 200
"""CPU time of building the graph; and the most memory that the process ever held."""

WATCHED = """
import sys, time
from snakemake import cli, workflow
build = workflow.Workflow._build_dag

def timed(*given, **named):
    start = time.process_time()
    build(*given, **named)
    print("DAG", time.process_time() - start, flush=True)

workflow.Workflow._build_dag = timed
sys.argv[0] = "snakemake"
try:
    cli.main()
finally:
    # A module that waits to be used (envs/pandas_when_used.py) has a type of its own, and no submodules.
    heavy = ("torch", "transformers", "pandas", "scipy", "sklearn", "matplotlib")
    print("HEAVY", *(name for name in sys.modules if name.split(".")[0] in heavy and name != "pandas"), flush=True)
    print("RSS", int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024, flush=True)
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory) -> str:
    """What `snakemake -n --config preset=paper --profile workflow/profiles/slurm` prints, without SLURM."""
    folder = tmp_path_factory.mktemp("paper")
    for name in ("Snakefile", "workflow", "telepathy", "analysis", "paper", "envs", "CITATION.cff"):
        (folder / name).symlink_to(ROOT / name)
    # A list is made on a laptop, too: of the system's commands only those that Snakemake starts with.
    (folder / "bin").mkdir()
    for name in ("bash", "sh", "which"):
        (folder / "bin" / name).symlink_to(shutil.which(name))
    path = f"{Path(sys.executable).parent}:{folder / 'bin'}"
    assert shutil.which("sbatch", path=path) is None
    words = ["-n", "--config", "preset=paper", "--profile", str(PROFILE.relative_to(ROOT))]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def plan():
    return make_plan(load("paper"))


def test_every_job_is_listed(listed, plan):
    stats = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", listed, re.MULTILINE)}
    assert stats["train"] == stats["evaluate"] == len(plan.ids("trained"))
    assert stats["baseline"] == len(plan.ids("baseline"))
    assert stats["reuse"] == len(plan.ids("reuse"))
    assert stats["latency"] == len(plan.ids("latency"))
    assert stats["calibrate"] == len(plan.calibrations)
    assert sum(name.startswith("encode_") for name in stats) == len(plan.states)
    numbers = re.findall(r"^Job (\d+): ", listed, re.MULTILINE)
    assert stats["total"] - 1 == len(set(numbers))  # `all` does nothing


def test_every_job_of_the_cluster_says_what_it_asks_for(listed, plan):
    cost = Cost(plan)
    shape = r"^Job \d+: (\w+) .*?(\w+)\)? \[(\w+), (\d+) MB, (\d+) min(?:, (\d+) GPUs)?\]$"
    asked = re.findall(shape, listed, re.MULTILINE)
    verbs = Counter(verb for verb, *_ in asked)
    assert verbs["Train"] == verbs["Evaluate"] == len(plan.ids("trained"))
    assert len(asked) == len(list(cost.jobs()))
    run = plan.ids("trained")[0]
    wanted = cost.train(run)
    (found,) = [one for one in asked if one[0] == "Train" and one[1] == run]
    assert found[2:] == ("gpu", str(wanted.memory_mb), str(wanted.minutes), "1")
    assert wanted.memory_mb > 16_000


def test_nothing_heavy_is_imported(listed):
    assert re.search(r"^HEAVY *(.*)$", listed, re.MULTILINE)[1] == ""


def test_the_graph_is_built_soon_in_little_memory(listed):
    seconds = float(re.search(r"^DAG ([\d.]+)$", listed, re.MULTILINE)[1])
    megabytes = float(re.search(r"^RSS ([\d.]+)$", listed, re.MULTILINE)[1])
    assert seconds <= MOST_SECONDS, f"{seconds:.1f} s"
    assert megabytes < MOST_MB, f"{megabytes:.0f} MB"


def test_the_readme_says_what_the_rules_ask_for():
    done = subprocess.run(
        [sys.executable, ROOT / "workflow" / "asked.py", "--preset", "paper"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- asked: preset=paper -->\n(.*?)\n<!-- /asked -->", readme, re.DOTALL)
    assert shown is not None
    assert shown[1] == done.stdout.strip(), "workflow/asked.py --preset paper says otherwise: paste its table"
