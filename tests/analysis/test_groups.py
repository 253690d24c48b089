"""Groups over seeds, and grids of varied settings."""

import numpy as np
import pytest
from fabricate import fabricate, tiny_plan

from analysis import statistics
from analysis.comparisons import compare
from analysis.groups import varied
from analysis.study import PLACE, Study, read_study


@pytest.fixture(scope="module")
def grids(tmp_path_factory) -> Study:
    path = fabricate(tiny_plan(seeds=3, grids=True), tmp_path_factory.mktemp("grids"))
    study = read_study(path)
    return Study(study.plan, study.results, compare(study))


def correct(study, run):
    return np.array([row.correct for row in study.read(run).rows])


def test_each_place_of_a_grid_is_one_group_in_order(grids):
    places = [tuple(group[key] for key in PLACE) for group in grids.groups]
    assert places == list(dict.fromkeys(tuple(cell[key] for key in PLACE) for cell in grids.plan["cells"]))
    assert all(len(group["runs"]) == len(set(group["runs"])) for group in grids.groups)
    assert all(set(group["seeds"]) == {c["seed"] for c in grids.cells_in(group)} for group in grids.groups)


def test_a_group_is_the_mean_of_its_distinct_runs(grids):
    for group in grids.groups:
        accuracies = [correct(grids, run).mean() for run in group["runs"]]
        assert group["accuracy"] == pytest.approx(np.mean(accuracies))
        assert (group["sd"] is None) == (len(accuracies) == 1)
        if len(accuracies) > 1:
            assert group["sd"] == pytest.approx(np.std(accuracies, ddof=1))
            assert group["low"] <= group["accuracy"] <= group["high"]


def test_seeds_that_share_a_run_have_the_interval_of_that_run(grids):
    group = next(g for g in grids.groups_of("main", "task_0") if g["method"] == "receiver_zero_shot")
    assert (len(group["seeds"]), len(group["runs"])) == (3, 1)
    bounds = statistics.wilson(int(correct(grids, group["runs"][0]).sum()), group["n"], 0.95)
    assert (group["low"], group["high"]) == (bounds.low, bounds.high)


def test_differences_are_paired_by_seed(grids):
    for group in grids.groups:
        for against, prefix in (("reference", ""), ("null", "null_")):
            comparisons = grids.comparisons_in(group, against)
            difference = group[f"{prefix}difference"]
            if not comparisons:
                assert difference is None
                continue
            assert difference == pytest.approx(np.mean([c["difference"] for c in comparisons]))
            paired = [correct(grids, c["runs"][0]).mean() - correct(grids, c["runs"][1]).mean() for c in comparisons]
            assert difference == pytest.approx(np.mean(paired))
            low, high = group[f"{prefix}difference_low"], group[f"{prefix}difference_high"]
            assert low is None or low <= difference <= high


def test_a_grid_has_one_entry_for_each_varied_key(grids):
    keys = [(g["experiment"], g["task"], g["pair"], g["key"]) for g in grids.comparisons["grids"]]
    assert keys == [
        ("tokens", "task_0", "p", "soft_tokens"),
        ("design", "task_0", "p", "body.depth"),
        ("design", "task_0", "p", "training.lr"),
    ]


def test_the_spread_between_seeds_counts_the_unchanged_recipe_once(grids):
    grid = grids.comparisons["grids"][0]
    runs = {g["setting"]: g["runs"] for g in grids.groups_of("tokens")}
    assert runs[None] == runs["soft_tokens=4"]
    cells = [runs[f"soft_tokens={k}"] for k in (2, 4, 8)]
    variances = [np.var([correct(grids, run).mean() for run in cell], ddof=1) for cell in cells]
    assert grid["replicate_sd"] == pytest.approx(np.sqrt(np.mean(variances)))
    assert grid["replicates"] == 3
    assert grid["detectable"] == statistics.detectable_between_means(grid["replicate_sd"], 3, 0.05, 0.8)


def test_what_rows_alone_could_find_follows_the_median_discordance(grids):
    grid = grids.comparisons["grids"][2]
    found = [c for c in grids.comparisons_of("design") if c["setting"].startswith("training.lr=")]
    rate = np.median([c["discordant"] / c["n"] for c in found])
    assert grid["detectable_rows"] == statistics.detectable_difference(40, rate, 0.05, 0.8)


def test_one_seed_says_nothing_about_seeds(tmp_path):
    plan = tiny_plan(1, grids=True)
    plan["cells"] = [c for c in plan["cells"] if c["experiment"] == "tokens" and c["seed"] == 0]
    plan["runs"] = {c["run"]: plan["runs"][c["run"]] for c in plan["cells"]}
    grid = compare(read_study(fabricate(plan, tmp_path)))["grids"][0]
    assert (grid["replicate_sd"], grid["replicates"], grid["detectable"]) == (None, 1, None)


def test_a_setting_is_a_key_and_a_value():
    assert varied("training.lr=0.001") == ("training.lr", "0.001")
