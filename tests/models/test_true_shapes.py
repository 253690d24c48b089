"""Models of the true 8B shapes: their sizes on the meta device, and the same code on scaled-down ones."""

import json

import pytest
import torch
import yaml
from helpers import command, one_clear_line
from transformers import AutoConfig, AutoModelForCausalLM

from telepathy.config import load
from telepathy.config.load import FOLDER
from telepathy.errors import UserError
from telepathy.models.frozen import FrozenLM
from telepathy.models.load import RESERVE, place, spread
from telepathy.models.prefix import SharedPrefix
from telepathy.models.prepare import prepare
from telepathy.planner import make_plan

CPU = torch.device("cpu")
CATALOGUE = yaml.safe_load((FOLDER / "models.yaml").read_text())
SIZES = {"llama31_8b_shape": 8_030_261_248, "mistral_7b_shape": 7_248_023_552}
SMALL = {"hidden_size": 64, "intermediate_size": 224, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 1}  # fmt: skip


def on_meta(name):
    spec = CATALOGUE[name]
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(spec["model_type"], **spec["settings"]))


def scaled(name, **changes):
    """A spec of the same family, rotary base and proportions (grouped queries, feed-forward), a 64th as wide."""
    spec = {key: value for key, value in CATALOGUE[name].items() if key not in ("title", "license")}
    vocabulary = spec["settings"]["vocab_size"] // 64
    settings = spec["settings"] | SMALL | {"vocab_size": vocabulary} | changes
    return spec | {"depth": 2, "width": 64, "seed": 0, "settings": settings}


@pytest.mark.parametrize("name", SIZES)
def test_parameters_of_the_true_shapes(name):
    model = on_meta(name)
    assert sum(one.numel() for one in model.parameters()) == SIZES[name]
    assert all(one.device.type == "meta" for one in model.parameters())
    real = name.removesuffix("_shape")
    assert (CATALOGUE[real]["depth"], CATALOGUE[real]["width"]) == (CATALOGUE[name]["depth"], CATALOGUE[name]["width"])


@pytest.fixture(scope="module", params=SIZES)
def small(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes") / request.param
    prepare(scaled(request.param), folder)
    return request.param, folder


def test_random_weights_are_never_written_and_always_the_same(small):
    name, folder = small
    assert not list(folder.glob("*.safetensors"))
    one, two = (FrozenLM(folder, "float32", CPU) for _ in range(2))
    for first, second in zip(one.model.parameters(), two.model.parameters(), strict=True):
        assert torch.equal(first, second)
        assert not first.requires_grad
    assert one.model.get_input_embeddings().weight.std() > 0
    assert one.head.shape == (CATALOGUE[name]["settings"]["vocab_size"] // 64, 64)


def test_what_tells_the_families_apart_is_there(small):
    name, folder = small
    model = FrozenLM(folder, "float32", CPU).model
    attention = model.get_decoder().layers[0].self_attn
    assert attention.k_proj.out_features * 4 == attention.q_proj.out_features
    wanted = CATALOGUE[name]["settings"]["rope_parameters"]
    assert model.config.rope_parameters["rope_theta"] == wanted["rope_theta"]
    assert model.config.rope_parameters["rope_type"] == wanted["rope_type"]


def test_a_gradient_passes_through_and_recomputing_activations_changes_nothing(small):
    """The gradient is that of all activations kept, bit for bit, and blocks really run twice."""
    _, folder = small
    model = FrozenLM(folder, "float32", CPU)
    embeds = torch.randn(2, 6, 64, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(2, 6, dtype=torch.long)
    passes = []
    model.model.get_decoder().layers[0].input_layernorm.register_forward_hook(lambda *_: passes.append(1))

    def gradient():
        given = embeds.clone().requires_grad_()
        model.trunk(given, mask).pow(2).sum().backward()
        return given.grad

    beginning = SharedPrefix(model, [5, 6, 7])
    continued = beginning.trunk(embeds, mask)
    passes.clear()
    kept, counted = gradient(), len(passes)
    model.recompute_activations()
    again = gradient()
    assert torch.equal(kept, again)
    assert (counted, len(passes)) == (1, 3)
    assert kept.abs().sum() > 0
    # A block that recomputes would ignore a cache of earlier tokens.
    assert torch.equal(continued, beginning.trunk(embeds, mask))
    assert not any(part.training for part in model.model.modules())


def test_a_vocabulary_without_room_for_bytes_is_one_clear_line(tmp_path):
    spec = scaled("mistral_7b_shape", vocab_size=100)
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    done = command("telepathy.models.prepare", "--spec", tmp_path / "spec.json", "--out", tmp_path / "out")
    one_clear_line(done, "model settings: vocab_size 100 is too small; give at least 259")


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("free", [[30e9, 30e9], [40e9, 20e9, 20e9]])
def test_a_spread_model_is_whole_and_in_order(name, free):
    model = on_meta(name)
    found = spread(model.config, free)
    for parameter, _ in model.named_parameters():
        assert sum(parameter.startswith(f"{part}.") for part in found) == 1, parameter
    blocks = [found[f"model.layers.{number}"] for number in range(32)]
    assert blocks == sorted(blocks)
    assert set(blocks) == set(range(len(free)))
    shares = [blocks.count(gpu) / 32 for gpu in range(len(free))]
    assert shares == pytest.approx([room / sum(free) for room in free], abs=1 / 32)
    assert {gpu for part, gpu in found.items() if "layers" not in part} == {0}
    # transformers takes the map as it is: on one device the model answers as ever.
    config = AutoConfig.for_model(model.config.model_type, **(CATALOGUE[name]["settings"] | SMALL))
    assert set(spread(config, [1.0])) < set(found)


def test_a_map_of_parts_loads_a_model(tmp_path):
    prepare(scaled("llama31_8b_shape") | {"source": "tiny"}, tmp_path / "model")
    whole = FrozenLM(tmp_path / "model", "float32", CPU)
    parts = dict.fromkeys(spread(whole.model.config, [1.0, 1.0]), "cpu")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model", device_map=parts, dtype=torch.float32)
    ids = torch.tensor([[5, 6, 7]])
    assert torch.equal(model(ids).logits, whole.model(ids).logits)


def test_four_bits_need_a_gpu(small):
    with pytest.raises(UserError, match="compute: nf4: needs a GPU; set `compute: auto`"):
        FrozenLM(small[1], "nf4", CPU)


def test_where_a_model_goes():
    assert place(16e9, [80e9, 80e9]) == 0
    assert place(16e9, [5e9, 24e9]) == 1
    assert place(16e9, [16e9 * RESERVE - 1, 12e9]) is None


def test_the_preset_of_shapes_is_planned():
    plan = make_plan(load("shapes"))
    kinds = {run.spec["recipe"]["kind"] for run in plan.runs.values()}
    assert {"bridge", "latency", "text_relay", "zero_shot"} <= kinds
    assert {spec["source"] for spec in plan.models.values()} == {"random"}
