import json
import sys
from dataclasses import replace

import pytest
from fabricate import fabricate, tiny_plan

from analysis import comparisons
from analysis.comparisons import compare, pair
from analysis.study import read_study
from telepathy.errors import UserError, run_stage
from telepathy.files import file_sha256
from telepathy.record import read_run, write_run

EMPTY = {"spec": {}, "resolved": {}, "inputs": {}}


def test_cells_and_comparisons_agree_with_the_rows(study):
    for cell in study.cells:
        rows = study.read(cell["run"]).rows
        assert cell["correct"] == sum(row.correct for row in rows)
        assert cell["low"] <= cell["accuracy"] <= cell["high"]
    accuracy = {(c["experiment"], c["task"], c["method"]): c["accuracy"] for c in study.cells}
    for c in study.comparisons["comparisons"]:
        place = (c["experiment"], c["task"])
        assert c["difference"] == pytest.approx(accuracy[*place, c["reference"]] - accuracy[*place, c["method"]])
        assert c["p"] <= c["p_holm"] <= 1
        expected = "no evidence" if c["p_holm"] >= 0.05 else "above" if c["difference"] > 0 else "below"
        assert c["verdict"] == expected


def test_family_sizes_and_file_hashes(study, made):
    assert study.comparisons["families"] == {
        "main": {"alpha": 0.05, "size": 4},
        "text": {"alpha": 0.05, "size": 1},
    }
    for entry in study.comparisons["rows"].values():
        assert entry["sha256"] == file_sha256(made / entry["path"])


def test_majority_is_constant_and_open_tasks_have_no_chance_level(study):
    assert all(c["constant"] == (c["method"] == "majority") for c in study.cells)
    assert {c["chance"] for c in study.cells if c["task"] == "open"} == {None}


def test_same_runs_give_the_same_bytes(made, monkeypatch):
    outs = [made.parent / "a.json", made.parent / "b.json"]
    for out in outs:
        arguments = ["x", "--plan", str(made / "plan" / "overview.json"), "--out", str(out)]
        monkeypatch.setattr(sys, "argv", arguments)
        comparisons.main()
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert json.loads(outs[0].read_text())["preset"] == "tiny"


def test_below_chance_is_flagged(tmp_path):
    path = fabricate(tiny_plan(1), tmp_path)
    study = read_study(path)
    run = study.read("task_0_receiver_zero_shot")
    flip = {"no": "yes", "yes": "no"}
    wrong = [replace(row, prediction=flip[row.gold]) for row in run.rows]
    write_run(run.folder, EMPTY, wrong, {})
    found = {c["method"]: c for c in compare(read_study(path))["cells"] if c["task"] == "task_0"}
    assert found["receiver_zero_shot"]["below_chance"]
    assert found["receiver_zero_shot"]["against_chance"] == "below"


def test_seeds_that_share_both_runs_count_once(tmp_path):
    plan = tiny_plan(1, seeds=2)
    plan["experiments"]["main"]["reference"] = "majority"
    found = compare(read_study(fabricate(plan, tmp_path)))
    compared = [tuple(c["runs"]) for c in found["comparisons"] if c["experiment"] == "main"]
    assert len(compared) == len(set(compared)) == 3  # two bridges, one text baseline


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[:-1], "row r39 was scored in one of them only"),
        (lambda rows: [replace(rows[0], text="other"), *rows[1:]], "row r0 has another text"),
        (
            lambda rows: [*rows[:5], replace(rows[5], gold="maybe"), *rows[6:]],
            "row r5 has another gold answer",
        ),
    ],
)
def test_runs_on_other_rows_are_refused_with_one_line(tmp_path, capsys, change, words):
    path = fabricate(tiny_plan(1), tmp_path)
    study = read_study(path)
    run = study.read("task_0_receiver_zero_shot")
    write_run(run.folder, EMPTY, change(run.rows), {})
    with pytest.raises(UserError, match=words):
        compare(study)
    with pytest.raises(SystemExit) as exit_:
        run_stage(lambda: compare(study))
    shown = capsys.readouterr().err
    assert exit_.value.code == 2
    assert shown.count("\n") == 1
    assert "task_0_bridge_0" in shown
    assert "task_0_receiver_zero_shot" in shown


def test_pairing_does_not_depend_on_the_order_of_rows(tmp_path):
    study = read_study(fabricate(tiny_plan(1), tmp_path))
    first, second = study.read("task_0_bridge_0"), study.read("task_0_receiver_zero_shot")
    expected = pair(first, second)
    write_run(second.folder, EMPTY, second.rows[::-1], {})
    found = pair(first, read_run(second.folder))
    assert all((a == b).all() for a, b in zip(expected, found, strict=True))


def test_comparisons_of_another_plan_are_refused(made, tmp_path):
    path = fabricate(tiny_plan(1), tmp_path)
    with pytest.raises(UserError, match="another plan"):
        read_study(path, made / "statistics" / "comparisons.json")
