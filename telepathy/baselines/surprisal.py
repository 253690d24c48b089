"""How little a model expects each word of a text (in nats), and what is left when the expected ones go.

The perplexity criterion of LLMLingua (Jiang et al. 2023), for words instead of tokens, since the model that reads what
is left has other tokens. The library itself needs a language model of its own, which is downloaded.
"""

import re
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from telepathy.data.rows import Item
from telepathy.evaluation.scoring import batches
from telepathy.models.frozen import FrozenLM
from telepathy.receiver import embed_rows

CHUNK = 256
"""States at a time; memory is CHUNK x vocabulary."""


@torch.no_grad()
def word_surprisals(model: FrozenLM, items: Sequence[Item], texts: Sequence[str]) -> list[list[float]]:
    """Surprisal of every word (what stands between white space) of each text: the sum over its tokens of -log p.

    Args:
        model: reads its beginning token and the text.
        items: the items of the texts, by which batches are cut.
        texts: the texts, perhaps cut.
    """
    # A tokenizer that begins a text with nothing still has a token for a beginning or an end.
    tokenizer = model.tokenizer
    start = model.bos or [tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id]
    coded = [tokenizer(text, add_special_tokens=False, return_offsets_mapping=True) for text in texts]
    place = {item.id: index for index, item in enumerate(items)}

    def prepare(chosen: list[Item]) -> tuple[list[list[int]], None]:
        return [[*start, *coded[place[item.id]]["input_ids"]] for item in chosen], None

    found: list[list[float]] = [[] for _ in texts]
    for chosen, rows, _ in batches(items, prepare):
        hidden = model.trunk(*embed_rows(model, rows, None))
        for index, row, states in zip(chosen, rows, hidden, strict=True):
            golds = torch.tensor(row[len(start) :], device=hidden.device)
            costs = token_surprisals(model, states[len(start) - 1 : len(row) - 1], golds)
            found[index] = by_word(texts[index], coded[index]["offset_mapping"], costs.tolist())
    return found


def token_surprisals(model: FrozenLM, states: Tensor, golds: Tensor) -> Tensor:
    """-log p of tokens `[N]` after states `[N, d]`, in fp32."""
    parts = []
    for some, gold in zip(states.split(CHUNK), golds.split(CHUNK), strict=True):
        logits = (some.to(model.head.dtype) @ model.head.T).float()
        if model.softcap is not None:
            logits = model.softcap * torch.tanh(logits / model.softcap)
        parts.append(F.cross_entropy(logits, gold, reduction="none"))
    return torch.cat(parts)


def by_word(text: str, spans: Sequence[tuple[int, int]], costs: Sequence[float]) -> list[float]:
    """Sum the tokens' costs word by word; a token belongs to the word of its last character.

    White space before a word belongs to it, as in most tokenizers; white space at the end to the last word.
    """
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    sums = [0.0] * len(ends)
    word = 0
    for (start, end), cost in zip(spans, costs, strict=True):
        while word < len(ends) - 1 and max(start, end - 1) >= ends[word]:
            word += 1
        if sums:
            sums[word] += cost
    return sums


def pruned(words: Sequence[str], surprisals: Sequence[float], fits: Callable[[str], bool]) -> str:
    """Drop the least surprising word (the first of equals) until the rest, joined by spaces, fits or is one word."""
    kept = dict(enumerate(words))
    for index in sorted(kept, key=lambda index: (surprisals[index], index)):
        if len(kept) <= 1 or fits(" ".join(kept.values())):
            break
        del kept[index]
    return " ".join(kept.values())
