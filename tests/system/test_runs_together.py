"""Runs that share a process: kept runs are put back, changed ones are made again, equal trainings happen once."""

import shutil

import pytest
from helpers import command, one_clear_line

from telepathy import runs, train
from telepathy.files import read_json
from telepathy.record import read_run


@pytest.fixture
def results(world, tmp_path):
    """The world's plan and prepared inputs, in a folder of their own."""
    shutil.copytree(world.out / "plan", tmp_path / "smoke" / "plan")
    (tmp_path / "cache").symlink_to(world.cache)
    return tmp_path


def ids(world, *methods):
    return [world.run("word_problems", method).id for method in methods]


def folder(results, world, method, task="word_problems"):
    return results / "smoke" / world.run(task, method).folder


def test_a_kept_run_is_put_back_without_training(world, results, monkeypatch):
    (run,) = ids(world, "p02")
    runs.make(results / "smoke", results / "cache", run)
    out = folder(results, world, "p02")
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.name != "history.jsonl"}
    assert {"run.json", "rows.jsonl.gz", "train.jsonl", "weights.safetensors", "environment.json"} <= set(before)
    shutil.rmtree(out)
    monkeypatch.setattr(train, "run", lambda *_: pytest.fail("trained again"))
    runs.make(results / "smoke", results / "cache", run)
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}


def test_other_code_makes_it_again(world, results, monkeypatch):
    (run,) = ids(world, "p02")
    runs.make(results / "smoke", results / "cache", run)
    called = []
    monkeypatch.setattr(runs, "code_sha256", lambda *modules: "other code")
    original = train.run
    monkeypatch.setattr(train, "run", lambda *words: (called.append(1), original(*words)))
    runs.make(results / "smoke", results / "cache", run)
    assert called == [1]


def test_variants_that_differ_at_evaluation_alone_train_once(world, results, monkeypatch):
    called = []
    original = train.run
    monkeypatch.setattr(train, "run", lambda *words: (called.append(1), original(*words)))
    for run in ids(world, "p03_1_recorded", "p04_recorded"):
        runs.make(results / "smoke", results / "cache", run)
    assert called == [1]
    first, second = (folder(results, world, method) for method in ("p03_1_recorded", "p04_recorded"))
    assert (first / "weights.safetensors").read_bytes() == (second / "weights.safetensors").read_bytes()
    assert read_run(first).rows[0].prompt != read_run(second).rows[0].prompt


def test_latency_times_a_trained_bridge(world, results):
    timed = world.run("toy_sentiment", "p27")
    for run in (timed.uses, timed.id):
        runs.make(results / "smoke", results / "cache", run)
    out = results / "smoke" / timed.folder
    environment = read_json(out / "environment.json", "-")
    assert set(environment["latency"]) == {"bridge", "receiver", "relay"}
    assert all(len(found) == len(read_run(out).rows) for found in environment["milliseconds"].values())
    assert "latency" not in read_run(out).record


def test_an_unknown_id_is_one_clear_line(results):
    done = command("telepathy.runs", "--preset", "smoke", "--results", results, "--ids", "0123456789ab")
    one_clear_line(done, "0123456789ab.json", "no such file")
