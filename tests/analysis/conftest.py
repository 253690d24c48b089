import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fabricate import fabricate, tiny_plan

from analysis.claims import load
from analysis.comparisons import compare
from analysis.phases import evaluate
from analysis.study import Study, read_study
from telepathy.files import write_json


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """Results folder of the tiny plan with fabricated runs and its comparisons; tests must not change it."""
    results = tmp_path_factory.mktemp("results")
    plan = fabricate(tiny_plan(), results)
    write_json(results / "statistics" / "comparisons.json", compare(read_study(plan)))
    return results


@pytest.fixture(scope="session")
def made_series(tmp_path_factory) -> Path:
    """The same with a series of phases and its statistics."""
    results = tmp_path_factory.mktemp("series")
    plan = fabricate(tiny_plan(phases=True), results)
    write_json(results / "statistics" / "comparisons.json", compare(read_study(plan)))
    study = read_study(plan, results / "statistics" / "comparisons.json")
    write_json(results / "statistics" / "phases.json", evaluate(study, load()))
    return results


@pytest.fixture(scope="session")
def series(made_series) -> Study:
    statistics = made_series / "statistics"
    return read_study(
        made_series / "plan" / "overview.json", statistics / "comparisons.json", phases=statistics / "phases.json"
    )


@pytest.fixture(scope="session")
def study(made) -> Study:
    return read_study(made / "plan" / "overview.json", made / "statistics" / "comparisons.json")


@pytest.fixture(scope="session")
def grids(tmp_path_factory) -> Study:
    """A study with every kind of experiment, two tasks and two seeds."""
    path = fabricate(tiny_plan(2, seeds=2, grids=True), tmp_path_factory.mktemp("grids"))
    study = read_study(path)
    return Study(study.plan, study.results, compare(study))
