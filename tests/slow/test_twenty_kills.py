"""kill -9 at twenty random moments of encoding, training and evaluation: each run still ends in the same bytes."""

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from telepathy import encode, evaluate, train
from telepathy.history import read_history
from telepathy.training import loop

pytestmark = pytest.mark.slow
KILLS = 20
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["telepathy.encode", "telepathy.train", "telepathy.evaluate"])


def chain(states: dict, spec: dict, folder: Path) -> None:
    """What the graph does for one run: the sender's states, the training, the test rows."""
    import torch

    torch.set_num_threads(1)
    loop.CHECKPOINT_SECONDS = 0.0
    encode.SHARD_TEXTS = 16
    cache = folder / "cache"
    encode.encode(states, states["layers"], cache, cache / "states" / spec["states"])
    train.run(spec, cache, folder / "checkpoints", folder / "run")
    evaluate.run(spec, cache, folder / "run")


def start(*arguments):
    process = PROCESSES.Process(target=chain, args=arguments)
    process.start()
    return process


def make_folder(world, folder):
    (folder / "cache" / "states").mkdir(parents=True)
    for name in ("models", "data", "calibrations"):
        (folder / "cache" / name).symlink_to(world.cache / name)
    return folder


def content(folder):
    """All that must not depend on kills: states, weights, rows, record; and the log but for its speed."""
    files = {path.relative_to(folder): path.read_bytes() for path in (folder / "cache" / "states").rglob("*.*")
             if path.is_file() and path.suffix != ".lock"}  # fmt: skip
    for name in ("weights.safetensors", "training.json", "rows.jsonl.gz", "run.json"):
        files[Path(name)] = (folder / "run" / name).read_bytes()
    log = [json.loads(line) for line in (folder / "run" / "train.jsonl").read_text().splitlines()]
    return files, [{key: value for key, value in entry.items() if key != "examples_per_second"} for entry in log]


@pytest.fixture(scope="module")
def whole(world, tmp_path_factory):
    """The chain of one run undisturbed: its specifications, what it wrote, and how long it took."""
    spec = world.spec("toy_sentiment", "bridge")
    training = spec["recipe"]["training"] | {"steps": 60}
    spec = spec | {"recipe": spec["recipe"] | {"training": training}}
    states = world.plan.states[spec["states"]]
    folder = make_folder(world, tmp_path_factory.mktemp("whole"))
    start(states, spec, make_folder(world, tmp_path_factory.mktemp("warm"))).join()
    began = time.monotonic()
    process = start(states, spec, folder)
    process.join()
    assert process.exitcode == 0
    return states, spec, content(folder), time.monotonic() - began


def test_twenty_kills_change_no_byte(world, whole, tmp_path):
    states, spec, wanted, seconds = whole
    moments = random.Random(6)
    ended, where = [], []
    for number in range(KILLS):
        folder = make_folder(world, tmp_path / str(number))
        kills = 0
        while True:
            process = start(states, spec, folder)
            if kills == 0:
                time.sleep(moments.uniform(0.05, 0.95) * seconds)
                os.kill(process.pid, signal.SIGKILL)
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            kills += 1
            stages = [entry["stage"] for entry in read_history(folder / "run") if entry["ended"] == "killed"]
            where += stages or ["encode"]
        ended.append(content(folder) == wanted)
        assert kills == 1, "the kill came too late to count"
        assert [path.suffix for path in (folder / "checkpoints").iterdir()] == [".lock"]
    assert ended == [True] * KILLS
    # The moments fell on both parts that resume from saved work.
    assert {"encode", "train"} <= set(where), where
