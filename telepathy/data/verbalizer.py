"""Closed label sets as a trie of label tokens, so that only a few rows of a head are ever needed.

A label is scored by the product, over the places where labels part ways, of the probability of its token among
the tokens that could follow there. That is the distribution of decoding constrained to the label set; it sums to
1 over labels, and with one-token labels it is the softmax over the label rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telepathy.errors import fail


@dataclass(frozen=True)
class Node:
    """A place where labels part ways: the tokens before it, and the tokens that may follow."""

    prefix: tuple[int, ...]
    children: tuple[int, ...]


@dataclass(frozen=True)
class Verbalizer:
    """A label set for one tokenizer.

    Attributes:
        labels: the labels, in their declared order.
        nodes: branching places; the first has an empty prefix unless all labels begin alike.
        paths: label -> list of (node index, child index) that lead to it.
    """

    labels: list[str]
    nodes: list[Node]
    paths: dict[str, list[tuple[int, int]]]

    def deepest(self, label: str) -> tuple[int, ...]:
        """The tokens of a label that must be fed before its last branching place."""
        return self.nodes[self.paths[label][-1][0]].prefix


def make_verbalizer(tokens: Mapping[str, Sequence[int]], end: int) -> Verbalizer:
    """Build the trie.

    Args:
        tokens: label -> its token ids, in the labels' declared order.
        end: end-of-sequence id; ends a label that is the beginning of another.

    Raises:
        UserError: two labels have the same tokens, or a label has none.
    """
    sequences = {label: tuple(ids) for label, ids in tokens.items()}
    seen: dict[tuple[int, ...], str] = {}
    for label, ids in sequences.items():
        if not ids:
            raise fail("labels", f"`{label}` has no tokens", "choose another verbalizer")
        if ids in seen:
            raise fail("labels", f"`{label}` and `{seen[ids]}` have the same tokens", "choose another verbalizer")
        seen[ids] = label
    for label, ids in sequences.items():
        if any(other != ids and other[: len(ids)] == ids for other in sequences.values()):
            sequences[label] = (*ids, end)
    followers: dict[tuple[int, ...], list[int]] = {}
    for ids in sequences.values():
        for at, token in enumerate(ids):
            found = followers.setdefault(ids[:at], [])
            if token not in found:
                found.append(token)
    nodes = [Node(prefix, tuple(children)) for prefix, children in followers.items() if len(children) > 1]
    nodes.sort(key=lambda node: (len(node.prefix), node.prefix))
    where = {node.prefix: index for index, node in enumerate(nodes)}
    paths = {
        label: [
            (where[ids[:at]], nodes[where[ids[:at]]].children.index(token))
            for at, token in enumerate(ids)
            if ids[:at] in where
        ]
        for label, ids in sequences.items()
    }
    return Verbalizer(list(tokens), nodes, paths)
