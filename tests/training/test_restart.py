"""A training that diverges starts over by the policy, and the run says so; history and notes survive kills."""

import json

import pytest

from telepathy import evaluate, train
from telepathy.config.hardware import Restart
from telepathy.config.methods import Search, Training
from telepathy.errors import UserError
from telepathy.history import read_history, recorded, so_far
from telepathy.training import loop
from telepathy.training.restart import Restarts, Start, starts

POLICY = Restart(halvings=1, seeds=1)


def diverging(world, **policy):
    """A run whose loss is not finite at its own learning rate: the weights are thrown far away by the first step."""
    spec = world.spec("toy_sentiment", "bridge")
    training = spec["recipe"]["training"] | {"steps": 4, "validations": 1, "lr": 1e30}
    return spec | {"recipe": spec["recipe"] | {"training": training}, "restart": policy}


def test_no_start_of_a_hopeless_run_is_finite_and_the_reason_is_told(world, tmp_path, capsys):
    spec = diverging(world, halvings=1, seeds=1)
    with pytest.raises(UserError, match=r"training diverged \(loss nan.*after 2 restarts\); lower `lr`"), \
            loop.plain_ends("the run"):  # fmt: skip
        train.run(spec, world.cache, tmp_path / "checkpoints", tmp_path / "out")
    said = capsys.readouterr().err
    assert "starting over with 0.5 x the learning rate, seed 0" in said
    assert "starting over with 1 x the learning rate, seed 1000" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["history.jsonl"]
    assert read_history(tmp_path / "out")[0]["ended"].startswith("FloatingPointError: loss nan")
    assert [path.suffix for path in (tmp_path / "checkpoints").iterdir()] == [".lock"]


def test_a_restart_is_in_the_record(world, tmp_path, monkeypatch):
    """The first start is made to diverge at its third step; the next one has half the rate, and is recorded."""
    spec = world.spec("toy_sentiment", "bridge")
    real, rates = loop._step, []

    def step(bridge, objective, plan, *rest):
        rates.append(plan.lr)
        if len(rates) == 3:
            raise FloatingPointError("loss nan or gradient norm nan at step 3 is not finite")
        return real(bridge, objective, plan, *rest)

    monkeypatch.setattr(loop, "_step", step)
    train.run(spec, world.cache, tmp_path / "checkpoints", tmp_path / "out")
    monkeypatch.undo()
    evaluate.run(spec, world.cache, tmp_path / "out")
    lr = spec["recipe"]["training"]["lr"]
    assert rates == [lr] * 3 + [lr / 2] * spec["recipe"]["training"]["steps"]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["resolved"]["restarts"] == [
        {"factor": 1.0, "seed": 0, "reason": "loss nan or gradient norm nan at step 3 is not finite"}
    ]
    history = json.loads((tmp_path / "out" / "environment.json").read_text())["history"]
    assert [(entry["stage"], entry["ended"]) for entry in history] == [("train", "finished"), ("evaluate", "writing")]


def test_a_run_without_restarts_does_not_mention_them(world, tmp_path):
    spec = world.spec("toy_sentiment", "bridge")
    train.run(spec, world.cache, tmp_path / "checkpoints", tmp_path / "out")
    assert "restarts" not in json.loads((tmp_path / "out" / "training.json").read_text())


def test_all_learning_rates_are_lowered():
    plan = Training(steps=10, lr=0.1, search=Search(lr=[0.2, 0.4]))
    lower = Start(1, 0.5, 0).changed(plan)
    assert (lower.lr, lower.search.lr) == (0.05, [0.1, 0.2])
    assert Start(0, 1.0, 0).changed(plan) is plan


def test_order_of_starts():
    found = [(start.factor, start.seed) for start in starts(Restart(halvings=2, seeds=2), 3)]
    assert found == [(1.0, 3), (0.5, 3), (0.25, 3), (1.0, 1003), (1.0, 2003)]
    assert len({start.suffix for start in starts(Restart(halvings=2, seeds=2), 3)}) == 5


def test_a_killed_run_does_not_diverge_twice(tmp_path):
    notes, error = tmp_path / "restarts.json", FloatingPointError("loss nan")
    first = Restarts(POLICY, 0, notes)
    first.note(error)
    again = Restarts(POLICY, 0, notes)
    assert (again.now.factor, again.now.number) == (0.5, 1)
    again.note(error)
    again.next(error)
    assert again.now.seed == 1000
    with pytest.raises(FloatingPointError, match="loss nan, after 2 restarts"):
        again.next(error)
    assert not notes.exists()
    strict = Restarts(Restart(halvings=0, seeds=0), 0, notes)
    with pytest.raises(FloatingPointError, match=r"^loss nan$"):
        strict.next(error)


def test_history_tells_kills_from_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    with recorded(tmp_path, "train"):
        pass
    with pytest.raises(ValueError, match="bad"), recorded(tmp_path, "train"):
        raise ValueError("bad\nmore")
    path = tmp_path / "history.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[0], '{"stage": "tra']) + "\n")
    found = read_history(tmp_path)
    assert [entry["ended"] for entry in found] == ["finished", "ValueError: bad", "killed"]
    assert all(entry["job"] == {"id": "17"} for entry in found)
    assert found[0]["peak_host_mb"] > 10
    assert so_far(tmp_path)[-1]["ended"] == "writing"
