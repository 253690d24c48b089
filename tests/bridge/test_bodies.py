"""Every body: shapes, padding, gradients, arithmetic, and the recorded parameter counts."""

import pytest
import torch
from torch import nn

from telepathy.bridge.bodies import make_body
from telepathy.config import sizes as sizes_of
from telepathy.config.parts import (
    MLP,
    FlowCross,
    FlowHybrid,
    FlowPooled,
    Iterated,
    LastToken,
    Linear,
    MeanPool,
    Perceiver,
    RecurrentPerceiver,
    SmallPerceiver,
)

ATTENDING = {"width": 16, "heads": 4, "depth": 2}
BODIES = {
    "perceiver": Perceiver(**ATTENDING),
    "perceiver_wide": Perceiver(heads=4),
    "small_perceiver": SmallPerceiver(kind="small_perceiver", **ATTENDING),
    "recurrent_perceiver": RecurrentPerceiver(kind="recurrent_perceiver", rounds=2, **ATTENDING),
    "iterated": Iterated(kind="iterated", rounds=3, **ATTENDING),
    "linear": Linear(kind="linear"),
    "linear_each": Linear(kind="linear", each=True),
    "mlp": MLP(kind="mlp", width=16),
    "mean_pool": MeanPool(kind="mean_pool"),
    "last_token": LastToken(kind="last_token"),
    "flow_pooled": FlowPooled(kind="flow_pooled", sampler_steps=3, **ATTENDING),
    "flow_cross": FlowCross(kind="flow_cross", sampler_steps=3, dropout=0.1, **ATTENDING),
    "flow_hybrid": FlowHybrid(kind="flow_hybrid", sampler_steps=3, **ATTENDING),
    "flow_learned": FlowCross(kind="flow_cross", sampler_steps=3, learned_target=True, **ATTENDING),
}
FLOWS = [name for name in BODIES if name.startswith("flow")]
UNTRAINED = ["mean_pool", "last_token"]
K, D_S, D_R = 4, 12, 24


def build(name: str, seed: int = 0) -> nn.Module:
    """A body whose weights are all nonzero, so that no gate at zero hides a path."""
    torch.manual_seed(seed)
    body = make_body(BODIES[name], K, D_S, D_R, receiver_rms=0.1)
    with torch.no_grad():
        for one in body.parameters():
            one.add_(0.1 * torch.randn_like(one))
    return body


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(3, 9, D_S), torch.arange(9)[None] < torch.tensor([9, 5, 7])[:, None]


def parameters(body: nn.Module) -> int:
    return sum(one.numel() for one in body.parameters())


@pytest.mark.parametrize("name", BODIES)
def test_shape(name):
    assert build(name)(*batch()).shape == (3, K, D_R)


@pytest.mark.parametrize("name", BODIES)
def test_widths_may_agree(name):
    torch.manual_seed(0)
    body = make_body(BODIES[name], K, D_R, D_R)
    assert body(torch.randn(2, 5, D_R), torch.ones(2, 5, dtype=torch.bool)).shape == (2, K, D_R)


@pytest.mark.parametrize("name", BODIES)
def test_padding_and_company_do_not_matter(name):
    body, (states, mask) = build(name).eval(), batch()
    noisy = torch.where(mask[..., None], states, torch.full_like(states, 1e3))
    same = torch.allclose(body(states, mask), body(noisy, mask), atol=1e-5, rtol=1e-4)
    assert same == (name != "small_perceiver")
    if same:
        alone = body(states[1:2, :5], mask[1:2, :5])
        torch.testing.assert_close(body(states, mask)[1:2], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", [name for name in BODIES if name not in UNTRAINED])
def test_every_parameter_gets_a_gradient(name):
    body, (states, mask) = build(name), batch()
    torch.manual_seed(2)
    readout = torch.randn(3, K, D_R)
    loss = body.loss(readout, states, mask) if name in FLOWS else (body(states, mask) * readout).sum()
    loss.backward()
    without = {
        key for key, one in body.named_parameters() if one.grad is None or one.grad.abs().max() <= 1e-6 * loss.abs()
    }
    # A key's bias adds the same to all of a query's scores; the learned target leaves the way back untrained.
    wanted = {key for key, _ in body.named_parameters() if key.endswith("key.bias")}
    if name == "flow_learned":
        wanted |= {"back.weight", "back.bias"}
        assert body.back.weight.grad is None
    assert without == wanted


@pytest.mark.parametrize("name", UNTRAINED)
def test_untrained_bodies_have_no_parameters_and_store_nothing(name):
    body = build(name)
    assert not list(body.parameters())
    assert not body.state_dict()
    states, mask = batch()
    same = make_body(BODIES[name], K, D_S, D_S)(states, mask)
    wanted = states[1, 4] if name == "last_token" else states[1, :5].mean(0)
    torch.testing.assert_close(same[1], wanted.expand(K, -1))


@pytest.mark.parametrize("name", BODIES)
def test_bfloat16_weights(name):
    body, (states, mask) = build(name).bfloat16(), batch()
    out = body(states.bfloat16(), mask)
    assert out.isfinite().all()
    if name in FLOWS:
        loss = body.loss(torch.randn(3, K, D_R), states.bfloat16(), mask)
        loss.backward()
        assert loss.dtype == torch.float32


def test_small_perceiver_has_the_recorded_parameters():
    """Cross-attention alone: with self-attention as well it would have 8.4 million."""
    with torch.device("meta"):
        body = make_body(SmallPerceiver(kind="small_perceiver", width=512, heads=8, depth=2), 16, 4096, 4096)
    assert parameters(body) == 6_308_352 == 16 * 512 + 2 * 4 * (512 * 512 + 512) + 512 * 4097 + 4096 * 513


def test_recurrent_rounds_share_layers_and_read_the_round_before():
    body, (states, mask) = build("recurrent_perceiver"), batch()
    once = RecurrentPerceiver(kind="recurrent_perceiver", rounds=1, **ATTENDING)
    torch.manual_seed(0)
    assert parameters(body) - parameters(make_body(once, K, D_S, D_R)) == 16  # one more step embedding
    before = body(states, mask)
    with torch.no_grad():
        body.latents[0] += torch.randn_like(body.latents[0])
    after = body(states, mask)
    assert not torch.allclose(before[:, :2], after[:, :2])
    assert not torch.allclose(before[:, 2:], after[:, 2:])
    with torch.no_grad():
        body.latents[1] += torch.randn_like(body.latents[1])
    torch.testing.assert_close(body(states, mask)[:, :2], after[:, :2])


def test_one_round_is_a_perceiver_with_shifted_latents():
    config = RecurrentPerceiver(kind="recurrent_perceiver", rounds=1, **ATTENDING)
    torch.manual_seed(0)
    rounds, plain = make_body(config, K, D_S, D_R), make_body(BODIES["perceiver"], K, D_S, D_R)
    weights = rounds.state_dict()
    weights["latents"] = weights["latents"][0] + weights.pop("steps")
    plain.load_state_dict(weights)
    torch.testing.assert_close(rounds(*batch()), plain(*batch()))


def test_iterated_starts_at_random_in_training_only():
    body, (states, mask) = build("iterated"), batch()
    torch.manual_seed(5)
    first, second = body(states, mask), body(states, mask)
    torch.manual_seed(5)
    assert torch.equal(body(states, mask), first)
    assert not torch.allclose(first, second)
    body.eval()
    assert torch.equal(body(states, mask), body(states, mask))
    assert body.start(2).std() == pytest.approx(0.1, rel=0.3)


@pytest.mark.parametrize("name", FLOWS)
def test_flows_sample_without_a_gradient_and_repeatably(name):
    body, (states, mask) = build(name).eval(), batch()
    first = body(states, mask)
    assert not first.requires_grad
    torch.rand(7)
    assert torch.equal(body(states, mask), first)


def test_mlp_and_linear_formulas():
    states, mask = batch()
    mean = torch.stack([states[row][mask[row]].mean(0) for row in range(3)])
    linear, mlp = build("linear"), build("mlp")
    torch.testing.assert_close(linear(states, mask), linear.map(mean)[:, None].expand(-1, K, -1))
    torch.testing.assert_close(mlp(states, mask), mlp.map(mean).view(3, K, D_R))
    assert [type(one).__name__ for one in mlp.map] == ["Linear", "GELU", "Linear", "GELU", "Linear"]


SIZES = [(4, 12, 24), (4, 16, 16), (3, 16, 40)]


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("sizes", SIZES)
def test_sizes_in_closed_form_are_those_of_the_modules(name, sizes):
    if name == "recurrent_perceiver":
        sizes = (4, *sizes[1:])
    assert sizes_of.parameters(BODIES[name], *sizes) == parameters(make_body(BODIES[name], *sizes))


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("wanted", [1_000, 20_000, 300_000])
def test_matched_width_comes_closest(name, wanted):
    """No other multiple of the heads is closer; bodies without a width stay as they are."""
    body = sizes_of.matched(BODIES[name], wanted, K, D_S, D_R)
    if not hasattr(body, "width"):
        assert body == BODIES[name]
        return
    unit = getattr(body, "heads", 1)
    assert body.width % unit == 0
    gap = abs(sizes_of.parameters(body, K, D_S, D_R) - wanted)
    for width in range(unit, 40 * unit, unit):
        assert gap <= abs(sizes_of.parameters(body.model_copy(update={"width": width}), K, D_S, D_R) - wanted)
