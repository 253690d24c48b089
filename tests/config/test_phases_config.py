"""Phases as data: inheritance, recorded variants, scaling, roles, and mistakes that become one clear line."""

import pytest
import yaml

from telepathy.config import load
from telepathy.config.load import FOLDER
from telepathy.config.methods import Bridge
from telepathy.config.phases import differences, expand
from telepathy.config.scale import Scale, Scaling
from telepathy.errors import UserError
from telepathy.overview import overview
from telepathy.planner import make_plan
from telepathy.resolve import resolve_bridge

SPECIFIED = [
    "p01", "p02", "p03", "p03_1", *(f"p{n:02d}" for n in range(4, 15)),
    *(f"p15_{name}" for name in ("vq_l2", "vq_l2_ln", "vq_cosine", "vq_cosine_noln", "vq_entropy", "fsq8", "fsq32",
                                 "fsq_div", "fsq_var", "continuous", "tanh", "rms", "batch_div")),
    "p16", "p17", "p18", "p19",
    *(f"p20_{task}_k{k}" for task in ("banking77", "passkey") for k in (16, 32, 64, 128)),
    "p20_relay_sst2", "p20_relay_agnews", "p21_receiver", "p21_sender", "p22", "p23",
    "p24_receiver", "p24_sender", "p24_relay",
    "p25_sst2_receiver", "p25_sst2_sender", "p25_agnews_receiver", "p25_agnews_sender", "p26", "p27",
]  # fmt: skip


def recipe(method: str, preset: str = "paper", task: str = "gsm8k") -> Bridge:
    config = load(preset)
    pair = next(iter(config.pairs.values()))
    return resolve_bridge(config, method, config.methods[method].recipe, task, pair.sender, pair.receiver)


def test_the_catalogue_holds_the_specified_series():
    assert list(load("smoke").phases) == SPECIFIED


@pytest.mark.parametrize(
    ("method", "layer", "tokens", "steps", "batch", "lr", "body"),
    [
        ("p01", 20, 64, 3000, 4, 1e-4, ("perceiver", 4096, 8, 4)),
        ("p02", 20, 128, 2000, 8, 2e-4, ("perceiver", 4096, 8, 4)),
        ("p05", 16, 256, 2500, 8, 1e-4, ("perceiver", 4096, 8, 4)),
        ("p07", 16, 256, 2500, 4, 1e-4, ("perceiver", 4096, 8, 4)),
        ("p09", 16, 256, 3000, 2, 1e-4, ("perceiver", 4096, 8, 4)),
        ("p12", 16, 128, 5000, 8, 3e-4, ("flow_pooled", 4096, 8, 4)),
        ("p13", 16, 128, 5000, 8, 3e-4, ("flow_cross", 512, 8, 4)),
        ("p14", 16, 128, 10000, 8, 3e-4, ("flow_hybrid", 1024, 16, 6)),
        ("p15_fsq32", 16, 128, 3000, 2, 2e-4, ("perceiver", 4096, 8, 4)),
        ("p16", 16, 32, 2000, 16, 2e-4, ("perceiver", 4096, 8, 2)),
        ("p17", 31, 8, 2000, 16, 2e-4, ("perceiver", 4096, 8, 2)),
        ("p19", 31, 32, 5000, 8, 1e-4, ("recurrent_perceiver", 4096, 8, 2)),
        ("p23", 31, 16, 2000, 8, 1e-4, ("perceiver", 4096, 8, 2)),
    ],
)
def test_on_the_research_pair_the_settings_are_the_recorded_ones(method, layer, tokens, steps, batch, lr, body):
    made = recipe(method)
    assert (made.layer, made.soft_tokens) == (layer, tokens)
    assert (made.training.steps, made.training.batch, made.training.lr) == (steps, batch, lr)
    assert (made.body.kind, made.body.width, made.body.heads, made.body.depth) == body


def test_the_recorded_variant_is_the_repaired_one_with_its_defects():
    config = load("smoke")
    repaired, recorded = config.methods["p03"].recipe, config.methods["p03_recorded"].recipe
    changed = {key for key, _, _ in differences(repaired.model_dump(), recorded.model_dump())}
    assert changed == {"layout", "evaluation", "losses.anchor_relative", "training.weights"}
    assert recorded.evaluation.primer.startswith("Analysis")
    assert config.methods["p04_recorded"].recipe.evaluation is None
    assert config.phases["p05"].recorded.defects["other_primer"] is None


def test_phases_that_come_out_alike_share_a_run():
    plan = make_plan(load("smoke"))
    runs = {cell.method: cell.run for cell in plan.cells if cell.experiment == "series"}
    assert runs["p03_1"] == runs["p04"]
    assert runs["p03_1_recorded"] != runs["p04_recorded"]


def test_scaling():
    assert Scaling(times=0.1, least=3, most=5).of(20) == 3
    assert Scaling(times=0.1, least=3, most=5).of(100) == 5
    assert Scaling(times=0.1).whole(44, 3) == 3
    assert Scale().steps.whole(1) == 1
    with pytest.raises(ValueError, match="above most"):
        Scaling(least=5, most=3)


def test_a_scaled_phase_keeps_its_shape():
    made = recipe("p14", "quick", "word_problems")
    full = recipe("p14")
    assert made.training.ema**made.training.steps == pytest.approx(full.training.ema**full.training.steps, rel=1e-3)
    assert made.training.warmup / made.training.steps == pytest.approx(0.1, abs=0.02)
    assert made.body.width % made.body.heads == 0
    assert recipe("p19", "smoke", "word_problems").soft_tokens % 4 == 0


def test_the_plan_says_what_a_phase_changes():
    shown = overview(make_plan(load("smoke")))["phases"]
    assert shown["p02"]["parent"] == "p01"
    assert ["losses.infonce", None, 0.5] in shown["p02"]["difference"]
    assert shown["p15_rms"]["parent"] is None
    assert shown["p15_rms"]["difference"] == [["output", "scale", "rms_scale"]]
    assert shown["p20_passkey_k64"]["parent"] == "p16"
    assert [one["name"] for one in shown["p21_sender"]["variants"]] == ["plain"]
    assert shown["p03_1"]["defects"] == [
        text for text in load("smoke").phases["p03_1"].recorded.defects.values() if text
    ]


def test_expand_makes_one_entry_of_each():
    found = expand({"p": {"title": "t", "each": {"a": {"x": 1}, "b": None}}, "q": {"y": 2}})
    assert found["p"]["abstract"]
    assert found["p_a"] == {"parent": "p", "x": 1}
    assert found["p_b"] == {"parent": "p"}
    assert found["q"] == {"y": 2}


MISTAKES = {
    "unknown parent": ({"phases": {"mine": {"parent": "p99"}}}, "phases.mine.parent: no phase `p99`"),
    "a circle": ({"phases": {"a": {"parent": "b"}, "b": {"parent": "a"}}}, "runs in a circle"),
    "no hypothesis": ({"phases": {"mine": {"parent": "p17", "title": "M"}}}, "hypothesis"),
    "unknown key": ({"phases": {"p17": {"recipe": {"soft_tokenz": 3}}}}, "unknown key .*soft_tokenz"),
    "bad recorded patch": ({"phases": {"p17": {"recorded": {"recipe": {"output": "loud"}}}}}, "output"),
    "unknown phase": ({"experiments": {"series": {"phases": ["p99"]}}}, "`p99` is not in `phases`"),
    "unknown variant": ({"experiments": {"series": {"phases": ["p21_sender.recorded"]}}}, "variants of p21_sender"),
    "no task": ({"roles": {"trec": "nowhere"}}, "`nowhere` is not in `use`"),
    "flow without its loss": ({"phases": {"p12": {"recipe": {"losses": {"flow": 0, "lm": 1}}}}}, "flow body needs"),
    "name of a method": (
        {"methods": {"p17": {"title": "t", "about": "a", "recipe": {"kind": "majority"}}}},
        "also a phase",
    ),
    "grid and phases": ({"experiments": {"main": {"phases": "all"}}}, "either `methods` and `tasks`, or `phases`"),
    "rounds": ({"phases": {"p19": {"recipe": {"soft_tokens": 30}}}}, "multiple of the body's 4 rounds"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_clear_line(name):
    overrides, wanted = MISTAKES[name]
    with pytest.raises(UserError, match=wanted) as caught:
        make_plan(load("smoke", overrides))
    assert "\n" not in str(caught.value)


def test_a_phase_without_a_task_is_named():
    with pytest.raises(UserError, match="no task stands for `banking77` of p22"):
        make_plan(load("quick", {"experiments": {"series": {"phases": ["p22"]}}}))


def test_every_task_scale_is_checked():
    with pytest.raises(UserError, match=r"unknown key `stepz`"):
        make_plan(load("quick", {"use": {"word_problems": {"scale": {"stepz": {"times": 2}}}}}))


def test_no_phase_states_what_its_parent_says_already():
    """An entry holds only differences: no key repeats the inherited value."""
    content = yaml.safe_load((FOLDER / "phases.yaml").read_text())
    config = load("smoke")
    for name, phase in config.phases.items():
        own = content.get(name, {}).get("recipe") or {}
        if phase.parent is None or not own:
            continue
        parent = config.phases[phase.parent].recipe.model_dump()
        repeated = [key for key, value in own.items() if not isinstance(value, dict) and parent.get(key) == value]
        assert not repeated, f"{name} repeats {repeated}"
