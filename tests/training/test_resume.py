"""A run that is killed at any moment ends in the same bytes as one that is not."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from helpers import ROOT

from telepathy.training import checkpoint

STEPS = 40
PACED = """
import sys, telepathy.training.loop as loop, telepathy.train as train
loop.CHECKPOINT_SECONDS = 0.0
step, counter = loop._step, [0]
def counted(*arguments):
    entry = step(*arguments)
    print(entry["step"], flush=True)
    return entry
loop._step = counted
sys.argv = ["train", *sys.argv[1:]]
train.main()
"""


@pytest.fixture(
    scope="module",
    params=[("toy_sentiment", "bridge"), pytest.param(("word_problems", "p01"), marks=pytest.mark.slow)],
)
def prepared(world, request, tmp_path_factory):
    """A longer version of a smoke run, and what it gives undisturbed."""
    folder = tmp_path_factory.mktemp("resume")
    spec = world.spec(*request.param)
    training = spec["recipe"]["training"] | {"steps": STEPS}
    spec = spec | {"recipe": spec["recipe"] | {"training": training}}
    (folder / "spec.json").write_text(json.dumps(spec))

    def start(out: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", PACED, "--spec", folder / "spec.json", "--cache", world.cache,
             "--checkpoints", folder / f"checkpoints-{out}", "--out", folder / out],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    whole = start("whole")
    assert whole.wait() == 0, whole.stderr.read()
    return folder, start


def outputs(folder, out):
    log = [json.loads(line) for line in (folder / out / "train.jsonl").read_text().splitlines()]
    for entry in log:
        del entry["examples_per_second"]
    return log, (folder / out / "weights.safetensors").read_bytes()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
def test_killed_and_resumed_equals_undisturbed(prepared, how):
    folder, start = prepared
    out = how.name
    kills = 0
    moment = random.Random(out)
    while True:
        run = start(out)
        goal = moment.randint(3, 25)
        for seen, _ in enumerate(run.stdout, start=1):
            if seen == goal and kills < 3:
                time.sleep(moment.random() * 0.02)
                os.kill(run.pid, how)
                kills += 1
        status = run.wait()
        if status == 0:
            break
        assert status in (-signal.SIGKILL, 143), run.stderr.read()
        if how != signal.SIGKILL:
            assert "run again to go on" in run.stderr.read()
    assert kills >= 1
    assert outputs(folder, out) == outputs(folder, "whole")
    assert not list((folder / f"checkpoints-{out}").glob("*.safetensors"))


def test_a_damaged_checkpoint_costs_time_not_correctness(prepared):
    folder, start = prepared
    saved = folder / "checkpoints-damaged"
    saved.mkdir(exist_ok=True)
    name = json.loads((folder / "spec.json").read_text())["id"]
    (saved / f"{name}.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{garbage")
    run = start("damaged")
    assert run.wait() == 0, run.stderr.read()
    assert outputs(folder, "damaged") == outputs(folder, "whole")


def test_a_checkpoint_of_other_code_is_not_resumed(tmp_path):
    bridge = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(bridge.parameters())
    bridge(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    checkpoint.save(tmp_path / "c.safetensors", bridge, optimizer, None, 7, [{"step": 7}], "this code")
    assert checkpoint.load(tmp_path / "c.safetensors", bridge, optimizer, None, "other code") == (0, [])
    assert checkpoint.load(tmp_path / "c.safetensors", bridge, optimizer, None, "this code") == (7, [{"step": 7}])


def test_two_jobs_of_one_run_take_turns(prepared):
    """A cluster may start a job again while the one that it lost sight of still writes."""
    folder, start = prepared
    first, second = start("both"), start("both")
    for run in (first, second):
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    assert outputs(folder, "both") == outputs(folder, "whole")
    stages = [json.loads(line).get("stage") for line in (folder / "both" / "history.jsonl").read_text().splitlines()]
    assert stages == ["train", None, "train", None]
