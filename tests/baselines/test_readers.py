"""Few-shot prompts, ensembles, the ridge map, and what runs of one process share."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.linear_model import Ridge

from telepathy.baselines import few_shot, logit_ensemble, reading, ridge_map
from telepathy.baselines.memo import Memo
from telepathy.baselines.run import evaluate
from telepathy.data.prompts import after_shots, continuation, fill
from telepathy.data.rows import make_item, read_split
from telepathy.files import text_sha256
from telepathy.models.frozen import FrozenLM
from telepathy.receiver import label_scores
from telepathy.store import LayerStore

TASK, CPU = "toy_sentiment", torch.device("cpu")


@pytest.fixture(autouse=True)
def fresh():
    reading.SCORES.kept.clear()


def splits(world, spec):
    return [read_split(world.cache / "data" / spec["data"], split) for split in ("train", "validation", "test")]


def test_the_prompt_holds_solved_rows_and_then_the_question():
    whole = after_shots("{text} is", [("fish is", "good"), ("rain is", "bad")], "snow is")
    assert whole == "fish is good\n\nrain is bad\n\nsnow is"
    assert after_shots("{text}: ", [("fish: ", "good")], "snow: ") == "fish: good\n\nsnow: "
    assert after_shots("{text} is", [], "snow is") == "snow is"


def test_shots_are_balanced_seeded_and_take_what_there_is():
    items = [make_item(f"train:{n}", f"text {n}", "ab"[n % 2]) for n in range(20)]
    items.append(make_item("train:20", "text", "c"))
    drawn = few_shot.draw(items, ["a", "b", "c", "d"], 3, seed=1)
    assert sorted(item.gold for item in drawn) == ["a", "a", "a", "b", "b", "b", "c"]
    assert len({item.id for item in drawn}) == len(drawn)
    assert drawn == few_shot.draw(items, ["a", "b", "c", "d"], 3, seed=1)
    orders = {tuple(item.gold for item in few_shot.draw(items, ["a", "b", "c"], 3, seed)) for seed in range(20)}
    assert len(orders) > 5, "the order of classes is random"


@pytest.mark.parametrize("method", ["sender_few_shot", "receiver_few_shot"])
def test_few_shot_equals_reading_the_whole_prompt(world, method):
    spec = world.spec(TASK, method) | {"compute": "float32"}
    outcome = evaluate(spec, world.cache)
    train, _, test = splits(world, spec)
    shots = outcome.resolved["shown"]
    by_id = {item.id: item for item in train}
    assert outcome.resolved["shots"] == {"negative": 2, "positive": 2}
    model = FrozenLM(world.cache / "models" / spec["models"]["reader"], "float32", CPU)
    reader = reading.TextReader(world.cache, model, spec["task"])
    template = spec["task"]["sender_prompt"]
    for item, row in list(zip(test, outcome.rows, strict=True))[:6]:
        parts = [reader.prompt(by_id[one].text) + continuation(template, by_id[one].gold) for one in shots]
        prompt = "\n\n".join([*parts, reader.prompt(item.text)])
        assert row.prompt == text_sha256(prompt)
        assert item.text not in "".join(parts)
        plain = label_scores(model, [[*model.bos, *model.tokens(prompt)]], reader.verbalizer, None)[0]
        assert list(row.scores.values()) == pytest.approx(plain.tolist(), abs=1e-4)


def test_another_seed_shows_other_rows(world):
    spec = world.spec(TASK, "receiver_few_shot")
    first, second = (evaluate(spec | {"seed": seed}, world.cache) for seed in (0, 1))
    assert first.resolved["shown"] != second.resolved["shown"]


def test_without_a_shared_beginning_the_whole_prompts_are_read(world, monkeypatch):
    spec = world.spec(TASK, "receiver_few_shot") | {"compute": "float32"}
    shared = evaluate(spec, world.cache).rows
    monkeypatch.setattr(reading, "can_share", lambda model: False)
    plain = evaluate(spec, world.cache).rows
    for a, b in zip(shared, plain, strict=True):
        assert a.prompt == b.prompt
        assert list(a.scores.values()) == pytest.approx(list(b.scores.values()), abs=1e-4)


@pytest.mark.parametrize("calibrated", [True, False])
def test_the_ensemble_is_a_weighted_mean_of_log_probabilities(world, calibrated):
    spec = world.spec(TASK, "logit_ensemble")
    spec["recipe"] = spec["recipe"] | {"calibrated": calibrated}
    outcome = evaluate(spec, world.cache)
    _, held_out, test = splits(world, spec)
    labels = spec["task"]["labels"]

    def of(role, items):
        model = FrozenLM(world.cache / "models" / spec["models"][role], spec["compute"], CPU)
        reader = reading.TextReader(world.cache / role, model, spec["task"])
        prompts = [reader.prompt(item.text) for item in items]
        return reader.scores(items, prompts, reader.prior() if calibrated else None).double().numpy()

    def mix(items, share):
        return log_softmax(share * of("sender", items) + (1 - share) * of("receiver", items), axis=1)

    golds = np.array([item.gold for item in held_out])
    accuracies = [
        np.mean(np.array(labels)[mix(held_out, share).argmax(1)] == golds) for share in spec["recipe"]["shares"]
    ]
    share = spec["recipe"]["shares"][int(np.argmax(accuracies))]
    assert outcome.resolved == {"share": share, "validation_accuracy": max(accuracies)}
    scores = np.array([[row.scores[label] for label in labels] for row in outcome.rows])
    np.testing.assert_allclose(scores, mix(test, share), atol=1e-4)
    np.testing.assert_allclose(np.exp(scores).sum(1), 1, atol=1e-4)


def test_an_ensemble_of_one_model_alone_is_that_model(world):
    spec = world.spec(TASK, "logit_ensemble")
    for share, method in ((1.0, "sender_calibrated"), (0.0, "receiver_calibrated")):
        spec["recipe"] = spec["recipe"] | {"shares": [share], "calibrated": True}
        mixed, alone = evaluate(spec, world.cache).rows, evaluate(world.spec(TASK, method), world.cache).rows
        for a, b in zip(mixed, alone, strict=True):
            assert list(a.scores.values()) == pytest.approx(list(b.scores.values()), abs=1e-5)
            assert a.prediction == b.prediction


def test_runs_of_one_process_read_a_prompt_once_and_say_the_same(world, monkeypatch):
    read = []
    original = reading.score_labels
    monkeypatch.setattr(reading, "score_labels", lambda *given, **more: read.append(1) or original(*given, **more))
    names = ["receiver_zero_shot", "receiver_calibrated", "sender_calibrated", "logit_ensemble"]
    shared = [evaluate(world.spec(TASK, name), world.cache) for name in names]
    assert len(read) == 4, "test rows of each model once; validation rows of both for the ensemble"
    alone = []
    for name in names:
        reading.SCORES.kept.clear()
        alone.append(evaluate(world.spec(TASK, name), world.cache))
    assert len(read) == 4 + 1 + 1 + 1 + 4
    for one, other in zip(shared, alone, strict=True):
        assert (one.rows, one.resolved) == (other.rows, other.resolved)


@pytest.mark.parametrize("change", [{"zero_shot_prompt": "Well: {text}\nSentiment:"}, {"max_tokens": 24}])
def test_what_is_shared_depends_on_the_prompt(world, change):
    spec = world.spec(TASK, "receiver_zero_shot")
    first = evaluate(spec, world.cache).rows
    spec["task"] = spec["task"] | change
    assert [row.scores for row in evaluate(spec, world.cache).rows] != [row.scores for row in first]


@pytest.mark.parametrize(
    ("method", "key", "name"), [("ridge_map", "strengths", "strength"), ("logit_ensemble", "shares", "share")]
)
def test_the_rows_are_those_of_the_first_best_candidate(world, monkeypatch, method, key, name):
    spec = world.spec(TASK, method)
    given = spec["recipe"][key]
    alone = {}
    for value in given:
        spec["recipe"] = spec["recipe"] | {key: [value]}
        alone[value] = evaluate(spec, world.cache).rows
    assert alone[given[0]] != alone[given[2]]
    assert alone[given[2]] != alone[given[4]]
    accuracies = iter([0.1, 0.2, 0.4, 0.3, 0.4])
    module = {"ridge_map": ridge_map, "logit_ensemble": logit_ensemble}[method]
    monkeypatch.setattr(module, "label_accuracy", lambda *_: next(accuracies))
    outcome = evaluate(world.spec(TASK, method), world.cache)
    assert (outcome.resolved[name], outcome.resolved["validation_accuracy"]) == (given[2], 0.4)
    assert outcome.rows == alone[given[2]]


def test_a_memo_keeps_the_last_used():
    memo, made = Memo(2), []

    def get(key):
        return memo.get(key, lambda: made.append(key) or key)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert get(key) == key
    assert made == ["a", "b", "c", "b"]


def test_the_ridge_map_agrees_with_scikit_learn_by_hand(world):
    spec = world.spec(TASK, "ridge_map")
    outcome = evaluate(spec, world.cache)
    labels = spec["task"]["labels"]
    store = LayerStore(world.cache / "states" / spec["states"], spec["recipe"]["layer"])
    receiver = FrozenLM(world.cache / "models" / spec["models"]["receiver"], spec["compute"], CPU)
    names = {
        label: receiver.embed(torch.tensor(receiver.tokens(f" {label}"))).double().mean(0).numpy() for label in labels
    }
    train, held_out, test = splits(world, spec)
    x, x_held, x_test = (
        np.array([store[item.text_sha256][-1].double().numpy() for item in items]) for items in (train, held_out, test)
    )
    mean, scale = x.mean(0), x.std(0)
    prefix = [*receiver.bos, *receiver.tokens(spec["task"]["primer"]), -1]
    first = torch.tensor([receiver.tokens(label)[0] for label in labels])

    def read(model, states):
        made = model.predict((states - mean) / scale)
        made *= receiver.embedding_rms / np.sqrt((made**2).mean(1, keepdims=True))
        before = receiver.embed(torch.tensor([*prefix[:-1]])).float().expand(len(made), -1, -1)
        space = receiver.embed(torch.tensor(receiver.tokens(" "))).float().expand(len(made), -1, -1)
        embeds = torch.cat([before, torch.from_numpy(made).float().unsqueeze(1), space], 1)
        hidden = receiver.trunk(embeds, torch.ones(embeds.shape[:2], dtype=torch.long))[:, -1]
        return receiver.logits(hidden, first).log_softmax(-1).numpy()

    golds = np.array([item.gold for item in held_out])
    y = np.array([names[item.gold] for item in train])
    found = {}
    for strength in sorted(spec["recipe"]["strengths"]):
        model = Ridge(alpha=strength).fit((x - mean) / scale, y)
        found[strength] = (np.mean(np.array(labels)[read(model, x_held).argmax(1)] == golds), model)
    best = max(accuracy for accuracy, _ in found.values())
    strength = min(one for one, (accuracy, _) in found.items() if accuracy == best)
    assert outcome.resolved == {"strength": strength, "validation_accuracy": best, "soft_tokens": 1}
    wanted = read(found[strength][1], x_test)
    scores = np.array([[row.scores[label] for label in labels] for row in outcome.rows])
    np.testing.assert_allclose(scores, wanted, atol=0.02 if receiver.dtype == torch.bfloat16 else 1e-4)
    assert outcome.rows[0].prompt == text_sha256(
        f"{fill(spec['task']['sender_prompt'], test[0].text)}\0bos|primer|soft|1|{spec['task']['primer']}"
    )
