"""Pruned texts: never over the budget, words in their order, the least expected ones."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from telepathy.baselines.pruned_text import first_tokens, unexpected_words
from telepathy.baselines.reading import TextReader
from telepathy.baselines.run import evaluate
from telepathy.baselines.surprisal import by_word, pruned, word_surprisals
from telepathy.data.rows import make_item, read_split
from telepathy.models.frozen import frozen

TASK = "toy_sentiment"
WORDS = st.lists(st.text("aé漢'.-", min_size=1, max_size=6), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def models(world):
    spec = world.spec(TASK, "pruned_text")
    return [
        frozen(world.cache / "models" / spec["models"][role], "float32", torch.device("cpu"))
        for role in ("sender", "receiver")
    ]


@pytest.fixture(scope="module")
def sender(world, models):
    return TextReader(world.cache, models[0], world.spec(TASK, "pruned_text")["task"])


def is_subsequence(some, whole):
    rest = iter(whole)
    return all(word in rest for word in some)


@settings(max_examples=25, deadline=None)
@given(WORDS, st.integers(1, 30))
def test_what_is_kept_fits_and_keeps_its_order(models, sender, words, budget):
    receiver = models[1]
    text = " ".join(words)
    [kept] = unexpected_words(sender, receiver, [make_item("a", text, "positive")], budget)
    assert kept
    assert is_subsequence(kept.split(), words)
    assert len(receiver.tokens(kept)) <= budget or len(kept.split()) == 1
    shown = first_tokens(receiver, kept, budget)
    assert len(receiver.tokens(shown)) <= budget
    assert kept.startswith(shown)


@settings(max_examples=60, deadline=None)
@given(st.text("aé漢 \n.", max_size=20), st.integers(1, 12))
def test_the_first_tokens_fit_and_are_as_many_as_fit(models, text, budget):
    receiver = models[1]
    shown = first_tokens(receiver, text, budget)
    assert text.startswith(shown)
    assert len(receiver.tokens(shown)) <= budget
    if shown != text:  # one byte a token here, so the next character does not fit
        assert len(receiver.tokens(text[: len(shown) + 1])) > budget


@given(st.lists(st.floats(0, 9), min_size=1, max_size=8), st.integers(1, 8))
def test_the_most_surprising_words_stay(surprisals, most):
    words = [f"w{n}" for n in range(len(surprisals))]
    kept = pruned(words, surprisals, lambda text: len(text.split()) <= most).split()
    assert len(kept) == min(most, len(words))
    assert kept == [word for word in words if word in kept]
    dropped = [cost for word, cost in zip(words, surprisals, strict=True) if word not in kept]
    assert all(surprisals[words.index(word)] >= cost for word in kept for cost in dropped)


def test_a_token_counts_for_the_word_of_its_last_character():
    text = "ab  cd e "
    spans = [(0, 1), (1, 2), (2, 5), (5, 6), (6, 7), (7, 8), (8, 9)]
    assert by_word(text, spans, [1, 2, 4, 8, 16, 32, 64]) == [3, 12, 112]
    assert by_word("漢 b", [(0, 1), (0, 1), (0, 1), (1, 3)], [1, 2, 4, 8]) == [7, 8]
    assert by_word("", [], []) == []


def test_surprisals_are_the_models_own(models, sender):
    model = models[0]
    texts = ["good film", "a bad one indeed", "x"]
    items = [make_item(str(n), text, "positive") for n, text in enumerate(texts)]
    for text, found in zip(texts, word_surprisals(model, items, texts), strict=True):
        ids = torch.tensor([[*model.bos, *model.tokens(text)]])
        logs = model.model(input_ids=ids).logits[0, :-1].double().log_softmax(-1)
        costs = -logs[torch.arange(len(text)), ids[0, 1:]]  # one byte a token
        wanted, start = [], 0
        for word in text.split(" "):
            end = start + len(word) + (1 if start else 0)
            wanted.append(costs[start:end].sum().item())
            start = end
        assert found == pytest.approx(wanted, abs=1e-3)
        assert sum(found) == pytest.approx(costs.sum().item(), abs=1e-3)


@pytest.mark.parametrize("method", ["pruned_text", "cut_text"])
def test_runs_say_how_much_was_kept(world, models, method):
    spec = world.spec(TASK, method)
    outcome = evaluate(spec, world.cache)
    budget = spec["recipe"]["tokens"]
    items = read_split(world.cache / "data" / spec["data"], "test")
    assert outcome.resolved["budget"] == budget
    assert 0 < outcome.resolved["mean_kept_tokens"] <= budget
    shares = [min(budget, len(models[1].tokens(item.text))) / len(models[1].tokens(item.text)) for item in items]
    assert outcome.resolved["mean_kept_share"] <= round(sum(shares) / len(shares), 4) + 1e-9
    assert len({row.prompt for row in outcome.rows}) > 1
