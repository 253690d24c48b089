"""Tables of the grids: what they print is what the statistics say."""

import csv
import io
from dataclasses import replace

import pytest
from fabricate import fabricate, tiny_plan

from analysis import formats
from analysis.comparisons import compare
from analysis.grid_values import grid_values
from analysis.study import Study, read_study
from analysis.tables import _common, alarms, controls, differences, main, pairs, runs, superadditivity, sweeps, transfer
from analysis.tables import variants as variants_table
from analysis.tables._common import Text, to_csv, to_latex
from analysis.values import registry

TABLES = [main, differences, controls, variants_table, sweeps, transfer, pairs, superadditivity, alarms, runs]


def data(table):
    return list(csv.DictReader(io.StringIO(to_csv(table))))


def printed(row):
    return [cell.plain if isinstance(cell, Text) else cell for cell in row]


def place(row):
    return (row["experiment"], row["task"], row["method"], row["pair"])


@pytest.mark.parametrize("table", TABLES, ids=lambda module: module.__name__.rsplit(".")[-1])
def test_rows_fit_their_columns(grids, table):
    made = table.build(grids)
    assert made.groups
    assert all(len(row) == len(made.columns) for group in made.groups for row in group.rows)
    letters = made.align.replace("@{}", "").replace(r"p{0.29\linewidth}", "l").replace(r"p{0.4\linewidth}", "l")
    assert len(letters.replace(r"p{0.26\linewidth}", "l")) == len(made.columns)
    text = to_latex(made, "x")
    assert "& more" not in text.replace(r"\& more", "")
    assert to_latex(table.build(grids), "x") == text


def test_the_main_table_shows_means_and_its_csv_every_seed(grids):
    made = main.build(grids)
    assert len(data(made)) == sum(len(grids.cells_of(e)) for e in ("main", "text"))
    rows = [printed(row) for group in made.groups for row in group.rows]
    groups = [*grids.groups_of("main"), *grids.groups_of("text")]
    assert len(rows) == len(groups)
    for row, group in zip(rows, groups, strict=True):
        assert row[0] == grids.label(group)
        assert row[3].rstrip("†‡") == formats.percent(group["accuracy"])
        comparisons = grids.comparisons_in(group)
        if len(comparisons) > 1:
            above = sum(c["verdict"] == "above" for c in comparisons)
            assert row[-1].startswith(f"{above} / ")
            assert row[-1].endswith(f" of {len(comparisons)}")


def test_a_difference_is_bold_only_where_all_seeds_find_it(grids):
    for group in grids.groups_of("controls"):
        comparisons = grids.comparisons_in(group)
        if comparisons:
            cell = _common.difference(group["difference"], comparisons)
            agree = {c["verdict"] for c in comparisons} in ({"above"}, {"below"})
            assert ("textbf" in cell.latex) == agree
    mixed = [{"verdict": "above"}, {"verdict": "no evidence"}]
    assert "textbf" not in _common.difference(0.1, mixed).latex


def test_controls_over_the_method_without_information(grids):
    rows = {place(row): row for row in data(controls.build(grids))}
    accuracy = {place(group): group["accuracy"] for group in grids.groups_of("controls")}
    for where, row in rows.items():
        null = accuracy[*where[:2], "majority", where[3]]
        reference = accuracy[*where[:2], "bridge", where[3]]
        if where[2] != "majority":
            assert float(row["over_null"]) == pytest.approx(accuracy[where] - null)
            assert float(row["over_null_low"] or -1) <= float(row["over_null"]) <= float(row["over_null_high"] or 1)
        if where[2] != "bridge":
            assert float(row["difference"]) == pytest.approx(reference - accuracy[where])
    bridge = rows["controls", "task_0", "bridge", "p"]
    found = grids.comparisons_of("controls", "task_0", "null")
    below = sum(c["verdict"] == "below" for c in found if c["method"] == "bridge")  # majority below the bridge
    assert int(bridge["null_found_above"]) == below > 0


def test_comparisons_can_be_turned():
    one = {"difference": 0.2, "low": 0.1, "high": 0.4, "verdict": "above"}
    assert _common.turned([one]) == [{"difference": -0.2, "low": -0.4, "high": -0.1, "verdict": "below"}]
    assert _common.turned([one | {"low": None, "high": None, "verdict": "no evidence"}]) == [
        {"difference": -0.2, "low": None, "high": None, "verdict": "no evidence"}
    ]


def test_one_comparison_prints_its_p_and_several_what_they_found():
    one = {"p_holm": 0.0123, "verdict": "above"}
    assert _common.evidence([one]) == "0.012"
    assert _common.evidence([one, one, one | {"verdict": "below"}]) == "2 / 1 of 3"
    assert _common.evidence([]) == "–"


def test_variants_have_parameters_and_the_chosen_rate(grids):
    rows = data(variants_table.build(grids))
    assert [row["method"] for row in rows] == grids.plan["experiments"]["variants"]["methods"]
    assert {row["lr"] for row in rows} == {"0.003"}
    assert all(int(row["parameters"]) > 1000 for row in rows)


def test_a_note_below_each_sweep_says_what_could_be_found(grids):
    made = sweeps.build(grids)
    assert len(made.groups) == len(grids.comparisons["grids"]) == 3
    for group, grid in zip(made.groups, grids.comparisons["grids"], strict=True):
        assert f"SD {formats.points(grid['replicate_sd'], sign=False)}, " in group.note
        assert (
            f"detectable {formats.points(grid['detectable'], sign=False)} with {grid['replicates']} runs" in group.note
        )
    assert made.groups[0].note.replace("–", "--") in to_latex(made, "x")
    values = [printed(row)[0] for row in made.groups[0].rows]
    assert values == ["2", "4", "8"]
    assert printed(made.groups[0].rows[1])[5] == "reference"


def test_a_sweep_without_the_recipes_own_value_shows_the_recipe_first(tmp_path):
    plan = tiny_plan(1, grids=True)
    plan["cells"] = [c for c in plan["cells"] if c["experiment"] == "tokens" and c["setting"] != "soft_tokens=4"]
    plan["runs"] = {c["run"]: plan["runs"][c["run"]] for c in plan["cells"]}
    study = read_study(fabricate(plan, tmp_path))
    study = Study(study.plan, study.results, compare(study))
    rows = [printed(row) for row in sweeps.build(study).groups[0].rows]
    assert [row[0] for row in rows] == [sweeps.UNCHANGED, "2", "8"]
    assert rows[0][5] == "reference"


def test_the_transfer_matrix_has_rows_for_training_and_columns_for_scoring(grids):
    made = transfer.build(grids)
    rows = [printed(row) for row in made.groups[0].rows]
    means = {(g["trained_on"] or g["task"], g["task"]): g["accuracy"] for g in grids.groups_of("transfer")}
    for row, first in zip(rows, ("task_0", "task_1"), strict=False):
        for cell, second in zip(row[1:], ("task_0", "task_1"), strict=True):
            assert cell.startswith(formats.percent(means[first, second]))
            assert cell.endswith("(2)")
    assert rows[-1] == ["chance", "50.0%", "50.0%"]


def test_pairs_name_their_models(grids):
    rows = [printed(row) for row in pairs.build(grids).groups[0].rows]
    assert [row[:2] for row in rows] == [
        ["Send_er → Receiver", "two"],
        ["Receiver → Send_er", "two"],
        ["Receiver → Receiver", "same"],
    ]
    assert rows[0][6] == "reference"


def test_alarms_are_added_up_and_the_csv_names_the_runs(grids):
    made = alarms.build(grids)
    found = grids.comparisons["alarms"]
    assert len(data(made)) == len(found)
    assert all(row["runs"] for row in data(made))
    rows = [printed(row) for group in made.groups for row in group.rows]
    assert sum(int(row[2]) for row in rows) == len(found)
    unparsed = sum(a["count"] for a in found if a["kind"] == "unparsed")
    heading = next(g for g in made.groups if g.heading == "Answers that could not be read")
    assert sum(int(printed(row)[4]) for row in heading.rows) == unparsed > 0


@pytest.mark.parametrize("table", [controls, variants_table, sweeps, transfer, pairs, superadditivity, alarms])
def test_a_preset_without_the_experiment_prints_none(study, table):
    quiet = replace(study, comparisons=study.comparisons | {"alarms": []})
    made = table.build(quiet)
    assert not made.groups
    assert "{none}" in to_latex(made, "x")
    assert not data(made)


def test_long_tables_break_across_pages():
    few = [_common.Group("a", [["x"]] * 10, "note")]
    assert not _common.overlong(few)
    assert _common.overlong(few * 4)


def test_values_of_groups_grids_and_tests(grids):
    found = registry(grids)
    group = next(g for g in grids.groups_of("tokens") if g["setting"] == "soft_tokens=8")
    where = "tokens.task_0.bridge.soft_tokens-8"
    assert found[f"{where}.mean"].value == group["accuracy"]
    assert found[f"{where}.mean"].runs == group["runs"]
    assert found[f"{where}.sd"].text == formats.points(group["sd"], sign=False)
    assert found[f"{where}.seeds"].value == 3
    assert found[f"{where}.mean_interval"].value == [group["low"], group["high"]]
    assert found[f"{where}.mean_difference"].value == group["difference"]
    grid = grids.comparisons["grids"][0]
    assert found["tokens.task_0.soft_tokens.detectable"].value == grid["detectable"]
    assert found["tokens.task_0.soft_tokens.replicate_sd"].value == grid["replicate_sd"]
    means = [g["accuracy"] for g in grids.groups_of("tokens") if g["setting"]]
    assert found["tokens.task_0.soft_tokens.span"].value == max(means) - min(means)
    entry = grids.comparisons["superadditivity"][0]
    assert found["super.main.task_0.seed0.difference"].value == entry["difference"]
    assert found["super.main.task_0.seed0.verdict"].value == entry["verdict"]
    assert found["super.family"].value == len(grids.comparisons["superadditivity"])
    assert found["controls.null.family"].value == grids.comparisons["families"]["controls/null"]["size"]
    compared = [c["verdict"] for c in grids.comparisons_of("controls", "task_0") if c["method"] == "zero_tokens"]
    assert found["controls.task_0.zero_tokens.reference_above"].value == compared.count("above")
    assert found["alarms.all"].value == len(grids.comparisons["alarms"])
    assert found["plan.sender"].value == "Send_er"
    assert len({value.id for value in grid_values(grids)}) == len(grid_values(grids))


def test_counts_exist_in_every_preset(study):
    found = registry(study)
    assert [found[f"super.{key}"].value for key in ("family", "above", "below", "undecided")] == [0, 0, 0, 0]
    assert found["alarms.constant"].value == 0
