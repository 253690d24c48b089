"""Prompt tuning and LoRA: what is trained, that it learns, and that the receiver of others stays as it is."""

import json

import peft
import pytest
import torch

from telepathy import evaluate, train
from telepathy.assemble import assemble
from telepathy.data.prompts import SOFT
from telepathy.data.rows import read_split
from telepathy.models.frozen import frozen
from telepathy.record import read_run

TUNED = ["prompt_tuning", "lora", "constant_class"]


def items(world, count=8):
    return read_split(world.cache / "data" / world.spec("toy_sentiment", "lora")["data"], "train")[:count]


@pytest.mark.parametrize("method", TUNED)
def test_every_trained_parameter_gets_a_gradient_and_nothing_else_does(world, method):
    module, objective = assemble(world.spec("toy_sentiment", method), world.cache)
    with torch.no_grad():  # a fresh adapter is zero on one side, which hides the other
        for one in module.parameters():
            one.add_(0.01 * torch.randn_like(one))
    terms, _ = objective.terms(module, items(world))
    objective.total(terms).backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in module.parameters())
    assert all(one.dtype == torch.float32 for one in module.parameters())
    trained = {id(one) for one in module.parameters()}
    assert all(one.grad is None for one in objective.receiver.model.parameters() if id(one) not in trained)


@pytest.mark.parametrize("method", ["prompt_tuning", "lora"])
def test_one_batch_is_memorised(world, method):
    spec = world.spec("toy_sentiment", method) | {"compute": "float32"}
    if method == "lora":
        recipe = {"dropout": 0.0, "rank": 16, "alpha": 64.0, "modules": ["q_proj", "v_proj", "o_proj"]}
        spec |= {"recipe": spec["recipe"] | recipe}
    else:
        spec |= {"recipe": spec["recipe"] | {"soft_tokens": 16}}
    module, objective = assemble(spec, world.cache)
    batch, loss = items(world), 9.0
    optimizer = torch.optim.AdamW(module.parameters(), lr=2e-2, weight_decay=0)
    for _ in range(600):
        loss = objective.terms(module, batch)[0]["lm"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.04:
            break
    # A soft prompt is the same for all rows: it can lean on the labels' share, hardly memorise through random weights.
    assert loss.item() < (0.05 if method == "lora" else 0.68)


def test_the_text_is_read_unless_the_recipe_says_no(world):
    with_text = assemble(world.spec("toy_sentiment", "prompt_tuning"), world.cache)[1]
    without = assemble(world.spec("toy_sentiment", "constant_class"), world.cache)[1]
    one, other = items(world, 2)
    assert with_text.prefix(one) != with_text.prefix(other)
    assert without.prefix(one) == without.prefix(other)
    for objective in (with_text, without):
        assert objective.prefix(one).count(SOFT) == objective.recipe.soft_tokens
        assert objective.prefix(one)[: len(objective.receiver.bos)] == objective.receiver.bos


def test_adapters_do_not_reach_the_receiver_of_other_runs(world):
    spec = world.spec("toy_sentiment", "lora")
    shared = frozen(world.cache / "models" / spec["models"]["receiver"], spec["compute"], torch.device("cpu"))
    _, objective = assemble(spec, world.cache)
    assert objective.receiver is not shared
    assert not any("lora" in name for name, _ in shared.model.named_parameters())
    assert not isinstance(shared.model, peft.PeftModel)


def test_lora_equals_peft_merged_into_the_weights(world):
    """The adapted receiver answers as W + alpha/r·BA does."""
    spec = world.spec("toy_sentiment", "lora") | {"compute": "float32"}
    module, objective = assemble(spec, world.cache)
    torch.manual_seed(0)
    with torch.no_grad():
        for one in module.parameters():
            one.add_(0.1 * torch.randn_like(one))
    rows = objective.rows(module, items(world))
    plain = frozen(world.cache / "models" / spec["models"]["receiver"], "float32", torch.device("cpu"))
    state = {name: value.clone() for name, value in plain.model.state_dict().items()}
    scale = spec["recipe"]["alpha"] / spec["recipe"]["rank"]
    weights = {name.replace("/", "."): one for name, one in module.weights.items()}
    for name in [name for name in weights if ".lora_A." in name]:
        target = name.removeprefix("base_model.model.").split(".lora_A.")[0] + ".weight"
        low, up = weights[name], weights[name.replace(".lora_A.", ".lora_B.")]
        state[target] = state[target] + scale * (up @ low).detach()
    before = plain.model.state_dict()
    kept = {name: value.clone() for name, value in before.items()}
    try:
        plain.model.load_state_dict(state)
        objective.receiver = plain
        merged = objective.rows(module, items(world))
    finally:
        plain.model.load_state_dict(kept)
    for one, other in zip(rows, merged, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-4)


@pytest.mark.parametrize("method", TUNED)
def test_train_and_evaluate_leave_a_raw_run(world, tmp_path, method):
    spec = world.spec("toy_sentiment", method)
    data = world.cache / "data" / spec["data"]
    train.run(spec, world.cache, tmp_path / "checkpoints", tmp_path / "run")
    evaluate.run(spec, world.cache, tmp_path / "run")
    raw = read_run(tmp_path / "run")
    assert [row.id for row in raw.rows] == [item.id for item in read_split(data, "test")]
    assert raw.record["resolved"]["parameters"] > 0
    assert raw.record["inputs"]["overlap"]["test"] == len(raw.rows)
    log = [json.loads(line) for line in (tmp_path / "run" / "train.jsonl").read_text().splitlines()]
    assert len(log) == spec["recipe"]["training"]["steps"]
    assert log[-1]["validation_n"] > 0
    if method == "constant_class":
        assert len({row.prediction for row in raw.rows}) == 1
