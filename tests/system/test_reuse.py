"""Controls and transfer: what is replaced, and what stays."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from telepathy import reuse, train
from telepathy.assemble import assemble_bridge
from telepathy.data.rows import read_split
from telepathy.evaluation.bridged import bridge_rows
from telepathy.evaluation.diagnostics import rms
from telepathy.record import read_run

CONTROLS = ["zero_tokens", "mean_tokens", "random_tokens", "shuffled_tokens"]


@given(st.integers(2, 300), st.integers(0, 50))
def test_every_row_gets_the_tokens_of_another_one(rows, seed):
    order = reuse.others(rows, seed)
    assert sorted(order) == list(range(rows))
    assert all(at != other for at, other in enumerate(order))


@pytest.fixture(scope="module")
def trained(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reuse")
    train.run(world.spec("toy_sentiment", "bridge"), world.cache, folder / "checkpoints", folder / "bridge")
    return folder / "bridge"


@pytest.mark.parametrize("method", CONTROLS)
def test_soft_tokens_are_replaced(world, trained, method):
    spec = world.spec("toy_sentiment", method)
    bridge, objective = assemble_bridge(spec["bridge"], world.cache)
    items = read_split(world.cache / "data" / spec["data"], "test")
    own = torch.stack(reuse.soft_tokens(bridge, objective, items))
    found = torch.stack(reuse.broken(spec, bridge, objective, items, world.cache / "data" / spec["data"]))
    assert found.shape == own.shape
    assert not torch.equal(found, own)
    again = torch.stack(reuse.broken(spec, bridge, objective, items, world.cache / "data" / spec["data"]))
    torch.testing.assert_close(found, again, rtol=0, atol=0)
    match method:
        case "zero_tokens":
            assert found.abs().max() == 0
        case "mean_tokens":
            assert (found == found[0]).all()
        case "random_tokens":
            assert rms(found) == pytest.approx(rms(own), rel=0.1)
            assert not torch.equal(found[0], found[1])
        case "shuffled_tokens":
            order = reuse.others(len(items), spec["bridge"]["seed"])
            torch.testing.assert_close(found, own[order], rtol=0, atol=0)


@pytest.mark.parametrize("method", CONTROLS)
def test_a_control_leaves_rows_of_the_same_items_and_prompts(world, trained, tmp_path, method):
    reuse.run(world.spec("toy_sentiment", method), world.cache, trained, tmp_path)
    rows = read_run(tmp_path).rows
    items = read_split(world.cache / "data" / world.spec("toy_sentiment", method)["data"], "test")
    assert [(row.id, row.gold) for row in rows] == [(item.id, item.gold) for item in items]
    if method in ("zero_tokens", "mean_tokens"):
        assert len({tuple(row.scores.values()) for row in rows}) <= 2  # a last, smaller batch may round differently


def test_transfer_uses_the_new_task_and_the_old_weights(world, trained, tmp_path):
    cell = next(cell for cell in world.plan.cells if cell.trained_on == "toy_sentiment")
    run = world.plan.runs[cell.run]
    assert run.uses == world.run("toy_sentiment", "bridge").id
    reuse.run(run.spec | {"id": run.id}, world.cache, trained, tmp_path)
    rows = read_run(tmp_path).rows
    items = read_split(world.cache / "data" / run.spec["data"], "test")
    assert [row.text for row in rows] == [item.text_sha256 for item in items]
    used = run.spec["bridge"] | {key: run.spec[key] for key in ("data", "task", "states")}
    bridge, objective = assemble_bridge(used, world.cache)
    assert objective.layout.before == "Feeling:" or "Feeling:" in objective.layout.shown
    reuse.load_weights(bridge, trained / "weights.safetensors")
    assert bridge_rows(bridge, objective, items) == rows
