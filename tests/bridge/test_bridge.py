"""The whole bridge: order of its parts, side heads, arithmetic; and its sources: no copies, no numbered names."""

import ast
import itertools
import re

import pytest
import torch
from helpers import ROOT

from telepathy.bridge.bridge import Bridge, load_weights
from telepathy.config.methods import Bridge as BridgeConfig

D_S, D_R, K = 12, 24, 4
SMALL = {"width": 16, "heads": 4, "depth": 1}
BODIES = [
    {"kind": "perceiver", **SMALL}, {"kind": "small_perceiver", **SMALL},
    {"kind": "recurrent_perceiver", "rounds": 2, **SMALL}, {"kind": "iterated", "rounds": 2, **SMALL},
    {"kind": "linear"}, {"kind": "mlp", "width": 16}, {"kind": "mean_pool"}, {"kind": "last_token"},
    {"kind": "flow_pooled", "sampler_steps": 2, **SMALL}, {"kind": "flow_cross", "sampler_steps": 2, **SMALL},
    {"kind": "flow_hybrid", "sampler_steps": 2, "learned_target": True, **SMALL},
]  # fmt: skip
VQ = {"kind": "vq", "codes": 8}
FSQ = {"kind": "fsq", "levels": [5, 8]}


def make(seed: int = 0, **settings) -> Bridge:
    flows = settings.get("body", {}).get("kind", "").startswith("flow_")
    config = BridgeConfig.model_validate({
        "kind": "bridge", "layer": 1, "soft_tokens": K, "body": BODIES[0], "training": {"steps": 1},
        "losses": {"lm": 0.0, "flow": 1.0} if flows else {}, **settings,
    })  # fmt: skip
    statistics = {
        "s_mean": torch.zeros(D_S), "s_std": torch.ones(D_S), "r_mean": torch.zeros(D_R), "r_std": torch.ones(D_R)
    }  # fmt: skip
    torch.manual_seed(seed)
    return Bridge(config, D_S, D_R, 0.1, statistics, sender_vocabulary=50)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(3, 9, D_S), torch.arange(9)[None] < torch.tensor([9, 5, 7])[:, None]


@pytest.mark.parametrize("bottleneck", [None, VQ, FSQ], ids=["none", "vq", "fsq"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["kind"])
@pytest.mark.parametrize("weights", [torch.float32, torch.bfloat16])
def test_every_body_with_every_bottleneck(body, bottleneck, weights):
    flows = body["kind"].startswith("flow_")
    losses = {"lm": 0.0 if flows else 1.0, "flow": float(flows), "vq": float(bottleneck == VQ)}
    bridge = make(body=body, bottleneck=bottleneck, losses=losses).to(weights)
    trace = bridge.trace(*batch())
    assert trace.soft.shape == trace.resampled.shape == (3, K, D_R)
    assert trace.soft.dtype == torch.float32
    assert trace.soft.isfinite().all()
    assert (trace.coded is None) == (bottleneck is None)
    trace.soft.sum().backward()
    assert bridge.output.scale.grad is not None


@pytest.mark.parametrize("bottleneck", [None, VQ, FSQ], ids=["none", "vq", "fsq"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["kind"])
def test_every_body_under_autocast(body, bottleneck):
    """fp32 weights and bfloat16 products, as on a GPU."""
    flows = body["kind"].startswith("flow_")
    losses = {"lm": 0.0 if flows else 1.0, "flow": float(flows), "vq": float(bottleneck == VQ)}
    bridge, (states, mask) = make(body=body, bottleneck=bottleneck, losses=losses), batch()
    with torch.autocast("cpu", torch.bfloat16):
        trace = bridge.trace(states, mask)
        loss = bridge.flow_loss(torch.randn(3, K, D_R), states, mask) if flows else trace.soft.pow(2).sum()
    loss.backward()
    assert trace.soft.dtype == loss.dtype == torch.float32
    assert all(one.grad is None or one.grad.isfinite().all() for one in bridge.parameters())
    if trace.coded is not None:
        assert trace.coded.entries.dtype == torch.float32


@pytest.mark.parametrize("weights", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("output", ["none", "ln_tanh_scale", "tanh_scale", "scale", "rms_scale"])
@pytest.mark.parametrize("normalizer", ["fixed", "learnable", "learnable_clamped", "layer_norm", "identity", "none"])
def test_arithmetic_of_the_ends(normalizer, output, weights):
    calibration = {} if normalizer in ("fixed", "learnable", "learnable_clamped") else None
    bridge = make(normalizer=normalizer, calibration=calibration, output=output).to(weights)
    soft = bridge(*batch())
    assert soft.dtype == torch.float32
    soft.pow(2).sum().backward()
    assert bridge.body.latents.grad.isfinite().all()


def test_parts_in_order():
    bridge = make(normalizer="layer_norm", bottleneck=FSQ)
    states, mask = batch()
    trace = bridge.trace(states, mask)
    torch.testing.assert_close(trace.resampled, bridge.body(bridge.normalizer(states), mask))
    torch.testing.assert_close(trace.coded.vectors, bridge.bottleneck(trace.resampled).vectors)
    torch.testing.assert_close(trace.soft, bridge.output(trace.coded.vectors))
    assert torch.equal(bridge(states, mask), trace.soft)


def test_output_gain_is_in_units_of_the_receiver():
    assert make(output_gain=11.0).output.scale.item() == pytest.approx(1.1)


def test_side_heads():
    bridge = make(losses={"recon_mse": 1.0, "bow": 5.0})
    assert set(bridge.heads) == {"recon_mse", "bow"}
    x = bridge.trace(*batch()).resampled
    each = torch.stack([bridge.heads["recon_mse"](x[:, k]) for k in range(K)]).mean(0)
    torch.testing.assert_close(bridge.read_mean(x), each)
    torch.testing.assert_close(bridge.read_words(x), bridge.heads["bow"](x.max(1).values))
    assert bridge.read_words(x).shape == (3, 50)
    assert bridge.bfloat16().read_mean(x).shape == (3, D_S)
    assert not make().heads


def test_side_heads_do_not_change_the_other_first_weights():
    with_heads, without = make(losses={"recon_mse": 1.0}).state_dict(), make().state_dict()
    assert all(torch.equal(with_heads[name], weight) for name, weight in without.items())


def test_bow_needs_a_vocabulary():
    config = BridgeConfig.model_validate(
        {"kind": "bridge", "layer": 1, "soft_tokens": 2, "losses": {"bow": 1}, "training": {"steps": 1},
         "body": BODIES[0]}
    )  # fmt: skip
    with pytest.raises(ValueError, match="vocabulary"):
        Bridge(config, D_S, D_R, 0.1)


@pytest.mark.parametrize("weights", [torch.float32, torch.bfloat16])
def test_flow_loss_reads_normalised_states(weights):
    bridge = make(body=BODIES[9], normalizer="layer_norm").to(weights)
    states, mask = batch()
    x1 = torch.randn(3, K, D_R)
    torch.manual_seed(3)
    loss = bridge.flow_loss(x1, states, mask)
    torch.manual_seed(3)
    torch.testing.assert_close(bridge.flow_loss(x1, 5 * states, mask), loss, atol=1e-3, rtol=1e-3)
    loss.backward()
    assert loss.dtype == torch.float32


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["kind"])
def test_weights_survive_a_file(body, tmp_path):
    from safetensors.torch import save_file

    first, second = make(0, body=body).eval(), make(1, body=body).eval()
    save_file(first.state_dict(), tmp_path / "bridge.safetensors")
    load_weights(second, tmp_path / "bridge.safetensors")
    assert torch.equal(first(*batch()), second(*batch()))


def code_lines(path) -> list[str]:
    """Lines of a file without imports, docstrings, comments and blank lines."""
    source = path.read_text(encoding="utf-8")
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if text or isinstance(node, (ast.Import, ast.ImportFrom)):
            skipped |= set(range(node.lineno, node.end_lineno + 1))
    lines = [line.strip() for at, line in enumerate(source.splitlines(), 1) if at not in skipped]
    return [line for line in lines if line and not line.startswith("#")]


def test_no_two_parts_share_six_lines():
    files = [*ROOT.glob("telepathy/bridge/*.py"), *ROOT.glob("telepathy/losses/*.py")]
    runs = {}
    for path in files:
        lines = code_lines(path)
        runs[path.name] = {tuple(lines[at : at + 6]) for at in range(len(lines) - 5)}
    shared = {(a, b): runs[a] & runs[b] for a, b in itertools.combinations(runs, 2) if runs[a] & runs[b]}
    assert not shared


def test_no_file_is_named_after_a_phase_number():
    names = [path.relative_to(ROOT).as_posix() for folder in ("telepathy", "analysis", "workflow")
             for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]  # fmt: skip
    assert [name for name in names if re.search(r"p\d\d|phase_?\d", name.lower())] == []
