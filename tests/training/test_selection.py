"""Which rows are trained on, and how labels are broken."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepathy.data.rows import make_item
from telepathy.errors import UserError
from telepathy.training.selection import permuted, some

LABELS = st.lists(st.sampled_from("abc"), min_size=4, max_size=60)


def rows(labels):
    return [make_item(str(at), f"text {at}", label, target=f"t{at}") for at, label in enumerate(labels)]


@given(LABELS, st.data())
def test_a_selection_keeps_shares_and_order(labels, data):
    items = rows(labels)
    number = data.draw(st.integers(1, len(items)))
    chosen = some(items, number, by_label=True)
    assert len(chosen) == number
    assert chosen == [item for item in items if item in chosen]
    whole, part = Counter(labels), Counter(item.gold for item in chosen)
    assert all(abs(part[label] - number * whole[label] / len(items)) < 1 for label in whole)


def test_all_rows_or_too_many():
    items = rows("aab")
    assert some(items, None, by_label=True) == items
    assert some(items, 2, by_label=False) == items[:2]
    with pytest.raises(UserError, match="4 training rows asked for, 3 prepared"):
        some(items, 4, by_label=True)


@given(LABELS, st.integers(0, 3))
def test_permuted_labels_keep_counts_and_texts(labels, seed):
    items = rows(labels)
    broken = permuted(items, seed)
    assert broken == permuted(items, seed)
    assert [item.text_sha256 for item in broken] == [item.text_sha256 for item in items]
    assert Counter((item.gold, item.target) for item in broken) == Counter((item.gold, item.target) for item in items)


def test_permuted_labels_know_nothing_of_the_texts():
    items = rows("ab" * 500)
    agree = sum(one.gold == other.gold for one, other in zip(items, permuted(items, 0), strict=True))
    assert 420 < agree < 580
