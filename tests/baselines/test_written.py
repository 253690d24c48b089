"""Written answers: what cannot be read as one label is counted, and touches no other row."""

import pytest

from telepathy.baselines import reading, text_relay
from telepathy.baselines.run import evaluate
from telepathy.data.rows import make_item, read_split
from telepathy.evaluation import scoring
from telepathy.record import summary

TASK = "toy_sentiment"
UNREADABLE = ["", "  \n ", "I cannot say", "positive or negative", "positively so", "nonnegative", "Answer: unclear"]


@pytest.fixture
def fake(monkeypatch):
    """Let the answering model write given texts, in the order of the rows; what it was asked for is kept."""
    asked = []

    def install(items, outputs):
        by_place = dict(zip((item.id for item in items), outputs, strict=True))
        order = sorted(items, key=lambda item: (len(item.text), item.id))

        def decode(model, prefixes, soft, max_new_tokens):
            asked.append(max_new_tokens)
            if max_new_tokens != reading.WRITTEN_TOKENS:  # the sender's summary
                return ["a summary"] * len(prefixes)
            return [by_place[order.pop(0).id] for _ in prefixes]

        monkeypatch.setattr(scoring, "decode", decode)
        text_relay.SUMMARIES.kept.clear()
        return asked

    yield install
    text_relay.SUMMARIES.kept.clear()


@pytest.mark.parametrize("method", ["text_relay_written", "receiver_written"])
def test_unreadable_answers_are_counted_and_leave_the_others_alone(world, fake, method):
    spec = world.spec(TASK, method)
    items = read_split(world.cache / "data" / spec["data"], "test")
    # All readable answers are right, so one that was misread would show.
    outputs = [
        UNREADABLE[n // 2 % len(UNREADABLE)] if n % 2 else f" {i.gold.upper()}.\nNext" for n, i in enumerate(items)
    ]
    asked = fake(items, outputs)
    outcome = evaluate(spec, world.cache)
    assert reading.WRITTEN_TOKENS in asked
    for number, (row, output) in enumerate(zip(outcome.rows, outputs, strict=True)):
        assert row.output == output
        assert row.scores is None
        assert (row.parsed, row.prediction is None) == ((False, True) if number % 2 else (True, False))
    count = summary(outcome.rows)
    assert count["unparsed"] == len(items) // 2
    parsed = [row for row in outcome.rows if row.parsed]
    assert all(row.correct for row in parsed)
    assert count["correct"] == len(parsed)


def test_a_written_run_names_its_decoding(world):
    outcome = evaluate(world.spec(TASK, "text_relay_written"), world.cache)
    recipe = world.spec(TASK, "text_relay_written")["recipe"]
    assert outcome.resolved["decoding"] == {"greedy": True, "max_new_tokens": recipe["max_new_tokens"]}
    assert outcome.resolved["answer_decoding"] == {"greedy": True, "max_new_tokens": 10}


def test_text_relay_shows_the_receiver_the_summary_and_the_class_names(world, monkeypatch):
    shown = {"sender": [], "receiver": []}
    for module, role in ((text_relay, "sender"), (reading, "receiver")):
        original = module.reading

        def keep(model, prompt, role=role, original=original):
            shown[role].append(prompt)
            return original(model, prompt)

        monkeypatch.setattr(module, "reading", keep)
    text_relay.SUMMARIES.kept.clear()
    reading.SCORES.kept.clear()
    spec = world.spec(TASK, "cot_relay")
    spec["task"] = spec["task"] | {"zero_shot_prompt": "{text}\nSentiment (negative or positive):", "max_tokens": 300}
    outcome = evaluate(spec, world.cache)
    items = read_split(world.cache / "data" / spec["data"], "test")
    assert [row.id for row in outcome.rows] == [item.id for item in items]
    assert len(shown["sender"]) == len(shown["receiver"]) == len(items)
    by_length = sorted(items, key=lambda item: (len(item.text), item.id))
    for item, prompt in zip(by_length, shown["sender"], strict=True):
        wanted = f"{item.text}\n\nWhich of these fits best: negative, positive? Let us think step by step:"
        assert prompt == wanted
    assert all(prompt.endswith("\nSentiment (negative or positive):") for prompt in shown["receiver"])
    assert not any(item.text in prompt for item in items for prompt in shown["receiver"])
    assert all(row.prediction in spec["task"]["labels"] for row in outcome.rows)


def test_scored_and_written_relays_share_the_summaries(world, monkeypatch):
    text_relay.SUMMARIES.kept.clear()
    calls = []
    original = text_relay.written
    monkeypatch.setattr(text_relay, "written", lambda *given: calls.append(given) or original(*given))
    for method in ("text_relay", "text_relay_written", "text_relay", "cot_relay"):
        evaluate(world.spec(TASK, method), world.cache)
    assert len(calls) == 2, "one for the summaries, one for the reasoning"


def test_text_relay_answers_open_questions_too(world):
    spec = world.spec("word_problems", "receiver_zero_shot")
    recipe = {"kind": "text_relay", "prompt": "Short: {text}\n", "max_new_tokens": 4, "answer": "scored"}
    spec |= {"recipe": recipe, "models": world.spec(TASK, "text_relay")["models"]}
    outcome = evaluate(spec, world.cache)
    assert all(row.output is not None and row.source for row in outcome.rows)


def test_the_sender_reads_as_much_of_the_text_whatever_it_is_asked(world):
    """A question that names many classes is longer than what the task allows in all."""
    spec = world.spec(TASK, "text_relay")
    reader = reading.open_reader(spec, world.cache, "sender")
    text = "good " * 40
    items = [make_item("a", text, "positive")]
    ordinary = len(reader.prompt(text)) - len("\nSentiment:")
    assert ordinary < len(text)
    for prompt in ("{text}?", "Which of these: " + "positive, " * 30 + "\n{text}\nSo:"):
        shown = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_relay, "reading", lambda model, whole, shown=shown: shown.append(whole) or [5, 6])
            text_relay.summarise(reader, items, prompt, 1)
        assert len(shown[0]) - len(prompt.replace("{text}", "")) == ordinary
