"""What the README tells people to type works."""

import re

import yaml
from helpers import ROOT

from telepathy.config import load, presets
from telepathy.plan import make_plan

README = (ROOT / "README.md").read_text()


def test_the_example_of_ones_own_data_plans():
    example = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)[1]
    plan = make_plan(load("quick", yaml.safe_load(example)))
    assert {run.task for run in plan.runs.values()} >= {"tickets"}


def test_the_example_of_ones_own_phase_plans():
    example = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[1]
    plan = make_plan(load("quick", yaml.safe_load(example)))
    assert "p28" in {run.method for run in plan.runs.values()}


def test_quoted_presets_profiles_and_files_exist():
    assert set(re.findall(r"preset=(\w+)", README)) <= set(presets())
    for path in re.findall(r"workflow/[\w/]+\w(?:\.json|\.yaml)?", README):
        assert (ROOT / path).exists(), path
    for target in re.findall(r"(?:`|^)make ([a-z-]+)\b", README, re.MULTILINE):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_every_stage_teaches():
    """Each stage's docstring, which is its --help, shows a line to paste."""
    for path in (ROOT / "telepathy").rglob("*.py"):
        text = path.read_text()
        if "def main() -> None" in text:
            assert "python -m telepathy." in text, path
