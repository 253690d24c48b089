"""Closed label sets: a proper distribution, equal to decoding constrained to the labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from telepathy.data.verbalizer import make_verbalizer
from telepathy.errors import UserError

END = 99
TOKENS = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)


@given(st.lists(TOKENS, min_size=2, max_size=9, unique=True), st.integers(0, 2**31))
def test_label_probabilities_sum_to_one_whatever_the_model(sequences, seed):
    labels = {str(index): ids for index, ids in enumerate(sequences)}
    verbalizer = make_verbalizer(labels, END)
    generator = torch.Generator().manual_seed(seed)
    logs = [torch.randn(len(node.children), generator=generator).log_softmax(-1) for node in verbalizer.nodes]
    total = sum(
        torch.stack([logs[node][child] for node, child in verbalizer.paths[label]]).sum().exp() for label in labels
    )
    assert total.item() == pytest.approx(1, abs=1e-5)


@given(st.lists(TOKENS, min_size=2, max_size=9, unique=True))
def test_paths_spell_the_labels(sequences):
    verbalizer = make_verbalizer({str(index): ids for index, ids in enumerate(sequences)}, END)
    for index, ids in enumerate(sequences):
        for node, child in verbalizer.paths[str(index)]:
            place = verbalizer.nodes[node]
            assert (*ids, END)[: len(place.prefix)] == place.prefix
            assert (*ids, END)[len(place.prefix)] == place.children[child]


def test_one_token_labels_need_one_place():
    verbalizer = make_verbalizer({"negative": [8], "positive": [5]}, END)
    assert [(node.prefix, node.children) for node in verbalizer.nodes] == [((), (8, 5))]


def test_same_tokens_are_refused():
    with pytest.raises(UserError, match="`b` and `a` have the same tokens"):
        make_verbalizer({"a": [1, 2], "b": [1, 2]}, END)
    with pytest.raises(UserError, match="`a` has no tokens"):
        make_verbalizer({"a": [], "b": [1]}, END)
