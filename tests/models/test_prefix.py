"""A shared beginning changes nothing but the time."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from telepathy.data.verbalizer import make_verbalizer
from telepathy.models import prefix
from telepathy.models.frozen import FrozenLM
from telepathy.models.prefix import SharedPrefix, beginning, can_share
from telepathy.models.prepare import prepare
from telepathy.receiver import embed_rows, label_scores

CPU = torch.device("cpu")
SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
WINDOW = {"num_key_value_heads": 2, "sliding_window": 8}
TYPES = {
    "llama": SMALL,
    "mistral": SMALL | WINDOW,
    # Of its layers some slide and some do not.
    "gemma3_text": SMALL | WINDOW | {"head_dim": 8, "layer_types": ["sliding_attention", "full_attention"] * 2},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4},
}
TYPES["gemma3_text"] = TYPES["gemma3_text"] | {"num_hidden_layers": 4}
MAMBA = {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 4, "intermediate_size": 64}


def build(model_type, model_settings, folder) -> FrozenLM:
    spec = {"source": "tiny", "model_type": model_type, "settings": model_settings, "seed": 3}
    layers = model_settings.get("num_hidden_layers", model_settings.get("n_layer"))
    prepare(spec | {"depth": layers, "width": 32}, folder)
    return FrozenLM(folder, "float32", CPU)


@pytest.fixture(scope="module", params=TYPES)
def model(request, tmp_path_factory) -> FrozenLM:
    """With windows of 8 tokens where a model has windows."""
    return build(request.param, TYPES[request.param], tmp_path_factory.mktemp("model") / request.param)


@pytest.mark.parametrize("length", [1, 5, 7, 8, 9, 40])
def test_going_on_from_a_beginning_equals_reading_it_all(model, length):
    """Beginnings shorter and longer than the window, rows of different lengths, used twice."""
    torch.manual_seed(length)
    first = torch.randint(3, 250, (length,)).tolist()
    rows = [torch.randint(3, 250, (n,)).tolist() for n in (3, 12, 1, 7)]
    whole = model.trunk(*embed_rows(model, [[*first, *row] for row in rows], None))
    assert can_share(model)
    shared = SharedPrefix(model, first)
    for _ in range(2):
        rest = shared.trunk(*embed_rows(model, rows, None))
        for row, tokens in enumerate(rows):
            wanted = whole[row, length : length + len(tokens)]
            torch.testing.assert_close(rest[row, : len(tokens)], wanted, atol=1e-4, rtol=1e-4)


def test_label_scores_after_a_shared_beginning(model, monkeypatch):
    verbalizer = make_verbalizer({"a": [5], "b": [6, 7], "c": [6, 9]}, 2)
    first, rows = list(range(20, 32)), [[8, 9], [4], [10, 11, 12], [3]]
    plain = label_scores(model, [[*first, *row] for row in rows], verbalizer, None)
    shared = SharedPrefix(model, first)
    torch.testing.assert_close(label_scores(model, rows, verbalizer, None, shared), plain, atol=1e-4, rtol=1e-4)
    monkeypatch.setattr(prefix, "MOST_TOKENS", 24)  # two rows at a time
    torch.testing.assert_close(label_scores(model, rows, verbalizer, None, shared), plain, atol=1e-4, rtol=1e-4)


def test_models_with_a_running_state_read_everything(tmp_path):
    assert not can_share(build("mamba", MAMBA, tmp_path / "mamba"))


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=5))
def test_the_beginning_is_the_longest_that_leaves_a_token(rows):
    found = beginning(rows)
    assert all(row[: len(found)] == found and len(row) > len(found) for row in rows)
    longer = rows[0][: len(found) + 1]
    assert not all(row[: len(longer)] == longer and len(row) > len(longer) for row in rows)
