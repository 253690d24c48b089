"""What the README tells people to type works."""

import re

import yaml
from helpers import ROOT

from telepathy.config import load, presets
from telepathy.planner import make_plan

README = (ROOT / "README.md").read_text()


def example(word: str) -> dict:
    """The YAML example that speaks of something."""
    (found,) = [text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if word in text]
    return yaml.safe_load(found)


def test_the_example_of_ones_own_experiment_plans():
    plan = make_plan(load("quick", example("output_gain")))
    settings = {cell.setting for cell in plan.cells if cell.experiment == "gain"}
    assert settings == {None, "output_gain=0.25", "output_gain=1.0", "output_gain=4.0"}


def test_the_example_of_ones_own_data_plans():
    plan = make_plan(load("quick", example("tickets")))
    assert {run.task for run in plan.runs.values()} >= {"tickets"}


def test_the_example_of_ones_own_phase_plans():
    plan = make_plan(load("quick", example("p28")))
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
