"""Quantisers against plain float64 references: codes, errors, gradients, usage."""

import math

import pytest
import torch
import torch.nn.functional as F

from telepathy.bridge.bottlenecks import make_bottleneck
from telepathy.bridge.coded import usage
from telepathy.config.parts import FSQ, VQ

W = 8


def vq(**settings) -> torch.nn.Module:
    torch.manual_seed(0)
    return make_bottleneck(VQ(kind="vq", codes=16, **settings), W)


def vectors() -> torch.Tensor:
    torch.manual_seed(1)
    return (2 * torch.randn(3, 5, W)).requires_grad_()


@pytest.mark.parametrize("distance", ["l2", "cosine"])
@pytest.mark.parametrize("own_length", [False, True])
@pytest.mark.parametrize("pre_norm", [False, True])
def test_vq_formula(distance, pre_norm, own_length):
    module, x = vq(distance=distance, pre_norm=pre_norm, commitment=0.3, own_length=own_length), vectors()
    out = module(x)
    flat, book = x.detach().double().flatten(0, 1), module.codebook.detach().double()
    flat = F.layer_norm(flat, (W,)) if pre_norm else flat
    length = flat.norm(dim=-1, keepdim=True) if distance == "cosine" else torch.ones(1)
    length = length if own_length else length.mean()
    if distance == "cosine":
        flat, book = F.normalize(flat, dim=-1), F.normalize(book, dim=-1)
    codes = torch.cdist(flat, book).argmin(-1)
    assert torch.equal(out.codes, codes.view(3, 5))
    error = (book[codes] - flat).pow(2).mean()
    torch.testing.assert_close(out.errors["vq"].double(), 1.3 * error, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(out.vectors.double(), (book[codes] * length).view(3, 5, W), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(out.entries.double(), book[codes].view(3, 5, W), atol=1e-5, rtol=1e-5)


def test_vq_gradients():
    module, x = vq(), vectors()
    out, readout = module(x), torch.randn(3, 5, W)
    (through,) = torch.autograd.grad((out.vectors * readout).sum(), x, retain_graph=True)
    torch.testing.assert_close(through, readout)
    to_x, to_book = torch.autograd.grad(out.errors["vq"], (x, module.codebook))
    gap = x.detach() - module.codebook.detach()[out.codes]
    torch.testing.assert_close(to_x, 0.25 * 2 * gap / gap.numel())
    wanted = torch.zeros_like(to_book).index_add(0, out.codes.flatten(), (-2 * gap / gap.numel()).flatten(0, 1))
    torch.testing.assert_close(to_book, wanted, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("distance", ["l2", "cosine"])
def test_usage_entropy_counted_or_soft(distance):
    x = vectors()
    hard, soft = (vq(distance=distance, soft_usage=one, temperature=0.5) for one in (False, True))
    counted = hard(x)
    shares = torch.bincount(counted.codes.flatten(), minlength=16).double() / 15
    shares = shares[shares > 0]
    assert counted.errors["entropy"].item() == pytest.approx((-(shares * shares.log()).sum() / math.log(16)).item())
    assert not counted.errors["entropy"].requires_grad
    flat, book = x.detach().double().flatten(0, 1), soft.codebook.detach().double()
    if distance == "cosine":
        flat, book = F.normalize(flat, dim=-1), F.normalize(book, dim=-1)
    shares = (-torch.cdist(flat, book).pow(2) / 0.5).softmax(-1).mean(0)
    measured = soft(x).errors["entropy"]
    assert measured.item() == pytest.approx((-(shares * shares.log()).sum() / math.log(16)).item(), rel=1e-4)
    for gradient in torch.autograd.grad(measured, (x, soft.codebook)):
        assert gradient.isfinite().all()
        assert gradient.abs().max() > 0


def test_soft_usage_of_one_code_has_a_finite_gradient():
    module = vq(temperature=1e-4)
    x = module.codebook[:1].detach().expand(15, -1).reshape(3, 5, W).clone().requires_grad_()
    entropy = module(x).errors["entropy"]
    assert entropy.item() == pytest.approx(0, abs=1e-6)
    assert torch.autograd.grad(entropy, x)[0].isfinite().all()


def test_vq_starts():
    assert vq(init="uniform").codebook.abs().max() <= 1 / 16
    torch.testing.assert_close(vq(init="unit").codebook.norm(dim=-1), torch.ones(16))


@pytest.mark.parametrize("levels", [[8] * 8, [5] * 32, [3, 4], [7, 8]])
def test_fsq_uses_exactly_its_levels(levels):
    torch.manual_seed(0)
    module = make_bottleneck(FSQ(kind="fsq", levels=levels), W)
    torch.nn.init.normal_(module.down.weight)
    out = module(torch.randn(64, 64, W))
    assert out.vectors.shape == (64, 64, W)
    assert out.codes.shape == out.entries.shape == (64, 64, len(levels))
    assert not out.errors
    for axis, level in enumerate(levels):
        values = out.codes[..., axis].unique()
        assert len(values) == level
        torch.testing.assert_close(values.diff(), values.diff()[:1].expand(level - 1))
        assert values.abs().max() <= 1


def test_fsq_formula_and_straight_through():
    """Odd levels: round(tanh(z)·h)/h, the gradient as if there were no rounding."""
    torch.manual_seed(0)
    module, x = make_bottleneck(FSQ(kind="fsq", levels=[5, 7]), W), vectors()
    out, half = module(x), torch.tensor([2.0, 3.0]).double()
    wide = x.detach().double().requires_grad_()
    bounded = torch.tanh(wide @ module.down.weight.detach().double().T) * half * 1.001
    rounded = bounded + (bounded.round() - bounded).detach()
    torch.testing.assert_close(out.codes.double(), rounded.detach() / half, atol=1e-6, rtol=1e-5)
    wanted = (rounded / half) @ module.up.weight.detach().double().T
    torch.testing.assert_close(out.vectors.double(), wanted, atol=1e-5, rtol=1e-5)
    (ours,) = torch.autograd.grad(out.vectors.pow(2).sum(), x)
    (theirs,) = torch.autograd.grad(wanted.pow(2).sum(), wide)
    torch.testing.assert_close(ours.double(), theirs, atol=1e-4, rtol=1e-4)
    assert not module.down.bias.any()
    assert not module.up.bias.any()


@pytest.mark.parametrize("config", [VQ(kind="vq", codes=16), FSQ(kind="fsq", levels=[5, 8])])
def test_bottlenecks_count_in_fp32_whatever_comes_in(config):
    torch.manual_seed(0)
    module = make_bottleneck(config, W).bfloat16()
    out = module(torch.randn(2, 3, W).bfloat16())
    assert out.vectors.dtype == torch.bfloat16
    assert out.entries.dtype == torch.float32
    assert all(one.dtype == torch.float32 for one in out.errors.values())


def test_usage():
    codes = torch.tensor([[0, 0, 1], [1, 5, 5]])
    found = usage(codes)
    assert found["used"] == 3
    assert found["distinct_share"] == 0.5
    assert found["perplexity"] == pytest.approx(3)
    rows = torch.stack([codes, codes.flip(1)], dim=-1).float()
    assert usage(rows)["used"] == len({tuple(one) for one in rows.flatten(0, 1).tolist()})
