"""Each kind of alarm, raised and not raised."""

from dataclasses import replace

import pytest
from fabricate import fabricate, tiny_plan

from analysis.alarms import KINDS
from analysis.caveats import alarms as sentences
from analysis.comparisons import compare
from analysis.study import Study, read_study
from analysis.values import USE, registry
from telepathy.record import write_run

OTHER = {"no": "yes", "yes": "no"}


@pytest.fixture
def study(tmp_path) -> Study:
    plan = tiny_plan(1, seeds=2, grids=True, phases=True)
    plan["cells"] = [c for c in plan["cells"] if c["experiment"] in ("main", "controls", "design", "series")]
    plan["runs"] = {c["run"]: plan["runs"][c["run"]] for c in plan["cells"]}
    plan["statistics"]["resamples"] = 20  # no interval is looked at
    return read_study(fabricate(plan, tmp_path))


def rewrite(study, run, change, record=None):
    raw = study.read(run)
    content = {"spec": {}, "resolved": raw.record["resolved"], "inputs": raw.record["inputs"]} | (record or {})
    write_run(raw.folder, content, [change(i, row) for i, row in enumerate(raw.rows)], {})


def copy(study, source, target):
    """Make one run's rows those of another, byte for byte."""
    rows = study.read(source).rows
    rewrite(study, target, lambda i, _: rows[i])


def found(study, kind):
    return [alarm for alarm in compare(study)["alarms"] if alarm["kind"] == kind]


def test_nothing_is_raised_without_a_cause(study):
    assert {alarm["kind"] for alarm in compare(study)["alarms"]} <= {"unparsed", "below_chance"}


def test_below_chance(study):
    rewrite(study, "task_0_bridge_0", lambda i, row: replace(row, prediction=OTHER[row.gold] if i > 3 else row.gold))
    assert found(study, "below_chance") == [
        {"kind": "below_chance", "task": "task_0", "methods": ["bridge"], "runs": ["task_0_bridge_0"]}
        | {"count": 4, "n": 40}
    ]


def test_answers_that_cannot_be_read_do_not_look_like_a_fault_of_the_model(study):
    def change(i, row):
        if i < 30:
            return replace(row, prediction=None, parsed=False)
        return replace(row, prediction=row.gold)

    rewrite(study, "task_0_receiver_zero_shot", change)
    content = compare(study)
    cell = next(c for c in content["cells"] if c["run"] == "task_0_receiver_zero_shot")
    assert (cell["against_chance"], cell["below_chance"], cell["parsed_accuracy"]) == ("below", False, 1.0)
    assert cell["alarms"] == ["unparsed"]
    alarm = next(a for a in content["alarms"] if a["runs"] == [cell["run"]])
    assert (alarm["kind"], alarm["count"], alarm["n"]) == ("unparsed", 30, 40)


def test_no_accuracy_among_read_answers_where_none_was_read(study):
    rewrite(study, "task_0_bridge_0", lambda i, row: replace(row, prediction=None, parsed=False))
    cell = next(c for c in compare(study)["cells"] if c["run"] == "task_0_bridge_0")
    assert (cell["parsed_accuracy"], cell["below_chance"]) == (None, False)


def test_constant_answers_unless_a_constant_is_the_point(study):
    assert found(study, "constant") == []
    cells = compare(study)["cells"]
    assert {c["method"] for c in cells if c["constant"]} == {"majority", "zero_tokens", "mean_tokens", "constant_class"}
    for run in ("task_0_bridge_0", "task_0_random_tokens_1", "task_0_prompt_tuning_0"):
        rewrite(study, run, lambda i, row: replace(row, prediction="no", scores={"no": -0.1 - i / 99, "yes": -3.0}))
    assert [a["runs"] for a in found(study, "constant")] == [
        ["task_0_bridge_0"],
        ["task_0_prompt_tuning_0"],
        ["task_0_random_tokens_1"],
    ]


def test_constant_runs_are_not_called_identical(study):
    for run in ("task_0_bridge_0", "task_0_random_tokens_1"):
        score = 0.1 if "bridge" in run else 0.2  # other files
        rewrite(study, run, lambda i, row, s=score: replace(row, prediction="no", prompt=f"{s}"))
    assert found(study, "identical_outputs") == []


def test_identical_outputs_with_other_prompts(study):
    rows = study.read("task_0_bridge_0").rows
    rewrite(study, "task_0_linear_probe", lambda i, _: replace(rows[i], prompt="another"))
    assert found(study, "duplicate_run") == []
    assert found(study, "identical_outputs") == [
        {"kind": "identical_outputs", "task": "task_0", "methods": ["bridge", "linear_probe"]}
        | {"runs": ["task_0_bridge_0", "task_0_linear_probe"], "count": 2, "n": 40}
    ]


def test_equal_predictions_with_other_scores_are_not_identical(study):
    rows = study.read("task_0_bridge_0").rows
    rewrite(study, "task_0_linear_probe", lambda i, _: replace(rows[i], scores={"no": -0.25, "yes": -0.5}))
    assert found(study, "identical_outputs") == []


def test_an_override_that_did_not_arrive_is_a_duplicate_and_not_raised_twice(study):
    copy(study, "task_0_bridge_1", "task_0_bridge_1_body.depth-2")
    assert found(study, "duplicate_run") == [
        {"kind": "duplicate_run", "task": "task_0", "methods": ["bridge"]}
        | {"runs": ["task_0_bridge_1", "task_0_bridge_1_body.depth-2"], "count": 2, "n": 40}
    ]
    assert found(study, "identical_outputs") == []


def test_a_seed_that_does_nothing_is_a_duplicate_unless_nothing_was_trained(study):
    copy(study, "task_0_untrained_bridge_0", "task_0_untrained_bridge_1")
    copy(study, "task_0_zero_tokens_0", "task_0_zero_tokens_1")
    assert found(study, "duplicate_run") == []
    copy(study, "task_0_shuffled_sources_0", "task_0_shuffled_sources_1")
    assert [a["methods"] for a in found(study, "duplicate_run")] == [["shuffled_sources"]]


def test_a_latency_run_may_repeat_the_answers_that_it_times(study):
    copy(study, "task_0_bridge_0", "task_0_p26")
    assert study.plan["methods"]["p26"]["kind"] == "latency"
    assert found(study, "duplicate_run") == []


def test_the_series_is_judged_elsewhere_but_its_runs_must_differ(study):
    for run in ("task_0_p17", "task_0_p17_recorded"):
        rewrite(study, run, lambda i, row: replace(row, prediction=OTHER[row.gold]))
    content = compare(study)
    assert not any("task_0_p17" in a["runs"] for a in content["alarms"] if a["kind"] == "below_chance")
    cell = next(c for c in content["cells"] if c["run"] == "task_0_p17")
    assert cell["alarms"] == ["below_chance"]
    copy(study, "task_0_p17", "task_0_p17_recorded")
    assert [a["runs"] for a in found(study, "duplicate_run")] == [["task_0_p17", "task_0_p17_recorded"]]


def test_test_rows_that_are_near_training_rows(study):
    changed = {"inputs": {"overlap": {"test": 40, "near": 3}}}
    for run in ("task_0_bridge_0", "task_0_majority"):
        rewrite(study, run, lambda i, row: row, changed)
    rewrite(study, "task_0_linear_probe", lambda i, row: row, {"inputs": {}})
    (alarm,) = found(study, "overlap")
    assert (alarm["task"], alarm["methods"], alarm["count"], alarm["n"]) == ("task_0", [], 3, 40)
    assert alarm["runs"] == ["task_0_bridge_0", "task_0_majority"]


def test_sentences_name_kinds_and_places_with_known_values(study):
    rewrite(study, "task_0_bridge_0", lambda i, row: replace(row, prediction=OTHER[row.gold]))
    copy(study, "task_0_bridge_1", "task_0_bridge_1_body.depth-2")
    content = compare(study)
    made = Study(study.plan, study.results, content, {"entries": []})
    text = sentences(made)
    assert "points to a fault" in text
    assert "byte for byte: \\method{bridge} on Task 0 \\& more." in text
    known = registry(made)
    assert all(used in known for used in USE.findall(text))
    assert known["alarms.all"].value == len(content["alarms"])
    assert known["alarms.duplicate_run"].value == 1
    assert all(f"alarms.{kind}" in known for kind in KINDS)


def test_a_build_without_alarms_says_so(study):
    content = compare(study) | {"alarms": []}
    assert "none of these occurred" in sentences(Study(study.plan, study.results, content))


def test_a_restarted_training(study):
    restarts = [{"factor": 1.0, "seed": 0, "reason": "loss nan"}, {"factor": 0.5, "seed": 0, "reason": "loss nan"}]
    record = {"spec": {}, "resolved": {"restarts": restarts}, "inputs": {}}
    rewrite(study, "task_0_bridge_0", lambda i, row: row, record)
    assert found(study, "restarted") == [
        {"kind": "restarted", "task": "task_0", "methods": ["bridge"], "runs": ["task_0_bridge_0"], "count": 2, "n": 40}
    ]
