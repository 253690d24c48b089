"""Is the reference better than the better one of its parts? Constructed answers decide."""

from dataclasses import replace

import pytest
from fabricate import fabricate, tiny_plan
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.comparisons import compare
from analysis.study import read_study
from telepathy.record import write_run

METHODS = ("bridge_0", "receiver_calibrated", "sender_calibrated")


def decided(tmp_path, **right):
    """The test on task 0 when each method is right on the given rows of 40."""
    path = fabricate(tiny_plan(1, grids=True), tmp_path)
    study = read_study(path)
    for method, rows in right.items():
        run = study.read(f"task_0_{method}")
        other = {"no": "yes", "yes": "no"}
        answers = [
            replace(row, prediction=row.gold if i in rows else other[row.gold]) for i, row in enumerate(run.rows)
        ]
        write_run(run.folder, {"spec": {}, "resolved": run.record["resolved"], "inputs": {}}, answers, {})
    found = [e for e in compare(study)["superadditivity"] if e["task"] == "task_0"]
    assert len(found) == 1
    return found[0]


def mcnemar(b, c):
    return min(1.0, stats.binomtest(min(b, c), b + c, 0.5).pvalue)


def test_better_than_each_part(tmp_path):
    entry = decided(tmp_path, bridge_0=range(40), receiver_calibrated=range(10, 40), sender_calibrated=range(28))
    assert (entry["best"], entry["best_accuracy"], entry["accuracy"]) == ("receiver_calibrated", 0.75, 1.0)
    assert entry["difference"] == pytest.approx(0.25)
    assert entry["p"] == pytest.approx(max(mcnemar(10, 0), mcnemar(12, 0)))
    assert entry["verdict"] == "above"
    # The best part is picked anew: on some resamples the sender is better, so the excess is smaller.
    assert 0 < entry["low"] <= entry["difference"]


def test_better_than_one_part_only(tmp_path):
    entry = decided(tmp_path, bridge_0=range(30), receiver_calibrated=range(10), sender_calibrated=range(31))
    assert (entry["best"], entry["p"], entry["verdict"]) == ("sender_calibrated", 1.0, "no evidence")
    assert entry["difference"] == pytest.approx(-1 / 40)


def test_worse_than_the_best_part(tmp_path):
    entry = decided(tmp_path, bridge_0=range(10), receiver_calibrated=range(12), sender_calibrated=range(36))
    assert (entry["p"], entry["verdict"]) == (1.0, "below")
    assert entry["high"] < 0


def test_better_but_not_by_enough(tmp_path):
    entry = decided(tmp_path, bridge_0=range(40), receiver_calibrated=range(2, 40), sender_calibrated=range(20))
    assert entry["difference"] > 0
    assert entry["p"] == pytest.approx(mcnemar(2, 0))
    assert entry["verdict"] == "no evidence"


def test_a_family_of_its_own_over_tasks_and_seeds(tmp_path):
    found = compare(read_study(fabricate(tiny_plan(2, seeds=2, grids=True), tmp_path)))["superadditivity"]
    assert [(e["task"], e["seed"]) for e in found] == [(t, s) for t in ("task_0", "task_1") for s in (0, 1)]
    assert {e["family"] for e in found} == {4}
    adjusted = multipletests([e["p"] for e in found], method="holm")[1]
    assert [e["p_holm"] for e in found] == pytest.approx(list(adjusted))


def test_no_test_where_a_part_is_missing_or_nothing_is_asked(tmp_path):
    plan = tiny_plan(1, grids=True)
    plan["experiments"]["text"]["better_of"] = ["receiver_zero_shot", "majority"]  # majority has no open answers
    found = compare(read_study(fabricate(plan, tmp_path)))["superadditivity"]
    assert {e["experiment"] for e in found} == {"main"}


def test_seeds_that_share_all_runs_count_once(tmp_path):
    plan = tiny_plan(1, seeds=3, grids=True)
    plan["experiments"]["main"]["reference"] = "linear_probe"
    found = compare(read_study(fabricate(plan, tmp_path)))["superadditivity"]
    assert len(found) == 1
