"""Near duplicates of test rows are found, and only those."""

from telepathy.data.overlap import grams, near_duplicates
from telepathy.data.rows import make_item


def rows(*texts):
    return [make_item(f"r{at}", text, "x") for at, text in enumerate(texts)]


TRAIN = rows(
    "The film is long, loud and proud of both; nobody in the hall could stay awake until the end.",
    "A quiet story of two sisters.",
    "Good.",
)


def test_near_duplicates_are_found():
    test = rows(
        "the film is LONG, loud and proud of both: nobody in the hall could stay awake until the end!",
        "The film is long, loud and proud of both; nobody in the hall could stay awake.",
        "The film is short, quiet and ashamed of both; somebody in the hall could sleep.",
        "A quiet story of three brothers.",
        "good",
        "A different thing altogether.",
        "...",
    )
    assert near_duplicates(TRAIN, test) == ["r0", "r1", "r4"]


def test_triples():
    assert grams("One two, three-four!") == {("one", "two", "three"), ("two", "three", "four")}
    assert grams("One") == {("one",)}
    assert grams("") == {()}


def test_two_texts_together_are_no_duplicate():
    train = rows("alpha beta gamma delta", "delta epsilon zeta eta")
    assert near_duplicates(train, rows("alpha beta gamma delta epsilon zeta eta")) == []
