"""Configuration: presets load, mistakes are explained, planning is light."""

import subprocess
import sys

import pytest
import yaml
from helpers import ROOT

from telepathy.config import load, presets
from telepathy.config.load import FOLDER
from telepathy.config.schema import PATH, text
from telepathy.errors import UserError
from telepathy.plan import make_plan


@pytest.mark.parametrize("preset", presets())
def test_every_preset_plans(preset):
    plan = make_plan(load(preset))
    assert plan.runs
    assert {cell.run for cell in plan.cells} == set(plan.runs)


def test_four_presets_are_shipped():
    assert presets() == ["paper", "quick", "small", "smoke"]


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
    for name in ("models", "tasks", "methods", "phases"):
        (tmp_path / f"{name}.yaml").write_text((FOLDER / f"{name}.yaml").read_text())
    (tmp_path / "presets").mkdir()
    content = yaml.safe_load((FOLDER / "presets" / "smoke.yaml").read_text()) | {"titel": "x"}
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
    return {(cell.task, cell.method): cell.run for cell in plan.cells}


BRIDGE = ("toy_sentiment", "bridge")


@pytest.mark.parametrize(
    "overrides",
    [
        {"title": "another title"},
        {"methods": {"bridge": {"title": "Brücke", "about": "x"}}},
        {"tasks": {"toy_sentiment": {"title": "T", "license": "x"}}},
        {"models": {"tiny_llama": {"title": "T", "license": "x"}}},
        {"statistics": {"resamples": 500}},
        {"gpus": 2},
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


def test_another_layer_leaves_the_other_runs_alone():
    extra = {
        "methods": {"shallow": {"title": "S", "about": "-", "parent": "bridge", "recipe": {"layer": 1}}},
        "experiments": {"main": {"methods": ["bridge", "shallow", "receiver_zero_shot"]}},
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
        "import sys; from telepathy.config import load; from telepathy.plan import make_plan\n"
        "from telepathy.sources import sources; make_plan(load('paper')); sources('telepathy.train')\n"
        "print([m for m in ('torch', 'pandas', 'numpy', 'transformers', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
