"""Two processes that share each batch train what one process trains on the whole of it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from helpers import ROOT
from safetensors.torch import load_file

from telepathy.assemble import assemble
from telepathy.data.rows import read_split
from telepathy.training.parallel import Team

TOLERANCE = 1e-4
"""Of weights trained for eight steps in fp32, beside how far training moved them; about 1e-6 was measured. Attention
does not depend on the bias of its keys: its gradient is rounding, which AdamW makes a step of, so it is left out."""

CASES = [("toy_sentiment", "bridge"), ("word_problems", "p01"), ("toy_sentiment", "prompt_tuning")]
BATCH_TERMS = {"infonce": 0.1, "batch_div": 0.1}


def written(world, tmp_path, task, method, **changes):
    """A run's specification with some training settings changed, as a file."""
    spec = world.spec(task, method)
    recipe = spec["recipe"] | {"training": spec["recipe"]["training"] | {"steps": 8, "search": None} | changes}
    if method == "bridge":
        recipe["losses"] = recipe["losses"] | BATCH_TERMS
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec | {"recipe": recipe, "compute": "float32"}))
    return path


EAGER = """
import telepathy.train as train, telepathy.training.loop as loop
loop.CHECKPOINT_SECONDS = 0.0
train.main()
"""


def start(processes, world, spec, out, module="telepathy.train", path=ROOT):
    words = ["--spec", spec, "--cache", world.cache, "--checkpoints", out / "checkpoints", "--out", out]
    return subprocess.Popen(
        [sys.executable, "-m", "telepathy.launch", str(processes), module, *map(str, words)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def log(out):
    return [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("task", "method"), [CASES[0], pytest.param(*CASES[1], marks=pytest.mark.slow)])
def test_two_processes_equal_one(world, tmp_path, task, method):
    spec = written(world, tmp_path, task, method)
    for processes in (1, 2):
        run = start(processes, world, spec, tmp_path / str(processes))
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    alone, shared = (log(tmp_path / name) for name in ("1", "2"))
    assert len(alone) == len(shared) == 8
    for one, two in zip(alone, shared, strict=True):
        assert one["terms"].keys() == two["terms"].keys()
        for name in one["terms"]:
            assert one["terms"][name] == pytest.approx(two["terms"][name], rel=2e-3, abs=1e-5), name
        assert one["grad_norm"] == pytest.approx(two["grad_norm"], rel=2e-3)
    module, _ = assemble(json.loads(spec.read_text()), world.cache)
    before = module.state_dict()
    one, two = (load_file(tmp_path / name / "weights.safetensors") for name in ("1", "2"))
    for name in sorted(one):
        if not name.endswith(".key.bias"):
            assert (one[name] - two[name]).norm() <= TOLERANCE * (one[name] - before[name]).norm(), name
    assert any(not torch.equal(one[name], before[name]) for name in one)


@pytest.mark.parametrize(("task", "method"), CASES)
@pytest.mark.parametrize("size", [2, 3])
def test_the_shares_of_a_team_add_up_to_the_batch(world, task, method, size):
    """Also where rows have targets of different lengths, and the batch is no multiple of the processes."""
    spec = world.spec(task, method)
    module, objective = assemble(spec, world.cache)
    rows = read_split(world.cache / "data" / spec["data"], "train")[:7]
    parameters = list(module.parameters())

    def gradient(team):
        objective.team = team
        torch.manual_seed(0)
        terms, _ = objective.terms(module, rows)
        total = objective.total(terms)
        return total.detach(), torch.autograd.grad(total, parameters, allow_unused=True)

    whole, wanted = gradient(Team())
    parts = [gradient(Team(rank, size)) for rank in range(size)]
    # Models compute in bfloat16 where the machine is fast with it: shares of a batch round differently.
    tight = objective.receiver.dtype == torch.float32
    assert sum(loss for loss, _ in parts).item() / size == pytest.approx(whole.item(), rel=1e-5 if tight else 2e-2)
    for index, one in enumerate(wanted):
        if one is not None:
            mean = sum(found[index] for _, found in parts) / size
            assert (mean - one).norm() <= (1e-4 if tight else 5e-2) * one.norm() + 1e-8


def test_every_row_is_read_once():
    shares = [Team(rank, 3).share(8) for rank in range(3)]
    assert sorted(row for share in shares for row in share) == list(range(8))


@pytest.mark.slow
def test_a_stopped_team_goes_on_to_the_same_weights(world, tmp_path):
    """SIGTERM to torchrun: both processes agree on the step, one saves, the next start goes on from there."""
    spec = written(world, tmp_path, "toy_sentiment", "bridge", steps=200)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    run = start(2, world, spec, whole)
    assert run.wait(timeout=240) == 0, run.stderr.read()
    (tmp_path / "eager.py").write_text(EAGER)
    run = start(2, world, spec, stopped, module="eager", path=tmp_path)
    deadline = time.monotonic() + 120
    while not list((stopped / "checkpoints").glob("*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGTERM)
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 143, errors
    assert len(list((stopped / "checkpoints").glob("*.safetensors"))) == 1
    assert not (stopped / "weights.safetensors").exists()
    run = start(2, world, spec, stopped)
    _, errors = run.communicate(timeout=240)
    assert run.returncode == 0, errors
    assert (whole / "weights.safetensors").read_bytes() == (stopped / "weights.safetensors").read_bytes()
    assert [path.suffix for path in (stopped / "checkpoints").iterdir()] == [".lock"]


def test_more_processes_than_rows_is_one_clear_line(world, tmp_path):
    run = start(2, world, written(world, tmp_path, "toy_sentiment", "bridge", batch=1), tmp_path / "out")
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 2
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert set(lines) == {"error: hardware: batch 1 for 2 processes; lower `gpus`, or raise `batch`"}
    assert "Traceback" not in errors
