"""The sentences on controls, variants, sweeps, transfers and pairs follow the data: flip those, and they flip."""

import copy
import re
from dataclasses import replace

import pytest
from fabricate import fabricate, tiny_plan
from test_outputs import whole

from analysis import controls_prose, floats, hurdles, sweeps_prose, transfer_prose, variants_prose
from analysis.prose import FRAGMENTS
from analysis.study import Study
from analysis.values import check, registry
from analysis.wording import overall

SECTIONS = {
    "controls": controls_prose.controls,
    "variants": variants_prose.variants,
    "sweeps": sweeps_prose.sweeps,
    "transfer": transfer_prose.transfer,
    "directions": transfer_prose.directions,
}


@pytest.fixture(scope="module")
def single(tmp_path_factory) -> Study:
    return whole(fabricate(tiny_plan(grids=True), tmp_path_factory.mktemp("single")))


@pytest.fixture(scope="module")
def several(tmp_path_factory) -> Study:
    return whole(fabricate(tiny_plan(seeds=3, grids=True), tmp_path_factory.mktemp("several")))


def changed(study: Study, kind: str, edit, **where) -> Study:
    """A copy of a study with the entries of `kind` edited that have all of `where`."""
    comparisons = copy.deepcopy(study.comparisons)
    found = [e for e in comparisons[kind] if all(e[key] == value for key, value in where.items())]
    assert found
    for entry in found:
        entry |= edit(entry) if callable(edit) else edit
    return replace(study, comparisons=comparisons)


def paragraph(text: str, title: str) -> str:
    """The paragraph of a task."""
    return text.split(f"\\paragraph{{{title}.}}")[1].split("\\paragraph")[0]


@pytest.mark.parametrize("which", ["single", "several", "study"])
def test_every_id_exists_and_every_reference_has_a_label(which, request, tmp_path):
    study = request.getfixturevalue(which)
    texts = {name: compose(study) for name, compose in FRAGMENTS.items()}
    for name, text in texts.items():
        (tmp_path / f"{name}.tex").write_text(text)
    check(registry(study), [tmp_path])
    whole_text = "\n".join(texts.values())
    labels = re.findall(r"\\label\{([^}]*)\}", whole_text)
    assert len(labels) == len(set(labels))
    named = {name for found in re.findall(r"\\[cC]ref\{([^}]*)\}", whole_text) for name in found.split(",")}
    assert {name for name in named if name.startswith(("tab:", "fig:"))} - {"tab:setup", "fig:training"} <= set(labels)


@pytest.mark.parametrize("shape", [{"tasks": 1}, {"tasks": 7}])
def test_every_table_with_rows_is_printed_once(shape, tmp_path):
    study = whole(fabricate(tiny_plan(**shape, grids=True), tmp_path))
    text = "\n".join(compose(study) for compose in FRAGMENTS.values())
    for name in floats.TABLES:
        assert text.count(f"\\input{{tables/{name}}}") == floats.printed(study, name)
    body = text.replace(floats.appendix(study), "")
    for name, content in floats.TABLES.items():
        if floats.printed(study, name):
            assert (f"\\input{{tables/{name}}}" in body) != content.build(study).long
    assert "\\begin{table" not in floats.appendix(study)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_preset_without_the_experiment_says_so_and_has_no_float(study, name):
    text = SECTIONS[name](study)
    assert text.startswith("This preset does not run")
    assert "\\begin" not in text


def test_the_linear_probe(single):
    def text(verdict):
        flipped = changed(single, "comparisons", {"verdict": verdict}, experiment="main", method="linear_probe")
        return paragraph(FRAGMENTS["results"](flipped), "Task 0 \\& more")

    above, level, below = text("above"), text("no evidence"), text("below")
    assert "It is above every linear probe" in above
    assert "nothing here shows that the receiver adds" in level
    assert "is not shown to be above \\method{linear probe}" in level
    assert "stays below \\method{linear probe}" in below
    assert "nothing here shows" not in above


@pytest.mark.parametrize(
    ("method", "level", "better"),
    [
        ("prompt_tuning", "is not shown to do worse than training a bridge", "does better than training a bridge"),
        ("receiver_calibrated", "with nothing trained, is not shown to do worse", "with nothing trained, does better"),
        ("majority", "no transfer through the bridge is shown", "an answer that ignores the input does better"),
    ],
)
def test_what_is_not_beaten_is_said(single, method, level, better):
    others = {"verdict": "above"}
    cleared = changed(single, "comparisons", others, experiment="main")
    for verdict, present, absent in (("no evidence", level, better), ("below", better, level)):
        flipped = changed(cleared, "comparisons", {"verdict": verdict}, experiment="main", method=method)
        text = paragraph(FRAGMENTS["results"](flipped), "Task 1 \\& more")
        assert present in text
        assert absent not in text
    text = paragraph(FRAGMENTS["results"](cleared), "Task 1 \\& more")
    assert level not in text
    assert better not in text


def test_the_summary_names_the_tasks(single):
    cleared = changed(single, "comparisons", {"verdict": "above"}, experiment="main")
    assert "Every linear probe on the sender's states: shown on every task." in hurdles.summary(cleared, "main")
    assert "above a linear probe on the sender's states on every task" in hurdles.short(cleared, "main")
    lost = changed(cleared, "comparisons", {"verdict": "below"}, method="linear_probe", task="task_0")
    assert "shown on Task 1 \\& more, not on Task 0 \\& more." in hurdles.summary(lost, "main")
    assert "on some tasks only" in hurdles.short(lost, "main")
    gone = changed(cleared, "comparisons", {"verdict": "no evidence"}, method="linear_probe")
    assert "states: on no task." in hurdles.summary(gone, "main")
    assert "states on no task" in hurdles.short(gone, "main")


def test_super_additivity(single):
    def text(verdict):
        return hurdles.together(changed(single, "superadditivity", {"verdict": verdict}), "main", "task_0")

    assert "\\emph{super-additive}" in text("above")
    assert "not super-additive" in text("below")
    assert "not shown to be super-additive" in text("no evidence")
    assert "\\emph{super-additive}" not in text("no evidence")
    assert hurdles.together(single, "text", "open") == ""


def test_super_additivity_over_seeds(several):
    def text(*verdicts):
        seeds = iter(verdicts)
        edit = changed(several, "superadditivity", lambda _: {"verdict": next(seeds)}, task="task_0")
        return hurdles.together(edit, "main", "task_0")

    assert "\\emph{super-additive} in every seed" in text("above", "above", "above")
    assert "in some of them only" in text("above", "no evidence", "above")
    assert "in no seed" in text("below", "no evidence", "below")


def test_the_sender_is_essential_only_if_every_control_fails(single):
    good = changed(single, "comparisons", {"verdict": "above"}, experiment="controls", against="reference")
    good = changed(good, "comparisons", {"verdict": "no evidence"}, experiment="controls", against="null")
    good = changed(good, "groups", {"against_chance": "no evidence"}, experiment="controls")
    text = paragraph(controls_prose.controls(good), "Task 0 \\& more")
    assert "\\emph{is essential}" in text
    assert "Alarm" not in text
    assert "Not distinguishable from \\method{majority}: \\method{zero tokens}" in text
    one = changed(good, "comparisons", {"verdict": "no evidence"}, method="shuffled_tokens", against="reference")
    text = paragraph(controls_prose.controls(one), "Task 0 \\& more")
    assert "\\emph{not shown}" in text
    assert "the bridge is not shown to be above \\method{shuffled tokens}" in text
    leak = changed(good, "comparisons", {"verdict": "below"}, method="shuffled_tokens", against="null")
    text = paragraph(controls_prose.controls(leak), "Task 0 \\& more")
    assert "\\emph{not shown}" in text
    assert "Above \\method{majority}: \\method{shuffled tokens}" in text


def test_a_control_above_chance_is_an_alarm(single):
    calm = changed(single, "groups", {"against_chance": "no evidence"}, experiment="controls")
    calm = changed(calm, "comparisons", {"verdict": "no evidence"}, experiment="controls", against="null")
    assert "Alarm" not in controls_prose.controls(calm)
    raised = changed(calm, "groups", {"against_chance": "above"}, method="shuffled_tokens", task="task_0")
    text = controls_prose.controls(raised)
    assert text.count("\\textbf{Alarm:}") == 1
    assert "unequal classes can explain it" in text
    leak = changed(raised, "comparisons", {"verdict": "below"}, method="shuffled_tokens", task="task_0", against="null")
    assert "labels or texts leak somewhere" in controls_prose.controls(leak)


def test_variants(single):
    def text(verdict):
        return variants_prose.variants(changed(single, "comparisons", {"verdict": verdict}, experiment="variants"))

    assert "nothing here shows that the body of the bridge matters" in text("no evidence")
    assert "is shown to be above every other body" in text("above")
    assert "is not the best body" in text("below")


def test_bodies_that_learn_nothing_are_named(single):
    low = changed(single, "groups", {"against_chance": "no evidence"}, experiment="variants", method="variant_mlp")
    assert "Not above chance: \\method{variant mlp}." in variants_prose.variants(low)
    assert "Not above chance: \\method{variant mlp}." not in variants_prose.variants(
        changed(single, "groups", {"against_chance": "above"}, experiment="variants")
    )


def test_differences_below_the_detectable_one_mean_nothing(single):
    def item(detectable, rows=None):
        edit = {"detectable": detectable, "detectable_rows": rows}
        text = sweeps_prose.sweeps(changed(single, "grids", edit, key="soft_tokens"))
        return next(line for line in text.splitlines() if line.startswith("\\item \\emph{soft tokens}"))

    assert "the grid shows \\emph{nothing}" in item(1.0)
    assert "further apart than the detectable" in item(1e-9)
    assert "the grid shows \\emph{nothing}" in item(None, 1.0)
    assert "which the extremes exceed" in item(None, 1e-9)
    assert "nothing can be said" in item(None)


def test_the_extremes_of_a_sweep_are_named(single):
    text = sweeps_prose.sweeps(single)
    groups = [g for g in single.groups_of("tokens") if g["setting"]]
    best, worst = (pick(groups, key=lambda g: g["accuracy"]) for pick in (max, min))
    for group in (best, worst):
        where = single.cell_id(group)
        assert f"\\result{{{where}.mean}} at \\result{{{where}.setting}}" in text


def test_transfers(single):
    def text(verdict, side="no evidence"):
        edit = changed(single, "comparisons", {"verdict": verdict}, experiment="transfer")
        return transfer_prose.transfer(changed(edit, "groups", {"against_chance": side}, experiment="transfer"))

    assert "below the bridge that this task trained in every seed" in text("above")
    assert "above the bridge that this task trained in every seed" in text("below")
    assert "no evidence of a difference" in text("no evidence")
    assert "the whole interval lies above chance" in text("above", "above")
    assert "the interval includes chance" in text("above")


def test_directions(single):
    def text(verdict):
        return transfer_prose.directions(changed(single, "comparisons", {"verdict": verdict}, experiment="directions"))

    assert "below the first pair in every seed" in text("above")
    assert "above the first pair in every seed" in text("below")
    assert "Receiver with itself" in text("below")
    assert "Receiver to Send\\_er" in text("below")


DISAGREE = r"Seeds do not agree on (?:(?!\. ).)*\\method\{linear probe\}"


def test_seeds_that_do_not_agree_are_mixed(several):
    verdicts = iter(["above", "no evidence", "above"])
    where = {"experiment": "main", "task": "task_0", "method": "linear_probe"}
    mixed = changed(several, "comparisons", lambda _: {"verdict": next(verdicts)}, **where)
    text = paragraph(FRAGMENTS["results"](mixed), "Task 0 \\& more")
    assert re.search(DISAGREE, text)
    assert "is not shown to be above \\method{linear probe}" in text
    one = changed(several, "comparisons", {"verdict": "above"}, **where)
    text = paragraph(FRAGMENTS["results"](one), "Task 0 \\& more")
    assert not re.search(DISAGREE, text)
    assert overall([{"verdict": "above"}, {"verdict": "above"}]) == "above"
    assert overall([{"verdict": "above"}, {"verdict": "below"}]) == "mixed"
