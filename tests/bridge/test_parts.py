"""The bridge's parts against plain references; padding; scale; the recorded parameter count."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from telepathy.bridge.attention import Attention
from telepathy.bridge.bridge import Bridge, seeded
from telepathy.bridge.normalizer import Normalizer
from telepathy.bridge.output import OutputStage
from telepathy.bridge.perceiver import Perceiver
from telepathy.config.methods import Bridge as BridgeConfig
from telepathy.config.parts import Perceiver as PerceiverConfig

KINDS = ("fixed", "learnable", "learnable_clamped", "layer_norm", "identity", "none")
STAGES = ("none", "ln_tanh_scale", "tanh_scale", "scale", "rms_scale")


def statistics(d_s: int, d_r: int) -> dict[str, torch.Tensor]:
    return {
        "s_mean": torch.randn(d_s), "s_std": torch.rand(d_s) + 0.1,
        "r_mean": torch.randn(d_r), "r_std": torch.rand(d_r) + 0.1,
    }  # fmt: skip


def test_parameter_count_of_the_recorded_bridge():
    """phases 16-27: N=2, K=16, w=4096 has 537,092,097 parameters with the output scale."""
    with torch.device("meta"):
        body = Perceiver(PerceiverConfig(heads=8, depth=2), 16, 4096, 4096)
        output = OutputStage("rms_scale", 0.0027, 4096)
    count = sum(one.numel() for module in (body, output) for one in module.parameters())
    assert count == 537_092_097


def test_attention_equals_torchs_own():
    torch.manual_seed(0)
    ours = Attention(24, 4).double()
    theirs = nn.MultiheadAttention(24, 4, batch_first=True).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key.bias, ours.value.bias]))
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    queries, context = torch.randn(3, 5, 24).double(), torch.randn(3, 7, 24).double()
    mask = torch.arange(7)[None] < torch.tensor([7, 4, 1])[:, None]
    wanted, _ = theirs(queries, context, context, key_padding_mask=~mask)
    torch.testing.assert_close(ours(queries, context, mask), wanted)


@pytest.mark.parametrize("width", [None, 16])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_invariance(kind, width):
    torch.manual_seed(0)
    config = BridgeConfig.model_validate({
        "kind": "bridge", "layer": 1, "soft_tokens": 4, "normalizer": kind,
        "calibration": {} if kind in ("fixed", "learnable", "learnable_clamped") else None,
        "body": {"kind": "perceiver", "width": width, "heads": 4}, "training": {"steps": 1},
    })  # fmt: skip
    bridge = Bridge(config, 12, 24, 0.1, statistics(12, 24))
    states = torch.randn(2, 9, 12)
    mask = torch.arange(9)[None] < torch.tensor([9, 5])[:, None]
    noisy = torch.where(mask[..., None], states, torch.full_like(states, 1e3))
    torch.testing.assert_close(bridge(states, mask), bridge(noisy, mask))
    torch.testing.assert_close(bridge(states, mask)[1:], bridge(states[1:, :5], mask[1:, :5]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", STAGES)
def test_output_stage_formula(kind):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 16).double() * 5
    stage = OutputStage(kind, 0.05, 16)
    wanted = {
        "none": x,
        "ln_tanh_scale": torch.tanh(F.layer_norm(x, (16,))) * 0.05,
        "tanh_scale": torch.tanh(x) * 0.05,
        "scale": x * 0.05,
        "rms_scale": x / (x.pow(2).mean(-1, keepdim=True) + 1e-8).sqrt() * 0.05,
    }[kind]
    torch.testing.assert_close(stage(x.float()).double(), wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_rms_stage_always_has_the_receivers_scale(scale):
    z = OutputStage("rms_scale", 0.37, 64)(torch.randn(4, 8, 64) * scale)
    torch.testing.assert_close(z.pow(2).mean(-1).sqrt(), torch.full((4, 8), 0.37), atol=0.004, rtol=0.01)


@pytest.mark.parametrize("kind", ["tanh_scale", "ln_tanh_scale"])
def test_tanh_stages_are_bounded(kind):
    assert OutputStage(kind, 0.37, 64)(torch.randn(4, 8, 64) * 100).abs().max() <= 0.37


@pytest.mark.parametrize("kind", ["fixed", "learnable", "learnable_clamped"])
def test_normalizer_formula(kind):
    values = statistics(6, 6)
    x = torch.randn(2, 3, 6)
    wide = {name: value.double() for name, value in values.items()}
    wanted = (x.double() - wide["s_mean"]) / (wide["s_std"] + 1e-8) * wide["r_std"] + wide["r_mean"]
    normalizer = Normalizer(kind, values)
    torch.testing.assert_close(normalizer(x).double(), wanted, atol=1e-5, rtol=1e-5)
    assert sum(one.numel() for one in normalizer.parameters()) == {"fixed": 0, "learnable": 25}.get(kind, 24)


def test_normalizer_across_widths_uses_the_receivers_overall_scale():
    values = statistics(6, 10)
    out = Normalizer("fixed", values)(torch.randn(50, 40, 6) * values["s_std"] + values["s_mean"])
    assert out.std().item() == pytest.approx(values["r_std"].pow(2).mean().sqrt().item(), rel=0.05)


def test_layer_norm_tames_an_attention_sink():
    x = torch.randn(1, 5, 32)
    x[0, 0] *= 1000
    assert Normalizer("layer_norm", None)(x).pow(2).mean(-1).sqrt().max() < 1.01


def test_initial_weights_depend_on_the_seed_alone():
    config = PerceiverConfig(width=8, heads=2)
    built = []
    for seed in (1, 1, 2):
        torch.rand(3)
        with seeded(seed):
            built.append(Perceiver(config, 2, 8, 8).latents.detach())
    assert torch.equal(built[0], built[1])
    assert not torch.equal(built[0], built[2])
