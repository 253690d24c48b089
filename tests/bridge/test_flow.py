"""Rectified flow: targets, path, loss and sampler against plain references, and a distribution it must learn."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from telepathy.bridge.bodies import make_body
from telepathy.bridge.flow import euler, flow_loss, interpolated, on_path, padded, starts
from telepathy.bridge.flow_blocks import GatedBlock, ModulatedBlock, TimeEmbedding, modulated
from telepathy.config.parts import FlowCross, FlowPooled

LENGTHS = torch.tensor([7, 1, 4])
MASK = torch.arange(7)[None] < LENGTHS[:, None]


@pytest.mark.parametrize("soft_tokens", [1, 3, 7, 20])
@pytest.mark.parametrize("real", [True, False])
def test_interpolated_is_torchs_own_row_by_row(soft_tokens, real):
    torch.manual_seed(0)
    embeds = torch.randn(3, 7, 5).double()
    wanted = torch.stack([
        F.interpolate(embeds[row, : int(LENGTHS[row]) if real else 7].T[None], soft_tokens, mode="linear",
                      align_corners=True)[0].T
        for row in range(3)
    ])  # fmt: skip
    torch.testing.assert_close(interpolated(embeds, MASK if real else None, soft_tokens), wanted, atol=1e-6, rtol=1e-6)


def test_padded_cuts_and_fills():
    torch.manual_seed(0)
    embeds = torch.randn(3, 7, 5)
    assert torch.equal(padded(embeds, MASK, 3)[0], embeds[0, :3])
    wide = padded(embeds, MASK, 9)
    assert wide.shape == (3, 9, 5)
    assert torch.equal(wide[2, :4], embeds[2, :4])
    assert not wide[2, 4:].any()
    assert torch.equal(padded(embeds, None, 9)[2, :7], embeds[2])


def test_path_and_loss():
    torch.manual_seed(0)
    x0, x1, t = torch.randn(4, 3, 5).double(), torch.randn(4, 3, 5).double(), torch.rand(4).double()
    assert torch.equal(on_path(x0, x1, torch.zeros(4)), x0)
    assert torch.equal(on_path(x0, x1, torch.ones(4)), x1)
    wanted = torch.stack([((2 * (t[b] * x1[b] + (1 - t[b]) * x0[b]) - x1[b] + x0[b]) ** 2).mean() for b in range(4)])
    loss = flow_loss(lambda x, at: 2 * x, x1, x0, t)
    torch.testing.assert_close(loss.double(), wanted.mean(), atol=1e-6, rtol=1e-5)
    assert flow_loss(lambda x, at: x1 - x0, x1, x0, t) == 0


def test_euler_follows_a_straight_path_exactly_and_sees_equal_times():
    x0, x1, times = torch.zeros(2, 1, 1), torch.full((2, 1, 1), 3.0), []

    def velocity(x, t):
        times.append(t[0].item())
        return x1 - x0

    torch.testing.assert_close(euler(velocity, x0, 4), x1)
    assert times == [0.0, 0.25, 0.5, 0.75]


def test_starts_are_fixed_and_shared_or_not():
    device = torch.device("cpu")
    shared, own = starts(3, (4, 5), True, device), starts(3, (4, 5), False, device)
    assert torch.equal(shared[0], shared[2])
    assert not torch.equal(own[0], own[2])
    assert torch.equal(own[:2], starts(2, (4, 5), False, device))


def test_modulation_and_zero_start():
    torch.manual_seed(0)
    x, condition, keys = torch.randn(2, 3, 8), torch.randn(2, 8), torch.randn(2, 5, 8)
    mask = torch.ones(2, 5, dtype=torch.bool)
    shift, scale = torch.randn(2, 8), torch.randn(2, 8)
    wanted = F.layer_norm(x, (8,)) * (1 + scale[:, None]) + shift[:, None]
    torch.testing.assert_close(modulated(x, shift, scale), wanted)
    gated = GatedBlock(8, 2, 0.0)
    only_cross = x + gated.cross(F.layer_norm(x, (8,)), keys, mask)
    torch.testing.assert_close(gated(x, condition, keys, mask), only_cross)
    free = ModulatedBlock(8, 2, 0.0)
    assert not torch.allclose(free(x, condition, keys, mask), free(x, -condition, keys, mask))


@pytest.mark.parametrize("width", [1, 7, 16])
def test_times_are_told_apart(width):
    torch.manual_seed(0)
    out = TimeEmbedding(width)(torch.tensor([0.0, 0.5, 1.0]))
    assert out.shape == (3, width)
    assert not torch.allclose(out[0], out[2])


def test_scaled_flow_works_in_units_of_the_receiver():
    """The loss of x_1 at unit u is that of x_1/u at 1, and samples are u times as large."""
    states, mask = torch.randn(3, 5, 6), torch.ones(3, 5, dtype=torch.bool)
    x1, out = torch.randn(3, 2, 8), {}
    for unit, scaled in ((0.01, True), (1.0, True), (0.01, False)):
        torch.manual_seed(0)
        config = FlowCross(kind="flow_cross", width=8, heads=2, depth=1, sampler_steps=2, scaled=scaled)
        body = make_body(config, 2, 6, 8, receiver_rms=unit)
        torch.manual_seed(1)
        out[unit, scaled] = body.loss(x1 * (unit if scaled else 1), states, mask), body(states, mask)
    torch.testing.assert_close(out[0.01, True][0], out[1.0, True][0])
    torch.testing.assert_close(out[0.01, True][1], out[1.0, True][1] * 0.01)
    assert torch.equal(out[0.01, False][1], out[1.0, True][1])


def test_learned_target_is_trained_by_its_own_loss():
    """As recorded: W_in moves the target, so that its gradient is not zero even with a constant network."""
    torch.manual_seed(0)
    config = FlowPooled(kind="flow_pooled", width=8, heads=2, depth=1, learned_target=True)
    body = make_body(config, 2, 6, 12)
    nn.init.zeros_(body.norm.weight)
    body.loss(torch.randn(3, 2, 12), torch.randn(3, 5, 6), torch.ones(3, 5, dtype=torch.bool)).backward()
    assert body.into.weight.grad.abs().max() > 1e-3
    assert body.back.weight.grad is None


@pytest.fixture
def one_thread():
    """Threads that wait for each other on a busy machine would cost far more than they save here."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("conditioned", [False, True])
def test_flow_learns_two_modes(conditioned):
    """Data at +2 and -2: both get about half of the samples, or the source picks one. No sample lies between."""
    torch.manual_seed(0)
    config = FlowCross(
        kind="flow_cross", width=32, heads=2, depth=2, scaled=False, shared_noise=False, sampler_steps=20
    )
    body = make_body(config, 1, 2, 1)
    optimizer = torch.optim.Adam(body.parameters(), lr=3e-3)
    sign = torch.where(torch.arange(256) % 2 == 0, 1.0, -1.0)
    states = torch.ones(256, 1, 2) * (sign[:, None, None] if conditioned else 1)
    mask = torch.ones(256, 1, dtype=torch.bool)
    for _ in range(400):
        loss = body.loss(2 * sign[:, None, None] + 0.1 * torch.randn(256, 1, 1), states, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    samples = body(states, mask).flatten()
    assert ((samples.abs() - 2).abs() < 0.7).float().mean() > 0.9
    if conditioned:
        assert (samples.sign() == sign).float().mean() > 0.98
    else:
        assert 0.4 < (samples > 0).float().mean() < 0.6
