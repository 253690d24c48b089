"""Baselines against plain references, on the same rows and without peeking at test rows."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from telepathy.baselines import linear_probe, majority, text_relay, zero_shot
from telepathy.data.prompts import CONTENT_FREE, fill
from telepathy.data.rows import read_split
from telepathy.models.frozen import FrozenLM
from telepathy.store import LayerStore

TASK = "toy_sentiment"


@pytest.fixture
def data(world):
    return world.cache / "data" / world.run(TASK, "majority").spec["data"]


def test_majority_is_the_most_frequent_training_label(world, data):
    outcome = majority.run(world.spec(TASK, "majority"), world.cache)
    golds = [item.gold for item in read_split(data, "train")]
    assert {row.prediction for row in outcome.rows} == {outcome.resolved["label"]}
    assert golds.count(outcome.resolved["label"]) == max(golds.count(label) for label in set(golds))


def test_linear_probe_agrees_with_scikit_learn_by_hand(world, data):
    spec = world.spec(TASK, "linear_probe")
    outcome = linear_probe.run(spec, world.cache)
    store = LayerStore(world.cache / "states" / spec["states"], spec["recipe"]["layer"])

    def last(split):
        items = read_split(data, split)
        return np.array([store[i.text_sha256][-1].float().numpy() for i in items]), [i.gold for i in items]

    (x, y), (x_test, _) = last("train"), last("test")
    mean, scale = x.mean(0), x.std(0)
    model = LogisticRegression(C=outcome.resolved["strength"], max_iter=2000).fit((x - mean) / scale, y)
    assert [row.prediction for row in outcome.rows] == list(model.predict((x_test - mean) / scale))


def test_the_probe_chooses_its_strength_without_test_rows(world, monkeypatch):
    read = []
    real = linear_probe.read_split
    monkeypatch.setattr(linear_probe, "read_split", lambda folder, split: read.append(split) or real(folder, split))
    fitted_when = []
    fit = linear_probe.fit
    monkeypatch.setattr(linear_probe, "fit", lambda *given: fitted_when.append(list(read)) or fit(*given))
    linear_probe.run(world.spec(TASK, "linear_probe"), world.cache)
    assert all("test" not in before for before in fitted_when)


@pytest.mark.parametrize("method", ["receiver_zero_shot", "sender_zero_shot"])
def test_zero_shot_scores_are_the_models_own(world, data, method):
    """Log-probability of each label from the full logits, constrained to the labels' first differing bytes."""
    spec = world.spec(TASK, method)
    spec |= {"compute": "float32", "task": spec["task"] | {"max_tokens": 500}}
    rows = zero_shot.run(spec, world.cache).rows
    reader = FrozenLM(world.cache / "models" / spec["models"]["reader"], "float32", torch.device("cpu"))
    for item, row in list(zip(read_split(data, "test"), rows, strict=True))[:5]:
        ids = torch.tensor([reader.tokenizer(fill(spec["task"]["sender_prompt"], item.text) + " ").input_ids])
        logits = reader.model(input_ids=ids).logits[0, -1]
        first = [reader.tokens("n")[0], reader.tokens("p")[0]]
        wanted = logits[first].log_softmax(-1)
        assert [row.scores["negative"], row.scores["positive"]] == pytest.approx(wanted.tolist(), abs=1e-3)


def test_calibration_makes_the_content_free_text_neutral(world):
    """With the content-free texts as items, calibrated scores are uniform on average."""
    plain = zero_shot.run(world.spec(TASK, "receiver_zero_shot"), world.cache).rows
    calibrated = zero_shot.run(world.spec(TASK, "receiver_calibrated"), world.cache).rows
    shifts = {
        round(
            (b.scores["negative"] - b.scores["positive"]) - (a.scores["negative"] - a.scores["positive"]),
            2,
        )
        for a, b in zip(plain, calibrated, strict=True)
    }
    assert len(shifts) == 1, "calibration subtracts one prior from every row"
    assert len(CONTENT_FREE) == 3


def test_all_methods_see_the_same_rows(world):
    rows = [method.run(world.spec(TASK, name), world.cache).rows for method, name in
            ((majority, "majority"), (linear_probe, "linear_probe"), (zero_shot, "sender_zero_shot"))]  # fmt: skip
    assert len({tuple((row.id, row.text, row.gold) for row in one) for one in rows}) == 1


def test_text_relay_shows_the_receiver_the_summary_and_the_class_names(world, monkeypatch):
    shown = []
    original = text_relay.reading
    monkeypatch.setattr(text_relay, "reading", lambda model, prompt: shown.append(prompt) or original(model, prompt))
    spec = world.spec(TASK, "p20_relay_sst2")
    outcome = text_relay.run(spec, world.cache)
    items = read_split(world.cache / "data" / spec["data"], "test")
    assert [row.id for row in outcome.rows] == [item.id for item in items]
    asked = [prompt for prompt in shown if prompt.startswith("Summarize")]
    answered = [prompt for prompt in shown if prompt.endswith("Sentiment:")]
    assert len(asked) == len(answered) == len(items)
    assert not any(item.text in prompt for item in items for prompt in answered)
    assert all(row.prediction in spec["task"]["labels"] for row in outcome.rows)


def test_text_relay_answers_open_questions_too(world):
    spec = world.spec("word_problems", "receiver_zero_shot")
    recipe = {"kind": "text_relay", "prompt": "Short: {text}\n", "max_new_tokens": 4}
    spec |= {"recipe": recipe, "models": world.spec(TASK, "p20_relay_sst2")["models"]}
    outcome = text_relay.run(spec, world.cache)
    assert all(row.output is not None and row.source for row in outcome.rows)
