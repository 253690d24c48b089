"""Figures of the controls, variants, sweeps, transfers and pairs show what the statistics say, and fit a page."""

import copy
import dataclasses
import importlib

import matplotlib.pyplot as plt
import pytest
from fabricate import fabricate, tiny_plan
from test_outputs import render, whole

from analysis import formats
from analysis.figures import _panels, accuracy, differences, sweeps, transfer, variants
from analysis.figures._common import CHANCE, MAIN, OTHER

NEW = ["controls", "variants", "sweeps", "transfer", "pairs"]


@pytest.fixture(scope="module")
def grids(tmp_path_factory):
    """A study with every kind of experiment; most have several seeds, the controls one."""
    plan = tiny_plan(seeds=3, grids=True)
    seeds = plan["experiments"]["controls"]["seeds"] = [0]
    plan["cells"] = [c for c in plan["cells"] if c["experiment"] != "controls" or c["seed"] in seeds]
    used = {c["run"] for c in plan["cells"]}
    plan["runs"] = {name: run for name, run in plan["runs"].items() if name in used}
    return whole(fabricate(plan, tmp_path_factory.mktemp("grids")))


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", NEW)
def test_equal_bytes_twice(grids, tmp_path, name):
    outs = [render(f"analysis.figures.{name}", grids, tmp_path / x) for x in ("a", "b")]
    for ending in (".pdf", ".png", ".csv"):
        first, second = (out.with_suffix(ending).read_bytes() for out in outs)
        assert first == second
        assert first


@pytest.mark.parametrize("name", NEW)
def test_a_preset_without_the_experiment_gets_a_note(study, name):
    figure, (header, rows) = importlib.import_module(f"analysis.figures.{name}").draw(study)
    assert next(text.get_text() for text in figure.texts).startswith("this preset")
    assert rows == []
    assert header


@pytest.mark.parametrize("name", ["accuracy", "controls", "variants", "pairs", "transfer", "sweeps"])
def test_the_data_are_the_means_and_the_seeds_of_the_groups(grids, name):
    _, (header, rows) = importlib.import_module(f"analysis.figures.{name}").draw(grids)
    found = [dict(zip(header, row, strict=True)) for row in rows]
    groups = [g for e in grids.shown_in(name, "figures") for g in grids.groups_of(e)]
    if name == "sweeps":
        groups = [g for g in groups if g["setting"]]
    expected = []
    for g in groups:
        expected += [("mean", g["accuracy"])] if len(g["runs"]) > 1 else []
        seen = {c["run"]: c for c in grids.cells_in(g)}
        expected += [("seed", seen[run]["accuracy"]) for run in g["runs"]]
    assert [("mean" if r["seed"] == "mean" else "seed", float(r["accuracy"])) for r in found] == expected


@pytest.mark.parametrize(("lines", "panels"), [(1, 1), (40, 9), (90, 2)])
def test_any_number_of_lines_and_panels_fits_a_page(lines, panels):
    mark = _panels.Mark(0.5, 0.4, 0.6)
    band = _panels.Band([f"m{i}" for i in range(lines)], [False] * lines, [_panels.Panel("t", [mark] * lines)] * panels)
    figure = _panels.arrange([band, band], "x", [], _panels.dashed, (0, 100))
    assert figure.get_size_inches()[1] <= 9.0
    assert figure.get_size_inches()[0] <= 7.0
    assert sum(axes.get_visible() for axes in figure.axes) == 2 * panels


def test_marks_stand_at_their_values(grids):
    group = grids.groups_of("controls")[0]
    bands, _ = _panels.by_lines(grids, ["controls"], lambda g: MAIN if g["method"] == "bridge" else OTHER)
    mark = bands[0].panels[0].marks[0]
    assert (mark.value, mark.low, mark.high, mark.color) == (group["accuracy"], group["low"], group["high"], MAIN)
    assert mark.dots == ()
    seeds = _panels.mark(grids, grids.groups_of("main")[0]).dots
    assert [value for value, _ in seeds] == [c["accuracy"] for c in grids.cells_in(grids.groups_of("main")[0])]
    figure = _panels.accuracies(bands, [])
    points = [
        line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())
    ]
    assert 100 * group["accuracy"] in points
    assert [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_color() == CHANCE] == [50.0]


def test_only_an_experiments_own_reference_is_marked(grids):
    plan = grids.plan | {"experiments": copy.deepcopy(grids.plan["experiments"])}
    plan["experiments"]["text"]["reference"] = "receiver_zero_shot"
    figure, _ = accuracy.draw(dataclasses.replace(grids, plan=plan))
    marked = {}
    for axes in (a for a in figure.axes if a.get_visible()):
        places = [line.get_ydata()[0] for line in axes.lines if line.get_color() == MAIN and line.get_marker() == "o"]
        marked[axes.get_title().split("\n")[0]] = places
    assert marked == {"Task 0 & more": [0], "Task 1 & more": [0], "Open": [1]}


def test_a_control_above_chance_is_marked(grids):
    controls = importlib.import_module("analysis.figures.controls")

    def legend():
        return {text.get_text() for text in controls.draw(grids)[0].legends[0].get_texts()}

    assert "control above chance" not in legend()
    group = next(g for g in grids.groups_of("controls") if g["method"] == "zero_tokens")
    before = group["against_chance"]
    group["against_chance"] = "above"
    try:
        assert "control above chance" in legend()
    finally:
        group["against_chance"] = before


def test_factors_have_a_logarithmic_axis(grids):
    figure, _ = sweeps.draw(grids)
    scales = {axes.get_xlabel(): axes.get_xscale() for axes in figure.axes if axes.get_visible()}
    assert scales == {"soft tokens": "log", "depth": "linear", "learning rate": "log"}
    ranges = {axes.get_ylim() for axes in figure.axes if axes.get_visible()}
    assert len(ranges) == 1


def test_the_matrix_has_training_in_rows_and_test_in_columns(grids):
    figure, _ = transfer.draw(grids)
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    tasks = grids.tasks_of("transfer")
    for group in grids.groups_of("transfer"):
        place = tasks.index(group["task"]), tasks.index(group["trained_on"] or group["task"])
        assert texts[place].startswith(formats.percent(group["accuracy"]))
    assert len(texts) == len(tasks) ** 2


def test_differences_show_only_experiments_that_list_them(grids):
    _, (header, rows) = differences.draw(grids)
    shown = {row[0] for row in rows}
    assert shown == {"main", "text", "controls", "variants"}
    assert len(rows) == sum(len(grids.comparisons_of(e)) for e in shown)
    assert "verdict" in header


def test_a_mark_is_full_only_if_every_seed_finds_the_same(grids):
    group = next(g for g in grids.groups_of("main") if grids.comparisons_in(g))
    comparisons = grids.comparisons_in(group)
    before = [c["verdict"] for c in comparisons]
    try:
        for verdicts, filled in ((["above"], True), (["below"], True), (["no evidence"], False)):
            for c in comparisons:
                c["verdict"] = verdicts[0]
            assert differences._mark(grids, group).filled is filled
        if len(comparisons) > 1:
            comparisons[0]["verdict"], comparisons[1]["verdict"] = "above", "below"
            assert not differences._mark(grids, group).filled
    finally:
        for c, verdict in zip(comparisons, before, strict=True):
            c["verdict"] = verdict


@pytest.mark.parametrize(
    ("parameters", "text"),
    [(1, "1"), (999, "999"), (1234, "1.2k"), (999_400, "999k"), (999_600, "1M"), (2_400_000, "2.4M")],
)
def test_parameters_are_short(parameters, text):
    assert variants.short(parameters) == text
