"""Every prompt and every layout, for training and evaluation alike: the only place that builds them.

A receiver sequence is a list of token ids in which `SOFT` marks a place for a soft token. The sequence shown at
evaluation is, by construction, the training sequence up to the target.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from telepathy.errors import fail

SOFT = -1
"""Stands for one soft token in a list of token ids."""

CONTENT_FREE = ("N/A", "[MASK]", "")
"""Texts without content, for contextual calibration (Zhao et al. 2021)."""


class Reader(Protocol):
    """The part of a frozen model that laying out a sequence needs."""

    tokenizer: Any
    bos: list[int]

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens."""
        ...


def fill(template: str, text: str) -> str:
    """Put an item's text into a template; braces in the text mean nothing."""
    return template.replace("{text}", text)


def fit(reader: Reader, template: str, text: str, max_tokens: int) -> str:
    """Fill a template, cutting the *text* (not the question after it) so that the whole fits `max_tokens`.

    Raises:
        UserError: the template alone is longer than that.
    """
    whole = fill(template, text)
    room = max_tokens - len(reader.bos)
    if len(reader.tokens(whole)) <= room:
        return whole
    spans = reader.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    keep = min(len(spans), room - len(reader.tokens(fill(template, ""))))
    while keep > 0:
        shorter = fill(template, text[: spans[keep - 1][1]])
        if len(reader.tokens(shorter)) <= room:
            return shorter
        keep -= 1
    raise fail(
        "max_tokens",
        f"{max_tokens} leaves no room for the text in {template!r}",
        "raise the task's max_tokens",
    )


def reading(reader: Reader, prompt: str) -> list[int]:
    """Token ids of a prompt as a model reads it: its beginning token, then the text."""
    return [*reader.bos, *reader.tokens(prompt)]


def continuation(before: str, answer: str) -> str:
    """The answer as it follows `before`: with a space unless white space is already there."""
    return answer if before and before[-1].isspace() else f" {answer}"


def name_labels(template: str, labels: Sequence[str]) -> str:
    """Put the class names into a template, where it asks for them with `{labels}`."""
    return template.replace("{labels}", ", ".join(labels))


def after_shots(template: str, shots: Sequence[tuple[str, str]], prompt: str) -> str:
    """A prompt after solved ones, with blank lines between (Brown et al. 2020).

    Args:
        template: the template of all these prompts; the answers follow it.
        shots: filled prompts and their answers.
        prompt: the filled prompt without an answer.
    """
    solved = [before + continuation(template, answer) for before, answer in shots]
    return "\n\n".join([*solved, prompt])


@dataclass(frozen=True)
class Layout:
    """The order of the pieces around the soft tokens, tokenised for one receiver.

    Attributes:
        prefix: ids that evaluation puts before the target, soft tokens as `SOFT`.
        trained: ids that training puts before the target; the same, save in recorded variants.
        lead: ids that belong to the target and come before its text (a recorded second beginning token).
        suffix: ids after the target's text.
        shown: the evaluation layout as text, part of each row's prompt hash.
        before: the text right before the target ("" after soft tokens).
    """

    prefix: list[int]
    trained: list[int]
    lead: list[int]
    suffix: list[int]
    shown: str
    before: str

    def target(self, reader: Reader, answer: str) -> list[int]:
        """Token ids of a target's text in this layout."""
        return reader.tokens(continuation(self.before, answer))

    def scored(self, target: Sequence[int]) -> list[int]:
        """What the receiver must predict after `trained`."""
        return [*self.lead, *target, *self.suffix]

    def sequence(self, target: Sequence[int]) -> list[int]:
        """The training sequence."""
        return [*self.trained, *self.scored(target)]


def make_layout(
    reader: Reader,
    pieces: Sequence[str],
    primer: str,
    soft_tokens: int,
    evaluated: Sequence[str] | None = None,
    evaluated_primer: str | None = None,
) -> Layout:
    """Tokenise a layout.

    Args:
        reader: the receiver.
        pieces: some of bos, primer, soft, answer_bos, target, eos, in order (checked by the configuration).
        primer: the primer's text.
        soft_tokens: K.
        evaluated: pieces that evaluation puts before the target, if not those of training.
        evaluated_primer: the primer of evaluation, if not that of training.
    """

    def ids(names: Sequence[str], text: str) -> list[int]:
        made = {"bos": reader.bos, "answer_bos": reader.bos, "primer": reader.tokens(text)}
        made |= {"soft": [SOFT] * soft_tokens, "eos": [reader.tokenizer.eos_token_id]}
        return [token for name in names for token in made[name]]

    pieces = list(pieces)
    at = pieces.index("target")
    lead = ["answer_bos"] if pieces[at - 1] == "answer_bos" else []
    start = at - len(lead)
    shown = list(evaluated) if evaluated is not None else pieces[:start]
    shown_primer = primer if evaluated_primer is None else evaluated_primer
    return Layout(
        prefix=ids(shown, shown_primer),
        trained=ids(pieces[:start], primer),
        lead=ids(lead, primer),
        suffix=ids(pieces[at + 1 :], primer),
        shown=f"{'|'.join(shown)}|{soft_tokens}|{shown_primer}",
        before=primer if start and pieces[at - 1] == "primer" else "",
    )
