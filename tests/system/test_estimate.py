"""The time that a plan is said to take follows from measured times, and from nothing else."""

import pytest

from telepathy.config import load
from telepathy.estimate import LOADING, PROCESSES, measured, seconds, summary, test_rows, training_rows, work
from telepathy.files import write_json
from telepathy.planner import make_plan

test_rows.__test__ = False


@pytest.fixture(scope="module")
def plan():
    return make_plan(load("small"))


def test_work_is_told_apart_by_what_costs_time(plan):
    kinds = {work(run.spec) for run in plan.runs.values()}
    assert {"gemma3_270m/labels/bridge", "gemma3_270m/labels/lora", "gemma3_270m/open/bridge", "gemma3_270m/open/flow",
            "smollm2_135m/labels/bridge", "none/labels/majority"} <= kinds  # fmt: skip


def test_search_and_validation_are_counted():
    search = {"lr": [1, 2, 3], "share": 0.2}
    training = {"steps": 100, "batch": 8, "accumulation": 2, "validations": 3, "search": search}
    assert training_rows({"training": training}) == pytest.approx(100 * 16 * 1.6)
    rows = {"validation": 50, "test": 300}
    assert test_rows({"recipe": {"training": training}, "task": {"labels": ["a", "b"]}}, rows) == 300 + 6 * 50
    assert test_rows({"recipe": {"training": training}, "task": {"labels": []}}, rows) == 300 + 6 * 16
    assert test_rows({"recipe": {}, "task": {"labels": []}}, rows) == 300


def test_seconds_are_the_sum_of_the_work(plan):
    times = {work(run.spec): {"training_row": 0.0, "test_row": 0.0} for run in plan.runs.values()}
    idle, unknown = seconds(plan, times)
    assert unknown == {}
    assert idle == pytest.approx(LOADING * len(plan.groups()) / PROCESSES)
    times["gemma3_270m/labels/bridge"]["training_row"] = 0.1
    rows = sum(training_rows(run.spec["recipe"]) for run in plan.runs.values()
               if work(run.spec) == "gemma3_270m/labels/bridge")  # fmt: skip
    assert seconds(plan, times)[0] == pytest.approx(idle + 0.1 * rows / PROCESSES)


def test_unmeasured_models_are_said_to_be_unknown(plan):
    assert "no step time" in summary(plan, {})[1]
    some = {"none/labels/majority": {"test_row": 0.0}}
    assert "not counted" in summary(plan, some)[1]
    assert f"{len(plan.runs)} runs" in summary(plan, some)[0]


def test_times_are_medians_of_finished_runs(tmp_path):
    spec = {"recipe": {"kind": "bridge", "body": {"kind": "mlp"}}, "models": {"receiver": "tiny-0123"},
            "task": {"labels": ["a", "b"]}}  # fmt: skip
    for number, (wall, speed) in enumerate([(10, 5), (20, 10), (60, 20)]):
        folder = tmp_path / "mine" / "runs" / "task" / "bridge" / str(number)
        write_json(folder / "run.json", {"spec": spec, "summary": {"n": 10}})
        write_json(folder / "environment.json", {"wall_seconds": wall})
        slow = '{"examples_per_second": 0.1}\n'
        (folder / "train.jsonl").write_text(slow + f'{{"examples_per_second": {speed}}}\n' * 3)
    assert measured(tmp_path, ["mine"]) == {"tiny/labels/bridge": {"test_row": 2.0, "training_row": 0.1}}
    assert measured(tmp_path, ["other"]) == {}
