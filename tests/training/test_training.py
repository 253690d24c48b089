"""Training: it can memorise, every term has a gradient, the order is fair, evaluation sees the same sequences."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from telepathy.assemble import assemble
from telepathy.config.methods import Training
from telepathy.data.prompts import SOFT
from telepathy.data.rows import read_split
from telepathy.evaluation.bridged import bridge_rows
from telepathy.models.prepare import prepare
from telepathy.receiver import label_loss, label_scores, text_loss
from telepathy.training.loop import rate, validation_steps
from telepathy.training.order import rows_of

TASKS = [("toy_sentiment", "bridge"), ("word_problems", "p01")]


def items(world, task: str, count: int = 8):
    data = world.run(task, dict(TASKS)[task]).spec["data"]
    return read_split(world.cache / "data" / data, "train")[:count]


@pytest.mark.parametrize(("task", "method"), TASKS)
def test_one_batch_is_memorised(world, task, method):
    """An architecture that cannot memorise eight items has a bug, not a limit."""
    spec = world.spec(task, method)
    body = spec["recipe"]["body"] | {"width": 64, "heads": 4, "depth": 2}
    losses = {"lm": 1.0, "recon_cos": 0.0, "batch_div": 0.0}
    bounded = {"output": "rms_scale", "normalizer": "layer_norm", "calibration": None}
    spec = spec | {"recipe": spec["recipe"] | bounded | {"body": body, "losses": losses, "soft_tokens": 8}}
    spec.pop("calibration", None)
    # Most random receivers hardly look at soft tokens; this one can be steered.
    settings = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4,
                "initializer_range": 0.3, "tie_word_embeddings": False}  # fmt: skip
    tiny = {"source": "tiny", "model_type": "llama", "seed": 3, "depth": 3, "width": 64, "settings": settings}
    prepare(tiny, world.cache / "models" / "steerable")
    spec |= {"compute": "float32", "models": spec["models"] | {"receiver": "steerable"}}
    bridge, objective = assemble(spec, world.cache)
    batch = items(world, task)
    if task == "word_problems":
        objective.recipe.training.__dict__["max_target_tokens"] = 6
    optimizer = torch.optim.AdamW(bridge.parameters(), lr=2e-3, weight_decay=0)
    loss = math.inf
    for _ in range(1500):
        terms, _ = objective.terms(bridge, batch)
        optimizer.zero_grad()
        terms["lm"].backward()
        torch.nn.utils.clip_grad_norm_(bridge.parameters(), 1.0)
        optimizer.step()
        loss = terms["lm"].item()
        if loss < 0.04:
            break
    assert loss < 0.05


@pytest.mark.parametrize(("task", "method"), TASKS)
def test_receiver_and_sender_stay_frozen(world, task, method):
    bridge, objective = assemble(world.spec(task, method), world.cache)
    terms, _ = objective.terms(bridge, items(world, task))
    objective.total(terms).backward()
    assert all(one.grad is None for one in objective.receiver.model.parameters())


def test_label_loss_is_minus_the_log_probability_that_evaluation_gives(world):
    bridge, objective = assemble(world.spec("toy_sentiment", "bridge"), world.cache)
    batch = items(world, "toy_sentiment")
    soft = objective.soft_tokens(bridge, [item.text_sha256 for item in batch])
    golds = [item.gold for item in batch]
    loss = label_loss(objective.receiver, [objective.layout.trained] * 8, objective.verbalizer, golds, soft)
    scores = label_scores(objective.receiver, [objective.layout.prefix] * 8, objective.verbalizer, soft.detach())
    column = [objective.verbalizer.labels.index(gold) for gold in golds]
    wanted = -scores[torch.arange(8), column].mean()
    torch.testing.assert_close(loss.detach(), wanted, atol=2e-2, rtol=2e-2)
    torch.testing.assert_close(scores.exp().sum(1), torch.ones(8))


def test_text_loss_equals_the_models_own_cross_entropy(world):
    """Against transformers' full logits and labels, padding masked, batch of unequal lengths."""
    spec = world.spec("word_problems", "p01") | {"compute": "float32"}
    bridge, objective = assemble(spec, world.cache)
    batch = items(world, "word_problems", 3)
    soft = objective.soft_tokens(bridge, [item.text_sha256 for item in batch])
    layout, receiver = objective.layout, objective.receiver
    targets = [layout.target(receiver, item.target)[: 20 + 5 * n] for n, item in enumerate(batch)]
    ours = text_loss(receiver, layout, targets, soft)
    total, count = 0.0, 0
    for target, one in zip(targets, soft, strict=True):
        row = layout.sequence(target)
        embeds = receiver.embed(torch.tensor([max(token, 0) for token in row]))
        embeds[[index for index, token in enumerate(row) if token == SOFT]] = one.detach()
        logits = receiver.model(inputs_embeds=embeds[None]).logits[0].double()
        start = len(layout.prefix)
        total += torch.nn.functional.cross_entropy(
            logits[start - 1 : -1], torch.tensor(row[start:]), reduction="sum"
        ).item()
        count += len(row) - start
    assert ours.item() == pytest.approx(total / count, rel=1e-4)


def test_rows_follow_the_items(world):
    bridge, objective = assemble(world.spec("toy_sentiment", "bridge"), world.cache)
    batch = items(world, "toy_sentiment", 40)
    rows = bridge_rows(bridge, objective, batch)
    assert [row.id for row in rows] == [item.id for item in batch]
    alone = bridge_rows(bridge, objective, batch[7:8])[0]
    assert alone.prediction == rows[7].prediction
    assert alone.prompt == rows[7].prompt


@given(st.integers(1, 40), st.integers(1, 16), st.integers(0, 5))
def test_order_gives_every_row_once_an_epoch(rows, size, seed):
    spots = [spot for batch in range(-(-2 * rows // size)) for spot in rows_of(batch, size, rows, seed)]
    assert sorted(spots[:rows]) == list(range(rows))
    assert sorted(spots[rows : 2 * rows]) == list(range(rows))


def test_schedules():
    plan = Training(steps=110, lr=1.0, warmup=10, schedule="cosine")
    assert [rate(step, plan) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert rate(10, plan) == pytest.approx(1.0)
    assert rate(60, plan) == pytest.approx(0.5)
    assert rate(109, plan) < 0.001
    assert rate(109, Training(steps=110, lr=1.0)) == 1.0
    assert validation_steps(Training(steps=90, validations=3)) == {30, 60, 90}
    assert validation_steps(Training(steps=90, validations=0)) == set()
