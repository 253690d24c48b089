"""Learning rates are chosen on validation rows, from the same start, and a killed search goes on."""

import json

import pytest

from telepathy import train
from telepathy.config.methods import Search, Training
from telepathy.training import search as searching
from telepathy.training.search import candidates, search

PLAN = Training(steps=40, warmup=8, lr=9.0, validations=2, search=Search(lr=[0.1, 0.01, 0.001], share=0.25))


def found(accuracy, loss):
    return {"validation_accuracy": accuracy, "validation_loss": loss}


def test_candidates_are_short_trainings_of_the_same_shape():
    assert [(one.lr, one.steps, one.warmup, one.validations) for one in candidates(PLAN)] == [
        (0.1, 10, 2, 0), (0.01, 10, 2, 0), (0.001, 10, 2, 0),
    ]  # fmt: skip
    assert candidates(Training(steps=4)) == []


@pytest.mark.parametrize(
    ("outcomes", "best"),
    [
        ({0.1: found(0.5, 1.0), 0.01: found(0.7, 2.0), 0.001: found(0.6, 0.1)}, 0.01),
        ({0.1: found(0.5, 1.0), 0.01: found(0.5, 0.9), 0.001: found(0.5, 1.1)}, 0.01),
        ({0.1: found(0.5, 1.0), 0.01: found(0.5, 1.0), 0.001: found(0.5, 1.0)}, 0.001),
        ({0.1: None, 0.01: found(0.0, 3.0), 0.001: None}, 0.01),
    ],
)
def test_the_best_on_validation_rows_wins(tmp_path, outcomes, best):
    def attempt(candidate):
        if outcomes[candidate.lr] is None:
            raise FloatingPointError("loss nan")
        return outcomes[candidate.lr]

    plan, record = search(PLAN, attempt, tmp_path / "notes.json")
    assert plan.lr == best
    assert plan.steps == PLAN.steps
    assert record["lr"] == best
    assert [one["lr"] for one in record["candidates"]] == [0.1, 0.01, 0.001]


def test_without_a_search_nothing_is_tried(tmp_path):
    plan = Training(steps=4, lr=0.3)
    assert search(plan, lambda candidate: pytest.fail("tried"), tmp_path / "notes.json") == (plan, None)


def test_if_every_rate_diverges_the_run_says_so(tmp_path):
    def attempt(candidate):
        raise FloatingPointError("loss nan")

    with pytest.raises(FloatingPointError, match="every learning rate"):
        search(PLAN, attempt, tmp_path / "notes.json")


def test_a_killed_search_goes_on_and_other_code_starts_over(tmp_path, monkeypatch):
    tried = []

    def attempt(candidate):
        if len(tried) == 2:
            raise KeyboardInterrupt
        tried.append(candidate.lr)
        return found(candidate.lr, 1.0)

    notes = tmp_path / "notes.json"
    with pytest.raises(KeyboardInterrupt):
        search(PLAN, attempt, notes)
    rest = []
    plan, record = search(PLAN, lambda candidate: rest.append(candidate.lr) or found(0.0, 1.0), notes)
    assert rest == [0.001]
    assert plan.lr == 0.1
    assert len(record["candidates"]) == 3
    monkeypatch.setattr(searching, "code_sha256", lambda *modules: "other")
    again = []
    search(PLAN, lambda candidate: again.append(candidate.lr) or found(0.0, 1.0), notes)
    assert again == [0.1, 0.01, 0.001]


@pytest.mark.parametrize("method", ["bridge", "prompt_tuning", "lora"])
def test_a_searched_run_equals_one_with_the_chosen_rate(world, tmp_path, method):
    """The search leaves no trace in the training that follows: same start, same order, same bytes."""
    spec = world.spec("toy_sentiment", method)
    grid = {"search": {"lr": [1e-6, 1e-2], "share": 0.5}, "steps": 6, "warmup": 0}
    searched = spec | {"recipe": spec["recipe"] | {"training": spec["recipe"]["training"] | grid}}
    train.run(searched, world.cache, tmp_path / "checkpoints", tmp_path / "searched")
    record = json.loads((tmp_path / "searched" / "training.json").read_text())["search"]
    assert {one["lr"] for one in record["candidates"]} == {1e-6, 1e-2}
    fixed = grid | {"search": None, "lr": record["lr"]}
    plain = spec | {"recipe": spec["recipe"] | {"training": spec["recipe"]["training"] | fixed}}
    train.run(plain, world.cache, tmp_path / "checkpoints", tmp_path / "plain")

    def losses(name):
        lines = (tmp_path / name / "train.jsonl").read_text().splitlines()
        return [json.loads(line)["loss"] for line in lines]

    assert losses("searched") == losses("plain")
    assert [path.suffix for path in (tmp_path / "checkpoints").iterdir()] == [".lock"]
