"""Every phase and variant: gradients, padding, sequences, scale. A recorded defect is asserted to be there."""

import pytest
import torch
from phase_list import BRIDGES, DEFECTS, RECIPES

from telepathy.assemble import assemble
from telepathy.data.prompts import SOFT
from telepathy.data.rows import read_split

NO_GRADIENT = {"counted_usage": "entropy", "counted_diversity": "div_count"}
"""Defect -> the loss term that it leaves without a gradient."""


def assembled(world, task, method):
    spec = world.spec(task, method)
    bridge, objective = assemble(spec | {"compute": "float32"}, world.cache)
    return bridge, objective, read_split(world.cache / "data" / spec["data"], "train")


@pytest.mark.parametrize(("task", "method"), BRIDGES)
def test_every_term_has_a_gradient_and_every_parameter_gets_one(world, task, method):
    bridge, objective, items = assembled(world, task, method)
    # Gates and biases that start at zero would hide what lies behind them.
    torch.manual_seed(0)
    with torch.no_grad():
        for one in bridge.parameters():
            one.add_(0.05 * torch.randn_like(one))
    terms, soft = objective.terms(bridge, items[:4])
    assert set(terms) == set(objective.recipe.losses.weights)
    assert (soft is None) == (set(terms) == {"flow"})
    reached, dead = set(), set()
    for name, term in terms.items():
        assert torch.isfinite(term)
        bridge.zero_grad()
        if term.requires_grad:
            term.backward(retain_graph=True)
        touched = {key for key, one in bridge.named_parameters() if one.grad is not None and one.grad.abs().max() > 0}
        reached |= touched
        dead |= set() if touched else {name}
    defects = DEFECTS.get(method, set())
    assert dead == {NO_GRADIENT[defect] for defect in defects & set(NO_GRADIENT)}
    # The bias of a key shifts all scores of a query alike: softmax ignores it, by construction.
    silent = {key for key, _ in bridge.named_parameters() if not key.endswith("key.bias")} - reached
    wanted = {"body.back.weight", "body.back.bias"} if "untrained_map" in defects else set()
    assert silent == wanted


@pytest.mark.parametrize(("task", "method"), BRIDGES)
def test_padding_changes_nothing(world, task, method):
    bridge, objective, items = assembled(world, task, method)
    bridge.float().eval()
    ordered = sorted(items[:16], key=lambda item: len(objective.store[item.text_sha256]))
    short, long = ordered[0], ordered[-1]
    states, mask = objective.states([short.text_sha256, long.text_sha256])
    length = min(int(mask[0].sum()), mask.shape[1] - 2)
    mask[0, length:] = False
    noisy = torch.where(mask[..., None], states, torch.full_like(states, 7.0))
    with torch.no_grad():
        both, alone = bridge(states, mask), bridge(states[:1, :length], mask[:1, :length])
        torch.testing.assert_close(bridge(noisy, mask), both, atol=1e-4, rtol=1e-3)
    close = torch.allclose(both[:1], alone, atol=2e-3, rtol=2e-2)
    assert close == ("shared_length" not in DEFECTS.get(method, set()) or objective.recipe.bottleneck.pre_norm)


@pytest.mark.parametrize(("task", "method"), BRIDGES)
def test_training_and_evaluation_see_the_same_sequence_up_to_the_target(world, task, method):
    _, objective, items = assembled(world, task, method)
    layout, bos = objective.layout, objective.receiver.tokenizer.bos_token_id
    target = objective.target(items[0])
    full = layout.sequence(target)
    assert full[len(layout.trained) + len(layout.lead) :][: len(target)] == target
    assert layout.prefix.count(SOFT) == layout.trained.count(SOFT) == objective.recipe.soft_tokens
    defects = DEFECTS.get(method, set())
    if not defects & {"second_bos", "other_primer", "no_bos", "moved_bos"}:
        assert layout.prefix == layout.trained
        assert layout.lead == []
        assert full.count(bos) == 1
        assert full[0] == bos
    if "second_bos" in defects:
        assert full.count(bos) == 2 or full[0] != bos
    if defects & {"other_primer", "moved_bos"}:
        assert layout.prefix != layout.trained
    if "no_bos" in defects:
        assert bos not in layout.prefix


@pytest.mark.parametrize(("task", "method"), BRIDGES)
def test_soft_tokens_have_the_receivers_scale_after_a_bounded_output(world, task, method):
    bridge, objective, items = assembled(world, task, method)
    bridge.eval()
    with torch.no_grad():
        soft = objective.soft_tokens(bridge, [item.text_sha256 for item in items[:4]]).float()
    found = soft.pow(2).mean(-1).sqrt() / (objective.receiver.embedding_rms * objective.recipe.output_gain)
    assert torch.isfinite(found).all()
    if objective.recipe.output in ("rms_scale", "rms_fixed"):
        torch.testing.assert_close(found, torch.ones_like(found), atol=0.02, rtol=0.02)
    elif objective.recipe.output in ("tanh_scale", "ln_tanh_scale"):
        assert (found <= 1.01).all()
    if "wrong_scale" in DEFECTS.get(method, set()):
        assert objective.recipe.output_gain == 11


def test_padding_in_the_loss_is_what_the_record_had(world):
    """The repaired loss ignores a longer neighbour; the recorded one does not."""
    for method, changes in (("p10", False), ("p10_recorded", True)):
        bridge, objective, items = assembled(world, "word_problems", method)
        objective.recipe.training.__dict__["max_target_tokens"] = 400
        rows = sorted(items[:12], key=lambda item: len(objective.target(item)))
        short, long = rows[0], rows[-1]
        assert len(objective.target(short)) < len(objective.target(long))
        soft = objective.soft_tokens(bridge, [short.text_sha256, long.text_sha256]).detach().float()
        parts = [objective.lm([item], soft[at : at + 1]).item() for at, item in enumerate((short, long))]
        counts = [len(objective.layout.scored(objective.target(item))) for item in (short, long)]
        own = sum(part * count for part, count in zip(parts, counts, strict=True)) / sum(counts)
        both = objective.lm([short, long], soft).item()
        assert (abs(both - own) > 1e-3) == changes


def test_the_first_tokens_weigh_what_the_recipe_says(world):
    bridge, objective, items = assembled(world, "word_problems", "p11")
    soft = objective.soft_tokens(bridge, [items[0].text_sha256]).detach()
    weighted = objective.lm(items[:1], soft).item()
    objective.recipe.losses.__dict__["first_tokens"] = None
    assert weighted != pytest.approx(objective.lm(items[:1], soft).item(), abs=1e-3)


def test_every_phase_is_run_by_smoke(world):
    planned = {cell.method for cell in world.plan.cells if cell.experiment == "series"}
    assert planned == set(RECIPES)
