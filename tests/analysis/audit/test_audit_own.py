import gzip
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fabricate import fabricate, tiny_plan

from analysis.audit.__main__ import audit
from analysis.audit.finding import Severity
from analysis.comparisons import compare
from analysis.study import read_study
from telepathy.files import read_json, write_json, write_jsonl_gz
from telepathy.record import read_run, summary


@pytest.fixture
def results(tmp_path) -> Path:
    plan = fabricate(tiny_plan(), tmp_path)
    write_json(tmp_path / "statistics" / "comparisons.json", compare(read_study(plan)))
    return tmp_path


def kinds(folder: Path) -> dict[str, Severity]:
    return {one.kind: one.severity for one in reversed(audit(folder).findings)}


@pytest.mark.parametrize("what", [{}, {"phases": True}, {"seeds": 3}, {"grids": True, "seeds": 2}])
def test_fabricated_runs_give_no_error(what, tmp_path):
    plan = fabricate(tiny_plan(**what), tmp_path)
    if "phases" not in what:
        write_json(tmp_path / "statistics" / "comparisons.json", compare(read_study(plan)))
    outcome = audit(tmp_path)
    assert [one.json() for one in outcome.findings if one.severity == Severity.ERROR] == []
    assert len(outcome.audit.results) == len(tiny_plan(**what)["runs"])


def test_rows_that_contradict_their_summary_are_an_error(results):
    path = next(results.glob("runs/*/bridge/*/run.json"))
    record = read_json(path, "test")
    record["summary"]["correct"] += 1
    write_json(path, record)
    assert kinds(results)["unreadable_run"] == Severity.ERROR


def test_statistics_of_other_rows_are_an_error(results):
    path = next(results.glob("runs/task_0/bridge/*"))
    lines = [vars(row) | {"prediction": "no"} for row in read_run(path).rows]
    lines = [{key: line[key] for key in line if line[key] is not None} for line in lines]
    write_jsonl_gz(path / "rows.jsonl.gz", lines)
    record = read_json(path / "run.json", "test")
    rows = gzip.decompress((path / "rows.jsonl.gz").read_bytes()).splitlines()
    right = sum(json.loads(line)["gold"] == "no" for line in rows)
    record["summary"] |= {"correct": right, "accuracy": right / len(rows)}
    write_json(path / "run.json", record)
    assert summary(read_run(path).rows)["correct"] == right
    found = kinds(results)
    assert found["unreadable_run"] == Severity.ERROR
    assert found["constant_predictions"] == Severity.WARNING


def test_a_copied_run_is_a_duplicate(results):
    first, other = sorted(results.glob("runs/task_0/*/*"))[:2]
    assert first.parent != other.parent
    (other / "rows.jsonl.gz").write_bytes((first / "rows.jsonl.gz").read_bytes())
    record = read_json(other / "run.json", "test")
    write_json(other / "run.json", record | {"summary": read_json(first / "run.json", "test")["summary"]})
    methods = {first.parent.name, other.parent.name}
    if "majority" not in methods:
        assert kinds(results)["duplicate_run"] == Severity.ERROR
    else:
        assert "duplicate_run" not in kinds(results)


def test_runs_that_are_not_there_yet_are_a_note(results):
    for path in results.glob("runs/task_1/*/*/run.json"):
        path.unlink()
    assert kinds(results)["not_understood"] == Severity.NOTE


def test_rows_and_statistics_agree_on_what_differs(results):
    """A test's result in the statistics is impossible: it is named with its place."""
    path = results / "statistics" / "comparisons.json"
    content = read_json(path, "test")
    content["comparisons"][0]["p"] = 1.5
    write_json(path, content)
    found = [one for one in audit(results).findings if one.kind == "p_out_of_range"]
    assert [one.where for one in found] == ["statistics/comparisons.json:comparisons.0"]


def test_a_damaged_plan_is_an_error_with_a_line(tmp_path):
    write_json(tmp_path / "plan" / "overview.json", {"runs": 3})
    assert kinds(tmp_path) == {"unreadable_run": Severity.ERROR}


@pytest.mark.parametrize("content", [{"comparisons": [{}]}, {"comparisons": 3}, {"rows": {"a": 1}}, []])
def test_damaged_statistics_are_no_traceback(content, results):
    write_json(results / "statistics" / "comparisons.json", content)
    found = [one for one in audit(results).findings if one.kind == "unreadable_run"]
    assert len(found) == (0 if content == [] else 1)


@pytest.mark.parametrize("content", [{}, {"folder": "runs/x"}, 3])
def test_a_plan_with_an_odd_run_is_an_error(content, results):
    plan = read_json(results / "plan" / "overview.json", "test")
    plan["runs"]["odd"] = content
    write_json(results / "plan" / "overview.json", plan)
    assert kinds(results)["unreadable_run"] == Severity.ERROR
