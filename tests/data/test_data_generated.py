"""The generators: arithmetic checked by another route, entities that occur, no row twice, fixed forever."""

import random
import re
from fractions import Fraction

import pytest

from telepathy.data.answers import final_answer
from telepathy.data.sources.generated import BAD, GOOD, passkey, toy_sentiment
from telepathy.data.sources.word_problems import NAMES, TEMPLATES, word_problems
from telepathy.files import digest

SUM = re.compile(r"([\d,]+) ([-+*/]) ([\d,]+) = ([\d,]+)")


def take(generator, number, seed=0):
    made = generator(random.Random(seed))
    return [next(made) for _ in range(number)]


@pytest.fixture(scope="module")
def problems():
    return take(word_problems, 3000)


def test_worked_answers_are_right(problems):
    for problem in problems:
        *lines, last = problem["answer"].split("\n")
        assert 1 <= len(lines) <= 3
        for line in lines:
            [(left, sign, right, result)] = SUM.findall(line)
            a, b, c = (Fraction(text.replace(",", "")) for text in (left, right, result))
            assert {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[sign] == c, line
            assert c >= 2
        assert last == f"#### {result.replace(',', '')}"
        assert final_answer(problem["answer"], "number") == last.removeprefix("#### ")


def test_every_number_of_a_step_comes_from_the_question_or_an_earlier_step(problems):
    for problem in problems:
        known = {text.replace(",", "") for text in re.findall(r"\d[\d,]*", problem["question"])}
        for left, _, right, result in SUM.findall(problem["answer"]):
            assert {left.replace(",", ""), right.replace(",", "")} <= known, problem
            known.add(result.replace(",", ""))


def test_every_number_of_the_question_is_used(problems):
    for problem in problems:
        sums = SUM.findall(problem["answer"])
        used = [text.replace(",", "") for left, _, right, _ in sums for text in (left, right)]
        assert set(problem["entities"]["numbers"]) <= set(used)


def test_entities_are_exactly_what_the_question_says(problems):
    for problem in problems:
        question, entities = problem["question"], problem["entities"]
        numbers = {text.rstrip(",").replace(",", "") for text in re.findall(r"\d[\d,]*", question)}
        assert set(entities["numbers"]) == numbers
        assert set(entities["names"]) == set(re.findall(r"[A-Z]\w+", question)) & set(NAMES)
        assert entities["things"] or "pages" in question or "kilometres" in question
        assert all(re.search(rf"\b{thing}\b", question) for thing in entities["things"])


def test_variety(problems):
    assert len(TEMPLATES) >= 12
    assert {len(template.steps) for template in TEMPLATES} == {1, 2, 3}
    questions = [problem["question"] for problem in problems]
    assert len(set(questions)) == len(questions)
    shapes = {re.sub(r"\d[\d,]*|[A-Z]\w+", "_", question) for question in questions}
    assert len(shapes) > 500
    with_comma = sum("," in "".join(sum_) for problem in problems for sum_ in SUM.findall(problem["answer"]))
    assert len(problems) * 0.03 < with_comma < len(problems)
    golds = [final_answer(problem["answer"], "number") for problem in problems]
    assert max(golds.count(gold) for gold in set(golds)) < len(golds) * 0.03


def test_same_on_every_platform(problems):
    # These digests were written down once: a generator, Python or platform that changes a row shows here.
    assert digest(problems[:100]) == "a03755e7ab28"
    assert digest(take(passkey, 100)) == "649a73edcf79"
    assert digest(take(toy_sentiment, 100)) == "8174ba0bc799"
    assert take(word_problems, 5, seed=1) != problems[:5]


def test_passkeys_are_unique_five_digit_codes():
    rows = take(passkey, 20_000)
    codes = [row["code"] for row in rows]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[1-9]\d{4}", code) for code in codes)
    assert rows[0]["text"] == f"The secret access code is {codes[0]}. Remember it."


def test_toy_sentiment_is_separable_by_one_word():
    rows = take(toy_sentiment, 800)
    assert len({row["text"] for row in rows}) == 800
    assert not set(GOOD) & set(BAD)
    for row in rows:
        words = set(re.findall(r"\w+", row["text"].lower()))
        assert bool(words & set(GOOD)) == (row["label"] == "positive")
        assert bool(words & set(BAD)) == (row["label"] == "negative")
