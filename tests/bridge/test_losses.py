"""Every loss term against a plain float64 reference, values and gradients."""

import pytest
import torch
import torch.nn.functional as F

from telepathy.losses import batch_div, frozen_head_cross_entropy, projection, recon_cos


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
