"""What a preset is estimated to cost: arithmetic that must hold, constants that can be counted, the command line."""

import json
import re
import subprocess
import sys
from dataclasses import asdict

import pytest
import torch
from helpers import ROOT, command, one_clear_line
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PretrainedConfig

from telepathy.bill import bill, lines
from telepathy.config import load
from telepathy.cost import Cost
from telepathy.data.verbalizer import make_verbalizer
from telepathy.files import read_json
from telepathy.machine import ACTIVATION, CPU, Machine, Passes, Size, activations, label_nodes
from telepathy.plan import Plan, stage
from telepathy.planner import make_plan


@pytest.fixture(scope="module")
def paper() -> Plan:
    return make_plan(load("paper"))


@pytest.fixture(scope="module")
def cost(paper) -> Cost:
    return Cost(paper)


def with_hardware(**hardware) -> Cost:
    return Cost(make_plan(load("paper", {"hardware": hardware})))


def model(cost: Cost, name: str):
    return next(cost.size(key) for key in cost.plan.models if key.startswith(name))


def hours(cost: Cost, rule: str) -> float:
    return sum(job.seconds for job in cost.jobs() if job.rule == rule) / 3600


def test_the_papers_models_weigh_what_they_weigh(cost):
    llama, mistral = model(cost, "llama31_8b"), model(cost, "mistral_7b")
    assert (llama.parameters, mistral.parameters) == (8_030_261_248, 7_248_023_552)
    assert llama.embeddings == 2 * 128_256 * 4096
    assert llama.weights == pytest.approx(16.06e9, rel=0.001)
    quarter = Cost(make_plan(load("paper", {"compute": "nf4"})))
    assert 5e9 < model(quarter, "llama31_8b").weights < 6.5e9


@pytest.mark.parametrize("family", [LlamaConfig, MistralConfig])
def test_autograd_keeps_the_activations_that_we_count(family: type[PretrainedConfig]):
    width, tokens, rows, kept = 128, 32, 2, []
    for depth in (2, 4):
        config = family(
            hidden_size=width,
            intermediate_size=int(3.5 * width),
            num_hidden_layers=depth,
            num_attention_heads=8,
            num_key_value_heads=2,
            vocab_size=64,
        )
        trunk = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval().requires_grad_(False)
        own = {parameter.untyped_storage().data_ptr() for parameter in trunk.parameters()}
        seen: dict[int, int] = {}

        def note(tensor: torch.Tensor, own=own, seen=seen) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                seen[storage.data_ptr()] = storage.nbytes()
            return tensor

        embeds = torch.randn(rows, tokens, width, dtype=torch.bfloat16, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            out = trunk.get_decoder()(inputs_embeds=embeds, use_cache=False).last_hidden_state
        assert out.requires_grad
        kept.append(sum(seen.values()))
    assert (kept[1] - kept[0]) / 2 / (rows * tokens * width) == pytest.approx(ACTIVATION, rel=0.02)


@given(st.floats(1, 64), st.floats(1, 2048), st.floats(1, 1000))
def test_a_pass_is_never_faster_than_its_bounds(rows, length, tflops):
    size = Size("llama", 8_030_261_248, 32, 4096, 128_256, 2.0)
    machine = Machine(tflops=tflops)
    took = Passes(machine).one(size, rows, length)
    assert took >= size.depth * machine.block_ms / 1000
    assert took >= 2 * size.trunk * rows * length / tflops / 1e12
    assert Passes(machine).one(size, 2 * rows, length) >= took


def test_reading_is_bounded_by_arithmetic_and_writing_by_memory(cost):
    llama = model(cost, "llama31_8b")
    slow, fast, wide = (Passes(Machine(**one)) for one in ({}, {"tflops": 400}, {"bandwidth": 3.0, "block_ms": 0.1}))
    assert fast.read(llama, 3200, 512, 32) == pytest.approx(slow.read(llama, 3200, 512, 32) / 2)
    assert fast.write(llama, 32, 16, 200, 32) == pytest.approx(slow.write(llama, 32, 16, 200, 32), rel=0.1)
    assert wide.write(llama, 32, 16, 200, 32) < 0.7 * slow.write(llama, 32, 16, 200, 32)


WORDS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(" ".join)


@given(st.lists(WORDS, min_size=2, max_size=8, unique=True))
def test_label_nodes_are_those_of_the_verbalizer(labels):
    tokens = {label: ["abc".index(word) for word in label.split()] for label in labels}
    assert label_nodes(labels) == len(make_verbalizer(tokens, 99).nodes)


def test_checkpointing_takes_time_and_saves_memory(cost):
    again = with_hardware(gpus=1, checkpointing=True)
    tuned = [run.id for run in cost.plan.runs.values() if run.spec["recipe"]["kind"] == "lora"]
    run = max(tuned, key=lambda run: cost.train(run).gpu_gb)
    assert again.train(run).gpu_gb < cost.train(run).gpu_gb
    assert again.train(run).seconds > cost.train(run).seconds
    llama = model(cost, "llama31_8b")
    assert activations(llama, 1000, True) < 0.12 * activations(llama, 1000, False)


def test_more_gpus_shorten_a_training_but_save_nothing(cost):
    two = with_hardware(gpus=2)
    gpu_hours = [sum(line.gpu_hours for line in lines(list(one.jobs())) if line.rule == "train") for one in (cost, two)]
    assert hours(two, "train") < hours(cost, "train")
    assert gpu_hours[1] >= gpu_hours[0]
    assert {job.gpus for job in two.jobs()} == {0, 1, 2}


def test_a_model_on_two_gpus_takes_half_of_each(cost):
    halves = with_hardware(gpus=2, split=2)
    key = next(iter(cost.plan.calibrations))
    assert halves.calibration(key).gpu_gb < 0.6 * cost.calibration(key).gpu_gb


def test_states_computed_as_needed_cost_time_instead_of_disk(cost):
    live = with_hardware(gpus=1, store_gb=300)
    disk = [sum(job.disk_gb for job in one.jobs() if job.rule == "encode") for one in (cost, live)]
    assert disk[1] < 300 < disk[0]
    assert hours(live, "train") > hours(cost, "train")
    assert len(live.plan.runs) == len(cost.plan.runs)


def test_every_job_of_the_paper_fits_an_80_gb_gpu_and_asks_for_what_loading_takes(cost):
    for job in cost.jobs():
        assert job.gpu_gb < 75, job
        if job.gpu_gb > 16:
            assert job.memory_mb > 16_000, job
        assert job.minutes * 60 >= 2 * job.seconds


def test_small_presets_ask_for_little():
    smoke = Cost(make_plan(load("smoke")))
    assert max(job.memory_mb for job in smoke.jobs()) <= 3500
    groups = [smoke.group(ids) for ids in smoke.plan.groups().values()]
    assert max(job.memory_mb for job in groups) <= 3500
    assert max(job.minutes for job in groups) <= 480


def test_memory_estimates_hold_for_the_archived_runs():
    """What trained runs of preset repeats were measured to take: no more than is asked for, nor much less."""
    plan = make_plan(load("repeats"))
    cost, found = Cost(plan), 0
    for name in plan.ids("trained"):
        run = plan.runs[name]
        path = ROOT / "results" / "archive" / "repeats" / run.folder / "environment.json"
        if run.spec["recipe"]["kind"] != "lora" and path.exists():
            found += 1
            peak = read_json(path, "git")["peak_memory_mb"]
            assert peak <= max(cost.train(name).memory_mb, cost.evaluate(name).memory_mb) <= 4 * peak, name
    assert found > 50


def test_measured_times_are_used_and_said_only_without_a_gpu(cost):
    quick = make_plan(load("quick"))
    measured = bill(quick, Cost(quick))
    assert measured["total"]["measured"] > 70
    assert bill(quick, Cost(quick, times={}))["total"]["measured"] == 0
    assert not any(job.measured for job in cost.jobs())


def test_first_principles_come_near_what_was_measured():
    """Long trainings on labels, on two CPU cores: within a factor of five of measured seconds.

    Open answers are shorter than the bound that a plan has for them.
    """
    plan = make_plan(load("small"))
    measured, estimated = Cost(plan), Cost(plan, times={})
    compared = 0
    for name, run in plan.runs.items():
        if stage(run) != "trained" or not run.spec["task"]["labels"] or not measured.train(name).measured:
            continue
        if measured.train(name).seconds > 300:
            compared += 1
            assert 0.2 < estimated.train(name).seconds / measured.train(name).seconds < 5, run
    assert compared > 100


def test_the_bill_adds_up(paper, cost):
    found = bill(paper, cost)
    assert [line["rule"] for line in found["rules"]] == [
        "prepare_model", "prepare_data", "encode", "calibrate", "train", "evaluate", "baseline", "reuse", "latency",
    ]  # fmt: skip
    by_rule = {line["rule"]: line for line in found["rules"]}
    assert by_rule["train"]["jobs"] == by_rule["evaluate"]["jobs"] == len(paper.ids("trained"))
    for key in ("jobs", "hours", "gpu_hours", "disk_gb"):
        assert found["total"][key] == pytest.approx(sum(line[key] for line in found["rules"]))
    assert found["wall_hours"][1] == pytest.approx(found["total"]["hours"])
    assert found["longest_chain_hours"] <= found["wall_hours"][32] <= found["wall_hours"][8]
    assert found["longest_chain_hours"] * 60 >= found["longest"]["minutes"]
    assert found["assumptions"] == asdict(Machine())
    assert Cost(make_plan(load("smoke"))).machine == CPU


def test_the_command_line_prints_a_table_that_says_estimated():
    done = command("telepathy.plan", "--preset", "paper", "--cost")
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    assert {"prepare_model", "encode", "train", "evaluate", "latency", "GPU-hours", "total"} <= set(words)
    assert "all estimated, nothing measured" in done.stdout
    unknown = command("telepathy.plan", "--preset", "smoke", "--cost")
    assert "parameters not given" in unknown.stdout


def test_assumptions_and_overrides_change_the_figures():
    def total(*words: str) -> dict:
        return json.loads(command("telepathy.plan", "--preset", "paper", "--json", *words).stdout)["total"]

    usual = total()
    assert total("--tflops", "50")["gpu_hours"] > usual["gpu_hours"]
    assert total("--set", "hardware={store_gb: 300}")["disk_gb"] < usual["disk_gb"]
    helped = command("telepathy.plan", "--help").stdout
    assert "--bandwidth" in helped
    assert "--preset paper --cost" in helped


def test_mistakes_are_one_clear_line():
    one_clear_line(command("telepathy.plan", "--preset", "paper", "--cost", "--tflops", "0"), "--tflops", "positive")
    one_clear_line(command("telepathy.plan", "--preset", "paper", "--cost", "--set", "seeds"), "KEY=VALUE")
    one_clear_line(command("telepathy.plan", "--preset", "papers", "--cost"), "no preset `papers`")


def test_no_torch_nor_pandas_is_imported_for_it():
    code = (
        "import sys; sys.argv = ['plan', '--preset', 'paper', '--cost']\n"
        "from telepathy.bill import main; main()\n"
        "print(sorted({'torch', 'pandas', 'numpy', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_readme_says_what_the_estimate_says(paper, cost):
    """The README's round figures, within a tenth."""
    text = (ROOT / "README.md").read_text()
    found = bill(paper, cost)
    trained = next(line["disk_gb"] for line in found["rules"] if line["rule"] == "train")
    shown = {
        r"about (\d+) GPU-hours": found["total"]["gpu_hours"],
        r"([\d.]+) TB\s+of hidden states": found["stores"]["written_gb"] / 1000,
        r"([\d.]+) TB of trained bridges": trained / 1000,
        r"at most (\d+) GB of a GPU": found["total"]["gpu_gb"],
        r"(\d+) GB of host memory": found["total"]["host_gb"],
    }
    for pattern, value in shown.items():
        assert float(re.search(pattern, text)[1]) == pytest.approx(value, rel=0.1), pattern
