"""The frozen model: padding changes nothing, few-row logits are the model's own, generation is faithful."""

import pytest
import torch

from telepathy.data.verbalizer import make_verbalizer
from telepathy.models.frozen import FrozenLM, positions
from telepathy.models.prepare import prepare
from telepathy.receiver import decode, embed_rows, label_scores

CPU = torch.device("cpu")
TYPES = {
    "llama": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4},
    "mistral": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
                "num_key_value_heads": 2},
    "qwen2": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
              "num_key_value_heads": 2},
    "gemma2": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
               "num_key_value_heads": 2, "head_dim": 8, "final_logit_softcapping": 0.1},
    "gemma3_text": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
                    "num_key_value_heads": 2, "head_dim": 8},
    "gpt_neox": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4},
}  # fmt: skip


@pytest.fixture(scope="module", params=TYPES)
def model(request, tmp_path_factory) -> FrozenLM:
    """Models of families that the code has never heard of."""
    folder = tmp_path_factory.mktemp("model") / request.param
    spec = {"source": "tiny", "model_type": request.param, "settings": TYPES[request.param], "seed": 3}
    prepare(spec | {"depth": 2, "width": 32}, folder)
    return FrozenLM(folder, "float32", CPU)


def test_nothing_is_trainable(model):
    assert not any(one.requires_grad for one in model.model.parameters())


def test_label_rows_equal_the_models_own_logits(model):
    ids = torch.randint(3, 250, (2, 9))
    mask = torch.ones_like(ids)
    own = model.model(input_ids=ids, attention_mask=mask).logits.float()
    tokens = torch.tensor([7, 100, 41])
    ours = model.logits(model.trunk(model.embed(ids), mask), tokens)
    torch.testing.assert_close(ours, own[..., tokens], atol=1e-5, rtol=1e-4)


def test_padding_changes_neither_states_nor_scores(model):
    short, long = [5, 6, 7], [9, 8, 7, 6, 5, 4]
    alone = model.trunk(*embed_rows(model, [short], None))[0]
    together = model.trunk(*embed_rows(model, [short, long], None))[0, :3]
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)
    verbalizer = make_verbalizer({"a": [5], "b": [6, 7], "c": [6, 9]}, 2)
    one = label_scores(model, [short], verbalizer, None)
    both = label_scores(model, [short, long], verbalizer, None)[:1]
    torch.testing.assert_close(one, both, atol=1e-5, rtol=1e-4)


def test_greedy_decoding_of_a_mixed_batch_equals_one_by_one(model):
    rows = [[5, 6, 7], [9, 8, 7, 6, 5, 4], [11, 12, 13, 14]]
    together = decode(model, rows, None, 6)
    assert together == [decode(model, [row], None, 6)[0] for row in rows]


def test_states_are_hidden_states(model):
    ids = torch.randint(3, 250, (1, 5))
    hidden = model.model(input_ids=ids, output_hidden_states=True).hidden_states
    states = model.states(ids, torch.ones_like(ids), [0, 1, 2])
    for layer in range(3):
        torch.testing.assert_close(states[layer], hidden[layer], atol=1e-5, rtol=1e-4)


def test_embedding_rms_is_the_median_over_the_vocabulary(model):
    rows = model.embed(torch.arange(model.head.shape[0])).double()
    assert model.embedding_rms == pytest.approx(rows.pow(2).mean(-1).sqrt().median().item(), rel=1e-4)


def test_bos_is_what_the_tokenizer_adds(model):
    assert model.bos == [model.tokenizer.bos_token_id]


def test_positions_ignore_padding_on_either_side():
    mask = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0]])
    assert positions(mask).tolist() == [[0, 0, 0, 1, 2], [0, 1, 2, 2, 2]]
