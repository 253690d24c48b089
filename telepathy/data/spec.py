"""The data stage's input: the part of a task that changes its rows, and how many rows a preset uses."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from telepathy.config.base import Strict
from telepathy.config.load import validate
from telepathy.config.tasks import Data, Rows, Splits
from telepathy.errors import fail
from telepathy.files import read_json


class DataSpec(Strict):
    """What the plan writes for a task; the fields are those of a task in the configuration."""

    data: Data
    splits: Splits
    text: str
    cut: Literal["headline_and_first_sentence"] | Annotated[int, Field(gt=0)] | None
    labels: dict[str, Any] | None
    label_column: str | None
    choices_column: str | list[str] | None
    answer: str | None
    final: Literal["number", "string"]
    rows: Rows = Field(description="How many rows of each split to choose.")


def read_spec(path: Path) -> DataSpec:
    """Read and validate a spec.

    Raises:
        UserError: a missing or damaged file, or a key that is unknown, missing or wrong.
    """
    content = read_json(path, "`python -m snakemake`")
    if not isinstance(content, dict):
        raise fail(path, "the file must hold a JSON object", "make it again with `python -m snakemake`")
    for name in DataSpec.model_fields:
        if name not in content:
            raise fail(path, f"missing key `{name}`", "make the file again with `python -m snakemake`")
    spec: DataSpec = validate(DataSpec, content, [(str(path), content)])
    return spec
