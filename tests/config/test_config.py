"""Configuration: presets load, mistakes are explained, planning is light."""

import shutil
import subprocess
import sys

import pytest
import yaml
from helpers import ROOT

from telepathy.config import load, presets
from telepathy.config.load import FOLDER
from telepathy.config.methods import Bridge
from telepathy.config.schema import PATH, text
from telepathy.config.sizes import parameters
from telepathy.errors import UserError
from telepathy.planner import make_plan


@pytest.mark.parametrize("preset", presets())
def test_every_preset_plans(preset):
    plan = make_plan(load(preset))
    assert plan.runs
    assert {cell.run for cell in plan.cells} == set(plan.runs)


def test_these_presets_are_shipped():
    assert presets() == ["paper", "quick", "repeats", "shapes", "small", "smoke"]


def test_a_preset_starts_from_its_base_and_shares_its_runs():
    quick, repeats = load("quick"), load("repeats")
    assert set(repeats.experiments) == set(quick.experiments)
    assert all(one.seeds == [0, 1, 2] for one in repeats.experiments.values())
    assert set(make_plan(quick).runs) < set(make_plan(repeats).runs)
    again = load("quick", {"seeds": [0, 1, 2]})
    assert set(make_plan(again).runs) == set(make_plan(repeats).runs)


def test_only_some_experiments():
    config = load("quick", {"only": ["controls", "text"]})
    assert set(config.experiments) == {"controls", "text"}
    assert set(load("quick", {"only": "text"}).experiments) == {"text"}
    with pytest.raises(UserError, match="`only`: no experiment `control`; known here: main,"):
        load("quick", {"only": ["control"]})


def test_bases_that_run_in_a_circle_or_are_unknown(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "config")
    (folder / "presets" / "quick.yaml").write_text("base: repeats\n")
    with pytest.raises(UserError, match="circle"):
        load("repeats", folder=folder)
    (folder / "presets" / "quick.yaml").write_text("base: nothing\n")
    with pytest.raises(UserError, match=r"quick.yaml: no preset `nothing`"):
        load("repeats", folder=folder)


def test_schema_is_in_sync():
    assert PATH.read_text() == text(), "run python -m telepathy.config.schema"


@pytest.mark.parametrize(
    ("overrides", "wanted"),
    [
        ({"stepz": 3}, ["--config/--configfile", "unknown key `stepz`"]),
        ({"statistics": {"resample": 3}}, ["unknown key `statistics.resample`", "did you mean `resamples`?"]),
        ({"compute": "int4"}, ["`compute`", "bfloat16", "int4"]),
        ({"experiments": {"main": {"methods": ["brigde"]}}}, ["experiments.main.methods", "`brigde`", "bridge"]),
        ({"pairs": {"tiny": {"sender": "nobody"}}}, ["pairs.tiny.sender", "nobody"]),
        ({"use": {"toy_sentiment": {"rows": {"test": 0}}}}, ["use.toy_sentiment.rows.test", "greater than 0"]),
        ({"models": {"tiny_llama": {"source": "ftp"}}}, ["models.tiny_llama"]),
        ({"bridge": {"body": {"width": 30, "heads": 4}}}, ["width 30 is not a multiple of heads 4"]),
        ({"bridge": {"training": {"stps": 3}}}, ["unknown key `training.stps`", "did you mean `steps`?"]),
        ({"methods": {"bridge": {"parent": "p99"}}}, ["methods.bridge.parent", "no method `p99`"]),
        ({"methods": {"p01": {"parent": "p01"}}}, ["circle"]),
        ({"methods": {"bridge": {"recipe": {"layer": 99}}}}, ["layer 99 is beyond the 4 blocks"]),
        ({"methods": {"bridge": {"recipe": {"layout": ["bos", "primer", "target"]}}}}, ["`soft` exactly once"]),
        ({"methods": {"bridge": {"recipe": {"normalizer": "fixed"}}}}, ["needs a `calibration` section"]),
        ({"tasks": {"toy_sentiment": {"answer": "{text}"}}}, ["tasks.toy_sentiment", "labels", "not both"]),
        ({"tasks": {"toy_sentiment": {"sender_prompt": "hello"}}}, ["{text}"]),
        ({"tasks": {"word_problems": {"pattern": "("}}}, ["no regular expression"]),
        ({"experiments": {"main": {"null": "nobody"}}}, ["experiments.main.methods", "`nobody`"]),
        ({"experiments": {"tokens": {"vary": {"soft_tokens": []}}}}, ["experiments.tokens", "no value"]),
        ({"experiments": {"tokens": {"vary": {"soft_token": [3]}}}}, ["unknown key", "did you mean `soft_tokens`?"]),
        ({"experiments": {"tokens": {"vary": {"body.depth": [0]}}}}, ["body.depth", "greater than 0"]),
        ({"experiments": {"tokens": {"methods": ["majority"], "reference": None}}}, ["`majority` is no bridge"]),
        ({"experiments": {"directions": {"reference": "bridge"}}}, ["experiments.directions", "across pairs"]),
        ({"methods": {"zero_tokens": {"recipe": {"bridge": "majority"}}}}, ["zero_tokens", "`majority` is no bridge"]),
        ({"methods": {"variant_mlp": {"recipe": {"match": "nobody"}}}}, ["variant_mlp", "`nobody`"]),
        ({"bridge": {"training": {"search": {"lr": [1.0]}}}}, ["search.lr", "at least 2"]),
        ({"bridge": {"body": {"widht": 32}}}, ["widht"]),
    ],
)
def test_mistakes_name_key_and_fix(overrides, wanted):
    with pytest.raises(UserError) as caught:
        make_plan(load("smoke", overrides))
    line = str(caught.value)
    assert "\n" not in line
    for word in wanted:
        assert word in line


def test_mistake_in_a_preset_file_names_the_file(tmp_path):
    for name in ("models", "tasks", "methods", "phases", "experiments"):
        (tmp_path / f"{name}.yaml").write_text((FOLDER / f"{name}.yaml").read_text())
    shutil.copytree(FOLDER / "presets", tmp_path / "presets")
    content = yaml.safe_load((FOLDER / "presets" / "smoke.yaml").read_text()) | {"titel": "x"}
    content["experiments"] = {"mine": {"title": "M", "methods": ["bridge"], "tasks": ["toy_sentiment"],
                                       "pairs": ["tiny"], "seeds": [0]}}  # fmt: skip
    (tmp_path / "presets" / "mine.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=r"mine\.yaml: unknown key `titel`; did you mean `title`\?"):
        load("mine", folder=tmp_path)
    (tmp_path / "presets" / "mine.yaml").write_text("title: a\ntitle: b\n")
    with pytest.raises(UserError, match=r"mine\.yaml:2: key `title` twice"):
        load("mine", folder=tmp_path)
    (tmp_path / "presets" / "mine.yaml").write_text("title: [\n")
    with pytest.raises(UserError, match=r"mine\.yaml"):
        load("mine", folder=tmp_path)


def ids(**overrides) -> dict:
    plan = make_plan(load("smoke", overrides))
    return {(cell.task, cell.method): cell.run for cell in plan.cells if cell.experiment == "main"}


BRIDGE = ("toy_sentiment", "bridge")


@pytest.mark.parametrize(
    "overrides",
    [
        {"title": "another title"},
        {"methods": {"bridge": {"title": "Brücke", "about": "x"}}},
        {"tasks": {"toy_sentiment": {"title": "T", "license": "x"}}},
        {"models": {"tiny_llama": {"title": "T", "license": "x"}}},
        {"statistics": {"resamples": 500}},
        {"hardware": {"gpus": 2, "split": 2}},
    ],
)
def test_labels_do_not_change_identities(overrides):
    assert ids(**overrides) == ids()


@pytest.mark.parametrize(
    "overrides",
    [
        {"compute": "float32"},
        {"models": {"tiny_llama": {"seed": 9}}},
        {"models": {"tiny_gemma": {"seed": 9}}},
        {"tasks": {"toy_sentiment": {"primer": "Mood:"}}},
        {"tasks": {"toy_sentiment": {"sender_prompt": "{text}\nMood:"}}},
        {"tasks": {"toy_sentiment": {"max_tokens": 63}}},
        {"use": {"toy_sentiment": {"rows": {"train": 100}}}},
        {"bridge": {"soft_tokens": 5}},
        {"bridge": {"training": {"lr": 1e-5}}},
        {"use": {"toy_sentiment": {"bridge": {"losses": {"batch_div": 0.0}}}}},
        {"experiments": {"main": {"seeds": [3]}}},
        {"methods": {"bridge": {"recipe": {"layer": 1}}}},
    ],
)
def test_science_changes_the_identity(overrides):
    assert ids(**overrides)[BRIDGE] != ids()[BRIDGE]


def test_baselines_are_shared_across_seeds_and_unaffected_by_bridges():
    before, after = ids(), ids(bridge={"soft_tokens": 5}, experiments={"main": {"seeds": [3]}})
    for method in ("receiver_zero_shot", "linear_probe", "majority"):
        assert before["toy_sentiment", method] == after["toy_sentiment", method]


def test_a_bridge_without_weights_is_one_run_for_all_seeds():
    plan = make_plan(load("repeats"))
    runs = {}
    for cell in plan.cells:
        runs.setdefault((cell.method, cell.task), set()).add(cell.run)
    assert len(runs["statistics_map", "bbc_news"]) == 1
    assert len(runs["untrained_bridge", "bbc_news"]) == 3


def test_another_layer_leaves_the_other_runs_alone():
    extra = {
        "methods": {"shallow": {"title": "S", "about": "-", "parent": "bridge", "recipe": {"layer": 1}}},
        "experiments": {"main": {"methods": ["bridge", "shallow", "receiver_zero_shot"], "better_of": []}},
    }
    plan = make_plan(load("smoke", extra))
    assert ids()[BRIDGE] in plan.runs
    assert any({1, 3} <= set(spec["layers"]) for spec in plan.states.values())


def test_a_kind_that_changes_replaces_the_whole_section():
    plan = make_plan(load("smoke", {"tasks": {"toy_sentiment": {"data": {
        "kind": "file", "format": "csv", "files": {"all": "mine.csv"}}}}}))  # fmt: skip
    assert any(spec["data"]["kind"] == "file" for spec in plan.data.values())


def test_parsing_imports_neither_torch_nor_pandas():
    code = (
        "import sys; from telepathy.config import load; from telepathy.planner import make_plan\n"
        "from telepathy.sources import sources; make_plan(load('paper')); sources('telepathy.train')\n"
        "print([m for m in ('torch', 'pandas', 'numpy', 'transformers', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def cells(preset="smoke", **overrides):
    plan = make_plan(load(preset, overrides))
    return plan, plan.cells


def test_a_varied_setting_reaches_the_recipe_and_the_base_value_is_the_base_run():
    plan, found = cells()
    varied = {
        cell.setting: plan.runs[cell.run].spec["recipe"]
        for cell in found
        if cell.experiment == "design" and cell.seed == 0
    }
    base = next(cell.run for cell in found if cell.experiment == "main" and cell.method == "bridge")
    assert varied[None] == plan.runs[base].spec["recipe"]
    assert varied["body.depth=2"]["body"]["depth"] == 2
    assert varied["training.batch=4"]["training"]["batch"] == 4
    assert varied["losses.batch_div=0.5"]["losses"]["batch_div"] == 0.5
    assert varied["layer=1.0"]["layer"] == 4
    same = next(cell.run for cell in found if cell.setting == "body.depth=1" and cell.seed == 0)
    assert same == base


def test_all_training_rows_are_the_base_run_and_more_are_refused():
    rows = load("smoke").use["toy_sentiment"].rows.train
    vary = {"learning_curve": {"vary": {"training.rows": [rows]}}}
    found = [cell for cell in cells(experiments=vary)[1] if cell.experiment == "learning_curve" and cell.seed == 0]
    assert len(found) == 2
    assert found[0].run == found[1].run
    with pytest.raises(UserError, match=f"training.rows {rows + 1} is more than the {rows} prepared"):
        cells(experiments={"learning_curve": {"vary": {"training.rows": [rows + 1]}}})


def test_runs_that_experiments_share_are_planned_once():
    plan, found = cells()
    main = next(cell.run for cell in found if cell.experiment == "main" and cell.method == "bridge")
    sharing = {cell.experiment for cell in found if cell.run == main}
    assert {"main", "controls", "tokens", "design", "learning_curve", "transfer", "directions"} <= sharing
    assert len(plan.runs) < len(found)


def test_transfer_goes_both_ways_between_tasks_with_the_same_labels():
    plan, found = cells(experiments={"transfer": {"tasks": ["toy_sentiment", "toy_opinions", "word_problems"]}})
    moved = {(cell.trained_on, cell.task): plan.runs[cell.run] for cell in found if cell.trained_on}
    assert set(moved) == {("toy_sentiment", "toy_opinions"), ("toy_opinions", "toy_sentiment")}
    for (source, _), run in moved.items():
        assert plan.runs[run.uses].task == source


def test_an_experiment_is_one_entry():
    mine = {"title": "Mine", "methods": ["bridge"], "tasks": ["toy_sentiment"], "pairs": ["tiny"], "seeds": [0],
            "vary": {"output_gain": [0.5, 2.0]}, "reference": "bridge", "tables": ["sweeps"]}  # fmt: skip
    before, after = cells()[0], cells(experiments={"mine": mine})[0]
    assert len(set(after.runs) - set(before.runs)) == 2
    assert set(before.runs) <= set(after.runs)


@pytest.mark.parametrize("preset", ["small", "paper"])
def test_variants_are_as_large_as_the_bridge_where_they_can_be(preset):
    plan, found = cells(preset)
    config = plan.config
    for cell in (one for one in found if one.experiment == "variants" and one.seed == 0):
        recipe = config.methods[cell.method].recipe
        pair = config.pairs[cell.pair]
        if recipe.kind != "bridge" or recipe.match is None:
            continue
        widths = config.models[pair.sender].width, config.models[pair.receiver].width
        own = Bridge.model_validate(plan.runs[cell.run].spec["recipe"])
        base = next(one.run for one in found if (one.task, one.method) == (cell.task, "bridge_searched"))
        other = Bridge.model_validate(plan.runs[base].spec["recipe"])
        ratio = parameters(own.body, own.soft_tokens, *widths) / parameters(other.body, other.soft_tokens, *widths)
        assert 0.95 < ratio < 1.05, cell.method


def test_every_trained_variant_has_the_same_search():
    plan, found = cells("small")
    searches = {
        str(plan.runs[cell.run].spec["recipe"]["training"]["search"]) for cell in found if cell.experiment == "variants"
    }
    budgets = {
        (training["steps"], training["batch"] * training["accumulation"])
        for cell in found if cell.experiment == "variants" and cell.task == "rotten_tomatoes"
        for training in [plan.runs[cell.run].spec["recipe"]["training"]]
    }  # fmt: skip
    assert len(searches) == len(budgets) == 1
    assert "None" not in searches


def test_only_another_restart_policy_is_part_of_a_run():
    usual, same = make_plan(load("smoke")), make_plan(load("smoke", {"restart": {"halvings": 2, "seeds": 1}}))
    assert list(usual.runs) == list(same.runs)
    strict = make_plan(load("smoke", {"restart": {"halvings": 0}}))
    for run in strict.runs.values():
        assert (run.id in usual.runs) == (run.spec.get("restart", run.spec.get("bridge", {}).get("restart")) is None)
    trained = [strict.runs[name].spec["restart"] for name in strict.ids("trained")]
    assert trained == [{"halvings": 0, "seeds": 1}] * len(trained)
    assert trained


def test_hardware_is_no_part_of_a_run():
    wanted = {"gpus": 4, "split": 2, "checkpointing": True}
    plan = make_plan(load("smoke", {"hardware": wanted, "together": 0}))
    assert list(plan.runs) == list(make_plan(load("smoke")).runs)
    assert (plan.config.hardware.processes, plan.config.hardware.one_copy) == (2, 2)


@pytest.mark.parametrize(
    ("hardware", "wanted"),
    [({"gpus": 3, "split": 2}, "gpus 3 is not a multiple of split 2"), ({"gpus": 2}, "set `together: 0`")],
)
def test_hardware_that_cannot_be(hardware, wanted):
    with pytest.raises(UserError, match=wanted):
        load("smoke", {"hardware": hardware})
