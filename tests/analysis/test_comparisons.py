import json
import re
import sys
from dataclasses import replace

import pytest
from fabricate import fabricate, tiny_plan

from analysis import comparisons, statistics
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


def test_a_difference_is_always_the_counterpart_minus_the_cell(grids):
    accuracy = {c["run"]: c["accuracy"] for c in grids.cells}
    for c in grids.comparisons["comparisons"]:
        counterpart, own = c["runs"]
        assert c["difference"] == pytest.approx(accuracy[counterpart] - accuracy[own])
        assert grids.plan["runs"][counterpart]["method"] == c["reference"]


def test_the_method_without_information_has_a_family_of_its_own(grids):
    found = grids.comparisons_of("controls", "task_0", against="null")
    assert {c["reference"] for c in found} == {"majority"}
    assert {c["method"] for c in found} == set(grids.plan["experiments"]["controls"]["methods"]) - {"majority"}
    assert grids.comparisons["families"]["controls/null"]["size"] == len(grids.comparisons_of("controls", None, "null"))
    assert grids.comparisons["families"]["controls"]["size"] == len(grids.comparisons_of("controls"))
    for against in ("reference", "null"):
        family = grids.comparisons_of("controls", against=against)
        assert [c["p_holm"] for c in family] == statistics.holm([c["p"] for c in family])
    assert [key for key in grids.comparisons["families"] if "/" in key] == ["controls/null"]


def test_settings_are_compared_with_the_unchanged_recipe_and_never_with_themselves(grids):
    found = grids.comparisons_of("tokens")
    assert {(c["setting"], c["seed"]) for c in found} == {
        (f"soft_tokens={k}", seed) for k in (2, 8) for seed in (0, 1, 2)
    }
    for c in found:
        assert c["runs"] == [f"task_0_bridge_{c['seed']}", f"task_0_bridge_{c['seed']}_soft_tokens-{c['setting'][-1]}"]


def test_transfers_are_compared_with_the_bridge_that_the_task_itself_trained(grids):
    found = grids.comparisons_of("transfer", "task_1")
    assert [(c["trained_on"], c["runs"]) for c in found] == [
        ("task_0", [f"task_1_bridge_{seed}", f"task_1_bridge_{seed}_from_task_0"]) for seed in (0, 1)
    ]


def test_pairs_are_compared_with_the_first_pair_of_the_same_seed(grids):
    found = grids.comparisons_of("directions")
    assert [(c["pair"], c["reference_pair"], c["reference"]) for c in found] == [
        (pair, "p", "bridge") for pair in ("q", "q", "same", "same")
    ]
    assert [c["runs"] for c in found] == [
        [f"task_0_bridge_{seed}", f"task_0_bridge_{seed}_{pair}"] for pair in ("q", "same") for seed in (0, 1)
    ]


def test_parameters_and_learning_rates_of_trained_runs(grids):
    for cell in grids.cells:
        record = grids.read(cell["run"]).record["resolved"]
        assert cell["parameters"] == record.get("parameters")
        kind = grids.plan["methods"][cell["method"]]["kind"]
        trained = kind in ("bridge", "prompt_tuning", "lora") and cell["trained_on"] is None
        if not trained or cell["method"] == "untrained_bridge":
            assert cell["lr"] is None
        elif record["search"] is not None:
            assert cell["lr"] == record["search"]["lr"] == 0.003
        else:
            assert cell["lr"] == (0.01 if cell["setting"] == "training.lr=0.01" else 0.001)


def test_ids_are_unique_and_safe_in_latex(grids):
    cells = {(grids.cell_id(c), c["run"]) for c in grids.cells}
    assert len(cells) == len({name for name, _ in cells}) == len(grids.cells)
    comparisons = [grids.comparison_id(c) for c in grids.comparisons["comparisons"]]
    assert len(set(comparisons)) == len(comparisons)
    groups = [grids.cell_id(g) for g in grids.groups]
    assert len(set(groups)) == len(groups)
    for name in [*(name for name, _ in cells), *comparisons, *groups]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    assert "tokens.task_0.bridge.soft_tokens-4.seed1" in {name for name, _ in cells}
    assert "tokens.task_0.bridge.soft_tokens-4" in groups
    assert "transfer.task_1.bridge.from-task_0.seed0" in {name for name, _ in cells}
    assert "directions.task_0.bridge.same.seed1" in {name for name, _ in cells}
    assert "controls.task_0.majority_vs_zero_tokens.seed0" in comparisons


def test_labels_say_what_varies(grids):
    labels = {grids.cell_id(c): grids.label(c) for c in grids.cells}
    assert labels["tokens.task_0.bridge.soft_tokens-4.seed1"] == "bridge (soft tokens = 4, seed 1)"
    assert labels["transfer.task_1.bridge.from-task_0.seed0"] == "bridge (trained on Task 0 & more, seed 0)"
    assert labels["directions.task_0.bridge.same.seed1"] == "bridge (same, seed 1)"
    shown = [label for label, _ in grids.distinct("main", "task_0")]
    assert "receiver zero shot" in shown
    assert "bridge (seed 1)" in shown
    assert len(grids.distinct("tokens", "task_0")) == len(grids.cells_of("tokens", "task_0"))


def test_experiments_are_shown_where_they_say(grids):
    assert grids.shown_in("main") == ["main", "text"]
    assert grids.shown_in("differences") == ["main", "text", "controls", "variants"]
    assert grids.shown_in("sweeps") == grids.shown_in("sweeps", "figures") == ["tokens", "design"]
    assert grids.shown_in("accuracy") == []
    assert grids.shown_in("phases") == []


def test_described_runs_are_the_trained_bridges_of_the_main_table(grids):
    assert grids.lead == "bridge"
    assert set(grids.described) == {f"{task}_bridge_{seed}" for task in ("task_0", "task_1", "open") for seed in (0, 1)}
    kinds = {grids.plan["runs"][run]["spec"]["recipe"]["kind"] for run in grids.trained}
    assert kinds == {"bridge", "prompt_tuning", "lora"}
    assert not any("untrained" in run for run in grids.trained)


def test_statistics_from_before_a_change_of_format_are_refused(made, tmp_path):
    content = json.loads((made / "statistics" / "comparisons.json").read_text())
    del content["groups"]
    (tmp_path / "old.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="another plan"):
        read_study(made / "plan" / "overview.json", tmp_path / "old.json")
