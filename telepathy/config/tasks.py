"""A task: where its rows come from, how they are split, what the models are shown, how answers count."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from telepathy.config.base import Strict


class FileData(Strict):
    """Rows from files by path: CSV, JSON lines, Parquet, or one folder of text files for each label.

    With `distribution`, paths are relative to where that Python distribution is installed.
    """

    kind: Literal["file"]
    format: Literal["csv", "jsonl", "parquet", "text_folders"]
    files: dict[str, str] = Field(
        min_length=1, description="Split name -> path. One entry named `all` means: cut the splits ourselves."
    )
    distribution: str | None = None
    where: dict[str, str] = Field(default_factory=dict, description="Keep rows whose column has this value.")
    encoding: str | list[str] = Field(
        default="utf-8", description="How text is encoded; of a list, each file takes the first that fits it."
    )
    sha256: dict[str, str] = Field(default_factory=dict, description="Split name -> sha256 to insist on.")


class HubData(Strict):
    """A data set on the Hugging Face hub, read through `datasets`, pinned by commit."""

    kind: Literal["hub"]
    repo: str
    name: str | None = None
    revision: str = Field(pattern="^[0-9a-f]{40}$")


class GeneratedData(Strict):
    """Rows made by a seeded generator of this project."""

    kind: Literal["generated"]
    generator: Literal["word_problems", "passkey", "toy_sentiment"]
    rows: int = Field(gt=0)
    seed: int = 0


Data = Annotated[FileData | HubData | GeneratedData, Field(discriminator="kind")]


class Splits(Strict):
    """Which source split feeds which of ours. Validation rows are always cut from train."""

    train: str = "all"
    test: str = "all"

    @model_validator(mode="after")
    def _both_or_none(self) -> "Splits":
        if (self.train == "all") != (self.test == "all"):
            raise ValueError("train and test must both be `all`, or both name a split of the source")
        return self


class Task(Strict):
    """One task. Templates use Python format fields that name columns of the source."""

    title: str
    license: str
    data: Data
    splits: Splits = Splits()
    text: str = Field(description="Template of the item's text, such as `{sentence}`.")
    cut: Literal["headline_and_first_sentence"] | int | None = Field(
        default=None, description="Shorten the text: to so many characters, or to a news item's first lines."
    )
    labels: dict[str, Any] | None = Field(
        default=None, description="Verbalizer -> value(s) of the label column, for a closed label set."
    )
    label_column: str | None = None
    choices_column: str | list[str] | None = Field(
        default=None,
        description="Multiple choice: the column of the options, or one for each; shown as lettered lines.",
    )
    answer: str | None = Field(default=None, description="Template of the text target, for open answers.")
    final: Literal["number", "string"] = Field(
        default="number", description="What of an open answer is compared with the gold answer."
    )
    pattern: str | None = Field(
        default=None, description="`final: string`: the first match of this regular expression is the answer."
    )
    stop: list[str] = Field(default=[], description="A generated answer ends where one of these texts begins.")
    sender_prompt: str = Field(description="What the sender reads; `{text}` is the item's text.")
    zero_shot_prompt: str | None = Field(
        default=None, description="What a model reads in the text baselines; the sender's prompt if absent."
    )
    primer: str = Field(description="Text given to the receiver around the soft tokens.")
    max_tokens: int = Field(default=128, gt=0, description="The sender's input is cut to so many tokens.")
    max_new_tokens: int = Field(default=96, gt=0, description="Length of a generated answer.")
    mean_tokens: int | None = Field(
        default=None,
        gt=0,
        description="About how many tokens a text has with its prompt, for estimates of disk and time alone; "
        "max_tokens if absent.",
    )

    @model_validator(mode="after")
    def _one_kind_of_target(self) -> "Task":
        if (self.labels is None) == (self.answer is None):
            raise ValueError("give either `labels` (closed label set) or `answer` (open text), not both")
        if self.labels is not None:
            if self.label_column is None:
                raise ValueError("`labels` needs `label_column`")
            if len(self.labels) < 2:
                raise ValueError("`labels` needs at least two entries")
        if "{text}" not in self.sender_prompt:
            raise ValueError("`sender_prompt` must contain {text}")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"`pattern` is no regular expression ({error})") from None
        return self

    @property
    def planned_tokens(self) -> int:
        """Tokens of a text with its prompt, as far as a plan can know."""
        return min(self.max_tokens, self.mean_tokens or self.max_tokens)

    @property
    def label_names(self) -> list[str]:
        """The verbalizers in their declared order; empty for open answers."""
        return list(self.labels or {})


class Rows(Strict):
    """How many rows of each split a preset uses."""

    train: int = Field(gt=0)
    validation: int = Field(gt=0)
    test: int = Field(gt=0)
