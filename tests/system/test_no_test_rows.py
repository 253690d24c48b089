"""Nothing that is trained or chosen can have seen a test row: it all works, and ends the same, without any."""

import shutil

import pytest

from telepathy import evaluate, train
from telepathy.errors import UserError

METHODS = ["bridge", "permuted_labels", "variant_flow", "bridge_searched", "prompt_tuning_searched", "lora_searched"]


@pytest.fixture(scope="module")
def blind(world, tmp_path_factory):
    """The prepared world without test rows; `task.json` stays."""
    cache = tmp_path_factory.mktemp("blind") / "cache"
    cache.mkdir()
    for folder in world.cache.iterdir():
        if folder.name != "data":
            (cache / folder.name).symlink_to(folder)
    shutil.copytree(world.cache / "data", cache / "data")
    for path in (cache / "data").glob("*/test.jsonl"):
        path.unlink()
    return cache


@pytest.mark.parametrize("method", METHODS)
def test_training_and_its_choices_read_no_test_row(world, blind, tmp_path, method):
    spec = world.spec("toy_sentiment", method)
    short = spec["recipe"]["training"] | {"steps": 4, "warmup": 0}
    spec |= {"recipe": spec["recipe"] | {"training": short}}
    train.run(spec, blind, tmp_path / "checkpoints", tmp_path / "blind")
    train.run(spec, world.cache, tmp_path / "checkpoints", tmp_path / "seeing")
    for name in ("weights.safetensors", "training.json"):
        assert (tmp_path / "blind" / name).read_bytes() == (tmp_path / "seeing" / name).read_bytes()
    with pytest.raises(UserError, match=r"test\.jsonl: no such file"):
        evaluate.run(spec, blind, tmp_path / "blind")
