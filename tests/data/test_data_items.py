"""From rows to items: templates, cuts, choices, labels, final answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepathy.data.answers import final_answer, plain_number
from telepathy.data.items import Builder, headline_and_first_sentence, label_values
from telepathy.data.sources import RawRow, as_text
from telepathy.errors import UserError


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("3 * 4 = 12\n#### 12", "12"),
        ("so she has\n#### 1,234,567", "1234567"),
        ("#### $18.50 in all", "18.5"),
        ("#### -7", "-7"),
        ("#### -$7", "-7"),
        ("#### 5.00", "5"),
        ("#### 1\nnext question\n#### 2", "1"),
        ("the answer is 385,000", "385000"),
        ("12-5 = 7", "7"),
        ("she ends with 10-3", "3"),
        ("no mark, 4 apples and 5 pears.", "5"),
        ("7 apples ####", "7"),
        ("nothing", None),
        ("", None),
        ("#### none", None),
    ],
)
def test_final_number(text, final):
    assert final_answer(text, "number") == final


@given(st.integers(-(10**9), 10**9))
def test_final_number_reads_what_was_printed(number):
    assert final_answer(f"so = {number}\n#### {number:,}", "number") == str(number)
    assert final_answer(f"the answer is {number:,}.", "number") == str(number)


def test_final_string_folds_white_space():
    assert final_answer(" a  b\n", "string") == "a b"
    assert final_answer("  ", "string") is None
    assert plain_number("007") == "7"
    assert plain_number("-0.0") == "0"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Dollar gains\n\nThe dollar rose. It fell later.", "Dollar gains. The dollar rose."),
        ("What now?\n\nNobody knows! Really.", "What now? Nobody knows!"),
        (
            "Talks\n\nMr. Blair met the U.S. President J. Smith. They spoke.",
            "Talks. Mr. Blair met the U.S. President J. Smith.",
        ),
        ("Rates\n\nIt is 3.5% now. More later.", "Rates. It is 3.5% now."),
        ('Quote\n\n"It is over." He left.', 'Quote. "It is over."'),
        ("Only a headline\n\n", "Only a headline."),
        ("\n \nHead\nno end of the sentence", "Head. no end of the sentence"),
        ("  \n", ""),
    ],
)
def test_headline_and_first_sentence(text, short):
    assert headline_and_first_sentence(text) == short


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), ("0", "0"), (1.0, "1"), (1.5, "1.5"), (True, "true"), (None, ""), ("x", "x")],
)
def test_values_as_text(value, text):
    assert as_text(value) == text


def test_labels_compare_as_text():
    assert label_values({"no": [0, "n"], "yes": True}) == {"0": "no", "n": "no", "true": "yes"}
    with pytest.raises(UserError, match="two labels"):
        label_values({"no": 0, "yes": "0"})
    with pytest.raises(UserError, match="no value"):
        label_values({"no": {"a": 1}})


@pytest.fixture
def build(csv_spec, validated):
    def run(columns, **changes):
        builder = Builder(validated(csv_spec(**changes)))
        return builder.build([RawRow("all:0", columns)]), builder

    return run


def test_white_space_is_folded_but_the_template_stays(build):
    [item], _ = build({"a": " one\n two ", "b": "x\ty", "label": 1}, text="{a}?\nPassage: {b}")
    assert item.text == "one two?\nPassage: x y"
    assert item.gold == "yes"
    assert item.target is None


def test_cut_in_characters(build):
    [item], _ = build({"text": "abc  def ghi", "label": "0"}, cut=8)
    assert item.text == "abc def"


@pytest.mark.parametrize("value", ["", "  \n", None])
def test_empty_rows_are_counted(build, value):
    items, builder = build({"text": value, "label": "0"}, text="Review: {text}")
    assert items == []
    assert builder.skipped == 1


@pytest.mark.parametrize(
    "choices",
    [
        {"label": ["A", "B", "C"], "text": ["red", " blue ", "green"]},
        {"label": ["1", "2", "3"], "text": ["red", "blue", "green"]},
        [{"label": "A", "text": "red"}, {"label": "B", "text": "blue"}, {"label": "C", "text": "green"}],
        ["red", "blue", "green"],
    ],
)
@pytest.mark.parametrize("key", ["B", "2", 2])
def test_shapes_of_choices(build, choices, key):
    labels = {letter: [letter, n] for n, letter in enumerate("ABCD", start=1)}
    columns = {"q": "Which colour?", "c": choices, "key": key}
    [item], _ = build(columns, text="{q}", labels=labels, label_column="key", choices_column="c")
    assert item.text == "Which colour?\nA) red\nB) blue\nC) green"
    assert item.gold == "B"


def test_a_cut_never_takes_a_choice(build):
    labels = {"A": 0, "B": 1}
    columns = {"q": "long " * 50, "x": "first", "y": "second", "key": 0}
    given = {"text": "{q}", "labels": labels, "label_column": "key", "choices_column": ["x", "y"], "cut": 9}
    [item], _ = build(columns, **given)
    assert item.text == "long long\nA) first\nB) second"


def test_open_answer(build):
    columns = {"q": "How many?", "a": "4 + 5 = 9  \r\n#### 9\n", "entities": {"numbers": ["4"]}}
    [item], _ = build(columns, text="{q}", answer="{a}", labels=None, label_column=None)
    assert item.target == "4 + 5 = 9\n#### 9"
    assert item.gold == "9"
    assert item.entities is None
    assert item.record.keys() == {"id", "text", "text_sha256", "target", "gold"}
