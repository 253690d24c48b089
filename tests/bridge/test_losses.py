"""Every loss term against a plain float64 reference, values and gradients."""

import pytest
import torch
import torch.nn.functional as F

from telepathy.losses import (
    anchor_cos,
    anchor_mse,
    batch_div,
    bow,
    div_codes,
    div_count,
    div_var,
    frozen_head_cross_entropy,
    infonce,
    projection,
    recon_cos,
    recon_mse,
)

MASK = torch.arange(6)[None] < torch.tensor([6, 2, 4])[:, None]


def draw(*shape: int) -> torch.Tensor:
    torch.manual_seed(sum(shape))
    return torch.randn(*shape)


def check(loss, reference, *inputs: torch.Tensor) -> None:
    """A term in fp32 equals its plain float64 form, value and gradients."""
    ours = [one.clone().requires_grad_() for one in inputs]
    wide = [one.double().requires_grad_() for one in inputs]
    value, wanted = loss(*ours), reference(*wide)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), wanted, atol=1e-6, rtol=1e-5)
    for one, other in zip(torch.autograd.grad(value, ours), torch.autograd.grad(wanted, wide), strict=True):
        torch.testing.assert_close(one.double(), other, atol=1e-6, rtol=1e-4)


def masked_means(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([x[row][MASK[row]].mean(0) for row in range(3)])


@pytest.mark.parametrize("softcap", [None, 3.0])
@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_frozen_head_cross_entropy(softcap, chunk):
    torch.manual_seed(0)
    hidden = torch.randn(11, 8, requires_grad=True)
    head, gold = torch.randn(50, 8), torch.randint(50, (11,))
    loss = frozen_head_cross_entropy(hidden, head, gold, softcap, chunk)
    (3 * loss).backward()
    wide = hidden.detach().double().requires_grad_()
    logits = wide @ head.double().T
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    wanted = F.cross_entropy(logits, gold)
    (3 * wanted).backward()
    torch.testing.assert_close(loss.double(), wanted, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(hidden.grad.double(), wide.grad, atol=1e-6, rtol=1e-5)


def test_frozen_head_cross_entropy_in_bfloat16_is_near_the_reference():
    torch.manual_seed(0)
    hidden = torch.randn(9, 16).bfloat16().requires_grad_()
    head, gold = torch.randn(40, 16).bfloat16(), torch.randint(40, (9,))
    loss = frozen_head_cross_entropy(hidden, head, gold)
    loss.backward()
    wide = hidden.detach().double().requires_grad_()
    wanted = F.cross_entropy(wide @ head.double().T, gold)
    wanted.backward()
    torch.testing.assert_close(loss.double(), wanted, atol=0.03, rtol=0.03)
    torch.testing.assert_close(hidden.grad.double(), wide.grad, atol=0.02, rtol=0.05)


def test_recon_cos():
    torch.manual_seed(0)
    soft, states = torch.randn(3, 4, 8).double(), torch.randn(3, 6, 8).double()
    mask = torch.arange(6)[None] < torch.tensor([6, 2, 4])[:, None]
    wanted = 0.0
    for b in range(3):
        source = states[b][mask[b]].mean(0)
        wanted += 1 - torch.dot(soft[b].mean(0), source) / soft[b].mean(0).norm() / source.norm()
    torch.testing.assert_close(recon_cos(soft, states, mask, None).double(), wanted / 3, atol=1e-6, rtol=1e-5)


def test_recon_cos_across_widths_keeps_angles():
    torch.manual_seed(0)
    across = projection(300, 400)
    a, b = torch.randn(2, 300)
    before, after = F.cosine_similarity(a, b, 0), F.cosine_similarity(a @ across, b @ across, 0)
    assert (before - after).abs() < 0.15
    assert torch.equal(across, projection(300, 400))
    assert projection(8, 8) is None


def test_batch_div():
    torch.manual_seed(0)
    soft = torch.randn(4, 3, 5).double()
    pairs = [F.cosine_similarity(soft[b].flatten(), soft[c].flatten(), 0)
             for b in range(4) for c in range(4) if b != c]  # fmt: skip
    torch.testing.assert_close(batch_div(soft).double(), torch.stack(pairs).mean(), atol=1e-6, rtol=1e-5)
    assert batch_div(soft[:1]) == 0


@pytest.mark.parametrize("softcap", [None, 3.0])
def test_weighted_cross_entropy(softcap):
    head, gold, weights = draw(50, 8), torch.arange(11) * 3, torch.tensor([100.0] * 3 + [1.0] * 7 + [0.0])

    def reference(hidden):
        logits = hidden @ head.double().T
        logits = logits if softcap is None else softcap * torch.tanh(logits / softcap)
        costs = F.cross_entropy(logits, gold, reduction="none")
        return (weights * costs).sum() / weights.sum()

    check(lambda hidden: frozen_head_cross_entropy(hidden, head, gold, softcap, 4, weights), reference, draw(11, 8))
    same = frozen_head_cross_entropy(draw(11, 8), head, gold, softcap, weights=torch.full((11,), 7.0))
    torch.testing.assert_close(same, frozen_head_cross_entropy(draw(11, 8), head, gold, softcap))


def test_recon_cos_without_a_mask_takes_all_positions():
    soft, states = draw(3, 4, 8), draw(3, 6, 8)
    wanted = 1 - F.cosine_similarity(soft.mean(1), states.mean(1), -1).mean()
    torch.testing.assert_close(recon_cos(soft, states, None, None), wanted)
    zeroed = states * MASK[..., None]
    torch.testing.assert_close(recon_cos(soft, zeroed, None, None), recon_cos(soft, zeroed, MASK, None))


@pytest.mark.parametrize("tau", [0.07, 1.0])
def test_infonce(tau):
    def reference(soft):
        units = [one.mean(0) / one.mean(0).norm() for one in soft]
        rows = [torch.stack([torch.dot(a, b) / tau for b in units]) for a in units]
        return -torch.stack([row.log_softmax(0)[at] for at, row in enumerate(rows)]).mean()

    check(lambda soft: infonce(soft, tau), reference, draw(4, 3, 5))
    assert infonce(draw(1, 3, 5), tau) == 0


@pytest.mark.parametrize("relative_to", [None, 0.01])
def test_anchor_mse(relative_to):
    def reference(soft, embeds):
        return (soft.mean(1) - masked_means(embeds)).pow(2).mean() / (relative_to or 1) ** 2

    check(lambda soft, embeds: anchor_mse(soft, embeds, MASK, relative_to), reference, draw(3, 4, 8), draw(3, 6, 8))


def test_anchor_cos():
    def reference(soft, embeds):
        pairs = zip(soft.mean(1), masked_means(embeds), strict=True)
        return 1 - torch.stack([torch.dot(a, b) / a.norm() / b.norm() for a, b in pairs]).mean()

    check(lambda soft, embeds: anchor_cos(soft, embeds, MASK), reference, draw(3, 4, 8), draw(3, 6, 8))


def test_recon_mse():
    def reference(read, states):
        return (read - masked_means(states)).pow(2).mean()

    check(lambda read, states: recon_mse(read, states, MASK), reference, draw(3, 8), draw(3, 6, 8))


def test_bow():
    words = [[1, 4, 4, 9], [], [0]]
    hot = torch.zeros(3, 10).double()
    hot[0, [1, 4, 9]] = 1
    hot[2, 0] = 1
    check(lambda z: bow(z, words), lambda z: F.binary_cross_entropy_with_logits(z, hot), 3 * draw(3, 10))
    check(lambda z: bow(z, [[]]), lambda z: F.softplus(z).mean(), draw(1, 10))


def test_div_codes():
    def reference(entries):
        rows = entries.flatten(0, 1)
        pairs = [F.cosine_similarity(rows[a], rows[b], 0) for a in range(12) for b in range(12) if a != b]
        return torch.stack(pairs).mean()

    check(div_codes, reference, draw(4, 3, 5))


def test_div_var():
    def reference(entries):
        rows = entries.flatten(0, 1)
        variance = (rows - rows.mean(0)).pow(2).sum(0) / (len(rows) - 1)
        return -torch.log(variance.mean() + 1e-8)

    check(div_var, reference, 0.1 * draw(4, 3, 5))


def test_div_count_has_no_gradient():
    codes = torch.tensor([[0, 0, 1], [1, 5, 5]])
    torch.testing.assert_close(div_count(codes), torch.tensor(0.5).log().neg())
    entries = draw(2, 2, 3).requires_grad_()
    assert div_count(entries) == pytest.approx(0, abs=1e-6)
    assert not div_count(entries).requires_grad
