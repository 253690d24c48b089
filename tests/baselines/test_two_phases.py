"""Every choice of a baseline is made before a test row is read."""

import ast
import shutil
from pathlib import Path
from typing import get_args

import pytest

import telepathy.baselines
from telepathy.baselines import outcome
from telepathy.baselines.run import BASELINES, evaluate, run
from telepathy.config.methods import DEPENDENT, TRAINED, Recipe
from telepathy.data.rows import read_split
from telepathy.errors import UserError
from telepathy.record import read_run

FOLDER = Path(telepathy.baselines.__file__).parent
METHODS = [
    "receiver_zero_shot", "receiver_calibrated", "receiver_written", "sender_few_shot", "text_relay",
    "text_relay_written", "cot_relay", "pruned_text", "cut_text", "logit_ensemble", "linear_probe", "ridge_map",
    "majority",
]  # fmt: skip


def test_every_kind_that_is_not_trained_has_a_module():
    union = get_args(get_args(Recipe)[0])
    kinds = {get_args(one.model_fields["kind"].annotation)[0] for one in union}
    assert set(BASELINES) == kinds - set(TRAINED) - set(DEPENDENT)


def test_the_methods_of_this_test_are_of_every_kind(world):
    assert {world.spec("toy_sentiment", method)["recipe"]["kind"] for method in METHODS} == set(BASELINES)


@pytest.fixture(scope="module")
def blind(world, tmp_path_factory):
    """The same inputs without any test row."""
    cache = tmp_path_factory.mktemp("blind") / "cache"
    shutil.copytree(world.cache, cache)
    for path in cache.glob("data/*/test.jsonl"):
        path.unlink()
    return cache


@pytest.mark.parametrize("method", METHODS)
def test_fit_needs_no_test_row_and_answer_gives_the_runs_rows(world, blind, method):
    spec = world.spec("toy_sentiment", method)
    fitted = BASELINES[spec["recipe"]["kind"]].fit(spec, blind)
    assert isinstance(fitted, outcome.Fitted)
    with pytest.raises(UserError, match=r"test\.jsonl"):
        evaluate(spec, blind)
    items = read_split(world.cache / "data" / spec["data"], "test")
    rows = fitted.answer(items)
    whole = evaluate(spec, world.cache)
    assert rows == whole.rows
    assert fitted.resolved == whole.resolved
    assert [(row.id, row.gold) for row in rows] == [(item.id, item.gold) for item in items]
    # A choice must not depend on which rows are answered.
    assert fitted.answer(items[:3])[0].id == items[0].id


def test_only_the_stage_itself_names_the_test_split():
    naming = {
        path.name
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == "test"
    }
    assert naming == {"run.py"}
    splits = {"train", "validation", "test"}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "read_split" and isinstance(node.args[1], ast.Constant):
                assert node.args[1].value in splits - ({"test"} if path.name != "run.py" else set())


@pytest.mark.parametrize(
    "method", ["receiver_few_shot", "text_relay_written", "pruned_text", "ridge_map", "linear_probe"]
)
def test_a_raw_run_is_written_twice_alike(world, tmp_path, method):
    spec = world.spec("toy_sentiment", method)
    for name in ("one", "two"):
        run(spec, world.cache, tmp_path / name)
    assert read_run(tmp_path / "one").record["inputs"]["overlap"]["test"] == len(read_run(tmp_path / "one").rows)
    for name in ("run.json", "rows.jsonl.gz"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
