"""The receiver's side: put soft tokens into a layout, run the frozen trunk, score or decode the target."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from telepathy.data.prompts import SOFT, Layout
from telepathy.data.verbalizer import Verbalizer
from telepathy.losses import frozen_head_cross_entropy
from telepathy.models.frozen import FrozenLM, pad_rows
from telepathy.models.prefix import SharedPrefix


def embed_rows(receiver: FrozenLM, rows: Sequence[Sequence[int]], soft: Tensor | None) -> tuple[Tensor, Tensor]:
    """Right-padded embeddings of token rows, with soft tokens in their places.

    Args:
        receiver: the frozen receiver.
        rows: token ids; `SOFT` marks the places of soft tokens, K in each row.
        soft: soft tokens `[B, K, d_r]`, or None if no row has a place for them.

    Returns:
        Embeddings `[B, T, d_r]` and mask `[B, T]` (1 = real).
    """
    ids, mask = pad_rows(rows, receiver.tokenizer.pad_token_id)
    ids, mask = ids.to(receiver.device), mask.to(receiver.device)
    places = ids == SOFT
    with torch.no_grad():
        embeds = receiver.embed(ids.masked_fill(places, 0))
    if soft is not None:
        # Row by row the places come in order, as the soft tokens do.
        embeds = embeds.masked_scatter(places.unsqueeze(-1), soft.to(embeds.dtype))
    return embeds, mask


def label_loss(
    receiver: FrozenLM,
    prefixes: Sequence[Sequence[int]],
    verbalizer: Verbalizer,
    golds: Sequence[str],
    soft: Tensor | None,
    own: Sequence[int] | None = None,
) -> Tensor:
    """Mean of -log P(gold label) over the batch, P as in `verbalizer`; only label rows of the head are used.

    Args:
        receiver: the receiver.
        prefixes: token ids of each row up to the label, `SOFT` in the places of soft tokens.
        verbalizer: the label set.
        golds: the label of each row.
        soft: soft tokens `[B, K, d_r]`, None if no row has a place for them.
        own: the rows to read, if not all: their part of the batch's mean is the result.
    """
    count = len(golds)
    if own is not None and len(own) < count:
        prefixes, golds = [prefixes[row] for row in own], [golds[row] for row in own]
        soft = None if soft is None else soft[list(own)]
    rows = [[*prefix, *verbalizer.deepest(gold)] for prefix, gold in zip(prefixes, golds, strict=True)]
    starts = [len(prefix) - 1 for prefix in prefixes]
    hidden = receiver.trunk(*embed_rows(receiver, rows, soft))
    total = hidden.new_zeros((), dtype=torch.float32)
    for index, node in enumerate(verbalizer.nodes):
        here = [(row, child) for row, gold in enumerate(golds) for at, child in verbalizer.paths[gold] if at == index]
        if here:
            at_rows = torch.tensor([row for row, _ in here], device=hidden.device)
            children = torch.tensor([child for _, child in here], device=hidden.device)
            places = torch.tensor([starts[row] + len(node.prefix) for row, _ in here], device=hidden.device)
            states = hidden[at_rows, places]
            logits = receiver.logits(states, torch.tensor(node.children, device=hidden.device))
            total = total + F.cross_entropy(logits, children, reduction="sum")
    return total / count


def text_loss(
    receiver: FrozenLM,
    layout: Layout,
    targets: Sequence[Sequence[int]],
    soft: Tensor,
    first: tuple[int, float] | None = None,
    mask_padding: bool = True,
    own: Sequence[int] | None = None,
) -> Tensor:
    """Mean cross-entropy over all target tokens of the batch (and what the layout puts around the target's text).

    Args:
        receiver: the frozen receiver.
        layout: its sequence.
        targets: token ids of the targets' texts.
        soft: soft tokens `[B, K, d_r]`.
        first: (count, weight) of the first scored tokens; the others weigh 1 (phase 11).
        mask_padding: False puts padding into the loss and into attention (a recorded defect).
        own: the rows to read, if not all: their part of the batch's mean is the result.
    """
    scored = [layout.scored(target) for target in targets]
    if not mask_padding:
        pad, longest = receiver.tokenizer.pad_token_id, max(map(len, scored))
        scored = [[*tokens, *[pad] * (longest - len(tokens))] for tokens in scored]
    whole = sum(_weight(tokens, first) for tokens in scored)
    if own is not None and len(own) < len(scored):
        scored, soft = [scored[row] for row in own], soft[list(own)]
    part = sum(_weight(tokens, first) for tokens in scored)
    start = len(layout.trained)
    hidden = receiver.trunk(*embed_rows(receiver, [[*layout.trained, *tokens] for tokens in scored], soft))
    states = torch.cat([hidden[row, start - 1 : start - 1 + len(tokens)] for row, tokens in enumerate(scored)])
    golds = torch.cat([torch.tensor(tokens) for tokens in scored]).to(hidden.device)
    weights = None
    if first is not None:
        count, weight = first
        each = [[weight] * min(count, len(tokens)) + [1.0] * max(0, len(tokens) - count) for tokens in scored]
        weights = torch.tensor([one for row in each for one in row], device=hidden.device)
    loss = frozen_head_cross_entropy(states, receiver.head, golds, receiver.softcap, weights=weights)
    return loss if part == whole else loss * (part / whole)


def _weight(tokens: Sequence[int], first: tuple[int, float] | None) -> float:
    """Weight of a row's tokens in the mean over a batch."""
    if first is None:
        return len(tokens)
    count, weight = first
    return weight * min(count, len(tokens)) + max(0, len(tokens) - count)


@torch.no_grad()
def label_scores(
    receiver: FrozenLM,
    prefixes: Sequence[Sequence[int]],
    verbalizer: Verbalizer,
    soft: Tensor | None,
    shared: SharedPrefix | None = None,
) -> Tensor:
    """Log-probability of every label after each prefix: `[B, labels]`, fp32 on CPU; each row's exp sums to 1.

    With `shared`, a beginning that the receiver has read already, `prefixes` are what follows it.
    """
    scores = torch.zeros(len(prefixes), len(verbalizer.labels))
    for index, node in enumerate(verbalizer.nodes):
        rows = [[*prefix, *node.prefix] for prefix in prefixes]
        hidden = (shared or receiver).trunk(*embed_rows(receiver, rows, soft))
        last = torch.tensor([len(row) - 1 for row in rows], device=hidden.device)
        states = hidden[torch.arange(len(rows), device=hidden.device), last]
        logs = receiver.logits(states, torch.tensor(node.children, device=hidden.device)).log_softmax(-1).cpu()
        for column, label in enumerate(verbalizer.labels):
            for at, child in verbalizer.paths[label]:
                if at == index:
                    scores[:, column] += logs[:, child]
    return scores


def decode(
    receiver: FrozenLM, prefixes: Sequence[Sequence[int]], soft: Tensor | None, max_new_tokens: int
) -> list[str]:
    """Greedy continuations of prefixes (padded on the left, where generation needs it)."""
    embeds, mask = embed_rows(receiver, prefixes, soft)
    lengths = mask.sum(1)
    longest = embeds.shape[1]
    # Rotate each row so that its padding comes first.
    shift = (torch.arange(longest, device=mask.device)[None, :] + lengths[:, None]) % longest
    embeds = embeds.gather(1, shift.unsqueeze(-1).expand_as(embeds))
    return receiver.generate(embeds, mask.gather(1, shift), max_new_tokens)
