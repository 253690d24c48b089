"""Baselines against plain references, on the same rows."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from telepathy.baselines.run import evaluate
from telepathy.data.prompts import CONTENT_FREE, fill
from telepathy.data.rows import read_split
from telepathy.errors import UserError
from telepathy.models.frozen import FrozenLM
from telepathy.store import LayerStore

TASK = "toy_sentiment"


@pytest.fixture(scope="module")
def data(world):
    return world.cache / "data" / world.run(TASK, "majority").spec["data"]


def test_majority_is_the_most_frequent_training_label(world, data):
    outcome = evaluate(world.spec(TASK, "majority"), world.cache)
    golds = [item.gold for item in read_split(data, "train")]
    assert {row.prediction for row in outcome.rows} == {outcome.resolved["label"]}
    assert golds.count(outcome.resolved["label"]) == max(golds.count(label) for label in set(golds))


@pytest.mark.parametrize("method", ["linear_probe", "linear_probe_mean"])
def test_linear_probe_agrees_with_scikit_learn_by_hand(world, data, method):
    spec = world.spec(TASK, method)
    outcome = evaluate(spec, world.cache)

    def given(split, layer):
        store = LayerStore(world.cache / "states" / spec["states"], layer)
        items = read_split(data, split)
        states = [store[item.text_sha256].float().numpy() for item in items]
        pooled = [one.mean(0) if method.endswith("mean") else one[-1] for one in states]
        return np.array(pooled), [item.gold for item in items]

    tried, predicted = {}, {}
    for layer in sorted(spec["recipe"]["layers"]):
        (x, y), (x_held, y_held), (x_test, _) = (given(split, layer) for split in ("train", "validation", "test"))
        scaler = StandardScaler().fit(x)
        for strength in sorted(spec["recipe"]["strengths"]):
            model = LogisticRegression(C=strength, max_iter=2000).fit(scaler.transform(x), y)
            tried[layer, strength] = np.mean(model.predict(scaler.transform(x_held)) == np.array(y_held))
            predicted[layer, strength] = list(model.predict(scaler.transform(x_test)))
    best = max(tried.values())
    chosen = min(key for key, accuracy in tried.items() if accuracy == best)
    assert len(spec["recipe"]["layers"]) > 1
    assert (outcome.resolved["layer"], outcome.resolved["strength"]) == chosen
    assert outcome.resolved["validation_accuracy"] == best
    assert outcome.resolved["by_layer"] == {
        str(layer): max(accuracy for (at, _), accuracy in tried.items() if at == layer) for layer, _ in tried
    }
    assert [row.prediction for row in outcome.rows] == predicted[chosen]


@pytest.mark.parametrize("method", ["receiver_zero_shot", "sender_zero_shot"])
def test_zero_shot_scores_are_the_models_own(world, data, method):
    """Log-probability of each label from the full logits, constrained to the labels' first differing bytes."""
    spec = world.spec(TASK, method)
    spec |= {"compute": "float32", "task": spec["task"] | {"max_tokens": 500}}
    rows = evaluate(spec, world.cache).rows
    reader = FrozenLM(world.cache / "models" / spec["models"]["reader"], "float32", torch.device("cpu"))
    for item, row in list(zip(read_split(data, "test"), rows, strict=True))[:5]:
        ids = torch.tensor([reader.tokenizer(fill(spec["task"]["sender_prompt"], item.text) + " ").input_ids])
        logits = reader.model(input_ids=ids).logits[0, -1]
        first = [reader.tokens("n")[0], reader.tokens("p")[0]]
        wanted = logits[first].log_softmax(-1)
        assert [row.scores["negative"], row.scores["positive"]] == pytest.approx(wanted.tolist(), abs=1e-3)


def test_calibration_makes_the_content_free_text_neutral(world):
    """With the content-free texts as items, calibrated scores are uniform on average."""
    plain = evaluate(world.spec(TASK, "receiver_zero_shot"), world.cache).rows
    calibrated = evaluate(world.spec(TASK, "receiver_calibrated"), world.cache).rows
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
    names = ("majority", "linear_probe", "sender_zero_shot", "receiver_few_shot", "ridge_map", "cut_text")
    rows = [evaluate(world.spec(TASK, name), world.cache).rows for name in names]
    assert len({tuple((row.id, row.text, row.gold) for row in one) for one in rows}) == 1


def test_a_kind_that_needs_labels_refuses_open_answers(world):
    spec = world.spec("word_problems", "receiver_zero_shot")
    spec |= {"recipe": {"kind": "few_shot", "shots": 1, "max_tokens": 40}, "seed": 0}
    with pytest.raises(UserError, match=r"few_shot needs a closed label set; .*targets"):
        evaluate(spec, world.cache)
