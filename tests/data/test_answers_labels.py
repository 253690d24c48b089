"""The parser of written answers to a closed label set."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telepathy.data.answers import label_of

FEELINGS = ["negative", "positive"]
CARDS = ["card payment", "card payment fee", "payment fee charged", "age limit"]
LETTERS = ["A", "B", "C", "D"]
LABELS = st.lists(st.text("abc", min_size=2, max_size=4), min_size=2, max_size=5, unique=True)


@pytest.mark.parametrize(
    ("text", "labels", "found"),
    [
        ("positive", FEELINGS, "positive"),
        (" Positive.", FEELINGS, "positive"),
        ("The sentiment is NEGATIVE!", FEELINGS, "negative"),
        ("positive. positive", FEELINGS, "positive"),
        ("\n\n positive\nReview: negative", FEELINGS, "positive"),
        ("positive\nnegative", FEELINGS, "positive"),
        ("**positive**", FEELINGS, "positive"),
        ("", FEELINGS, None),
        (" \n\t ", FEELINGS, None),
        ("no idea", FEELINGS, None),
        ("no idea\npositive", FEELINGS, None),
        ("positively good", FEELINGS, None),
        ("nonnegative", FEELINGS, None),
        ("non-negative", FEELINGS, None),
        ("positive-ish", FEELINGS, None),
        ("positive_2", FEELINGS, None),
        ("positive or negative", FEELINGS, None),
        ("negative, not Positive", FEELINGS, None),
        ("card  payment", CARDS, "card payment"),
        ("It is a card payment fee.", CARDS, "card payment fee"),
        ("card payment fee or card payment", CARDS, None),
        ("card payment fee charged", CARDS, None),
        ("card payments", CARDS, None),
        ("paymentcard payment", CARDS, None),
        ("card", CARDS, None),
        ("A", LETTERS, "A"),
        ("(b)", LETTERS, "B"),
        ("c", LETTERS, "C"),
        ("B) the second", LETTERS, "B"),
        ("Answer: D", LETTERS, "D"),
        ("the answer is a", LETTERS, "A"),
        ("a) red", LETTERS, "A"),
        ("It is a dog", LETTERS, None),
        ("It is a dog, so B", LETTERS, "B"),
        ("Answer", LETTERS, None),
        ("A or B", LETTERS, None),
        ("C++ it is", ["C++", "C"], "C++"),
        ("1", ["1", "10"], "1"),
        ("10", ["1", "10"], "10"),
    ],
)
def test_what_an_answer_names(text, labels, found):
    assert label_of(text, labels) == found


@given(LABELS, st.data())
def test_a_label_alone_is_read_however_it_is_written(labels, data):
    label = data.draw(st.sampled_from(labels))
    written = data.draw(
        st.sampled_from([label, label.upper(), label.title(), f" {label}.", f'"{label}"', f"{label}, "])
    )
    more = data.draw(st.sampled_from(["", "\n", f"\n{labels[0]} {labels[-1]}"]))
    assert label_of(written + more, labels) == label


@given(LABELS, st.text(max_size=30))
def test_what_is_read_stands_there_and_alone(labels, text):
    found = label_of(text, labels)
    assert found is None or found in labels
    if found is not None:
        assert found in text.strip().splitlines()[0].lower()
        assert label_of(f"{text.strip().splitlines()[0]}; xyz", labels) == found


@given(LABELS, st.data())
def test_two_labels_are_none(labels, data):
    one, other = data.draw(st.lists(st.sampled_from(labels), min_size=2, max_size=2, unique=True))
    assert label_of(f"{one} / {other}", labels) is None
    assert label_of(f"{one}, {one}", labels) == one


@given(LABELS, st.data(), st.text("xyz_9é", min_size=1, max_size=3), st.text("xyz_9é", max_size=3))
def test_a_label_within_a_word_is_none(labels, data, before, after):
    label = data.draw(st.sampled_from(labels))
    assert label_of(f"{before}{label}{after}", labels) is None
    assert label_of(f"so {label}{before}", labels) is None


@given(LABELS, st.text("abc", min_size=2, max_size=4))
def test_a_label_in_a_longer_one_counts_as_that(labels, word):
    label = labels[0]
    longer = f"{label} {word}"
    assume(word not in labels or word == label)
    assert label_of(f"I say {longer}", [*labels, longer]) == longer
    assert label_of(f"I say {label}.", [*labels, longer]) == label


def test_the_order_of_labels_does_not_matter():
    assert label_of("card payment fee", CARDS) == label_of("card payment fee", CARDS[::-1]) == "card payment fee"
