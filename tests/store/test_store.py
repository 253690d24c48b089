"""The hidden-state store: right states, each text once, refused when damaged, resumed when interrupted."""

import json
import shutil

import pytest
import torch
from helpers import command, one_clear_line

from telepathy import evaluate, train
from telepathy.data.prompts import fit, reading
from telepathy.data.rows import read_split, texts_of
from telepathy.encode import encode
from telepathy.errors import UserError
from telepathy.live import LiveStates, open_states
from telepathy.models.frozen import FrozenLM
from telepathy.store import LayerStore, pad_states, pooled


@pytest.fixture
def copy(world, tmp_path):
    key = next(key for key in world.plan.states if "toy_sentiment" in key)
    shutil.copytree(world.cache / "states" / key, tmp_path / key)
    return world.plan.states[key], tmp_path / key


def test_stored_states_are_the_senders(world, copy, tmp_path):
    """In fp32, so that nothing but the store's own rounding to bf16 is left."""
    spec, folder = copy[0] | {"compute": "float32"}, tmp_path / "exact"
    layer = spec["layers"][0]
    encode(spec, [layer], world.cache, folder)
    sender = FrozenLM(world.cache / "models" / spec["model"], "float32", torch.device("cpu"))
    store = LayerStore(folder, layer)
    for split in ("train", "validation", "test"):
        for item in read_split(world.cache / "data" / spec["data"], split)[:5]:
            ids = torch.tensor([reading(sender, fit(sender, spec["prompt"], item.text, spec["max_tokens"]))])
            wanted = sender.states(ids, torch.ones_like(ids), [layer])[layer][0]
            torch.testing.assert_close(store[item.text_sha256].float(), wanted, atol=1e-3, rtol=1e-2)


def test_interrupted_encoding_gives_the_same_bytes(world, copy):
    spec, folder = copy
    before = {path.name: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    shard = next(folder.rglob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:100])
    (folder / f"layer-{spec['layers'][0]:02d}.json").unlink()
    encode(spec, spec["layers"], world.cache, folder)
    assert before == {path.name: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


def test_adding_a_layer_leaves_the_others_alone(world, copy):
    spec, folder = copy
    old = folder / f"layer-{spec['layers'][0]:02d}.json"
    before = old.read_bytes()
    encode(spec, [*spec["layers"], 1], world.cache, folder)
    assert old.read_bytes() == before
    assert LayerStore(folder, 1).width == 48


def test_truncated_store_is_one_clear_line(world, copy):
    _, folder = copy
    layer = world.run("toy_sentiment", "bridge").spec["recipe"]["layer"]
    shard = next((folder / f"layer-{layer:02d}").glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:-50])
    store = LayerStore(folder, layer)
    with pytest.raises(UserError, match="missing, truncated or changed"):
        store[next(iter(store._rows))]
    run = world.run("toy_sentiment", "linear_probe")
    out = folder.parent / "out"
    cache = folder.parent / "cache"
    shutil.copytree(world.cache, cache)
    shutil.rmtree(cache / "states" / folder.name)
    shutil.copytree(folder, cache / "states" / folder.name)
    for stage, method in (("telepathy.baselines.run", "linear_probe"), ("telepathy.train", "bridge")):
        more = ("--checkpoints", folder.parent / "c") if method == "bridge" else ()
        done = command(stage, "--spec", world.spec_file("toy_sentiment", method), "--cache", cache, "--out", out, *more)
        one_clear_line(done, ".safetensors", "truncated", "python -m telepathy.encode")
        assert [path.name for path in out.iterdir()] == ["history.jsonl"]
    assert run.id


def test_unknown_layer_and_text(copy):
    spec, folder = copy
    with pytest.raises(UserError, match=r"layer-77\.json: no such file"):
        LayerStore(folder, 77)
    with pytest.raises(UserError, match="holds no states of text nothing"):
        LayerStore(folder, spec["layers"][0])["nothing"]


def test_pooling_ignores_padding():
    torch.manual_seed(0)
    states = [torch.randn(4, 3), torch.randn(2, 3)]
    padded, mask = pad_states(states)
    torch.testing.assert_close(pooled(padded, mask), torch.stack([one.mean(0) for one in states]))


def test_live_states_are_the_stored_ones(world, copy, tmp_path):
    """Up to what other neighbours in a batch do to the last digits: computed in fp32, rounded to bf16."""
    spec, folder = copy[0] | {"compute": "float32"}, tmp_path / "exact"
    layer = spec["layers"][0]
    encode(spec, [layer], world.cache, folder)
    stored, live = LayerStore(folder, layer), LiveStates(spec, world.cache, layer)
    assert (stored.width, stored.model) == (live.width, live.model)
    texts = list(texts_of(world.cache / "data" / spec["data"], None))[:40]
    one, two = stored.batch(texts), live.batch(texts)
    assert torch.equal(one[1], two[1])
    torch.testing.assert_close(one[0], two[0], rtol=2**-7, atol=1e-4)
    assert live[texts[0]].dtype == torch.bfloat16
    with pytest.raises(UserError, match="holds no text ffff"):
        live["ffff"]
    run = world.run("toy_sentiment", "bridge").spec
    kinds = [type(open_states(run | extra, world.cache, run["recipe"]["layer"])) for extra in ({}, {"live": True})]
    assert kinds == [LayerStore, LiveStates]


def test_a_run_without_a_store_trains_and_answers(world, tmp_path):
    """The same run with live states: its losses are those of the stored ones, its record says what it read."""
    spec = world.spec("toy_sentiment", "bridge")
    training = spec["recipe"]["training"] | {"steps": 4, "validations": 1}
    spec = spec | {"recipe": spec["recipe"] | {"training": training}}
    logs = {}
    for name, extra in {"stored": {}, "live": {"live": True}}.items():
        out = tmp_path / name
        train.run(spec | extra, world.cache, tmp_path / "checkpoints", out)
        evaluate.run(spec | extra, world.cache, out)
        logs[name] = [json.loads(line)["loss"] for line in (out / "train.jsonl").read_text().splitlines()]
        assert json.loads((out / "run.json").read_text())["spec"].get("live") == extra.get("live")
    assert logs["live"] == pytest.approx(logs["stored"], rel=0.02)
