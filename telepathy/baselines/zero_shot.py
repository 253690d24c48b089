"""One model reads the text itself; plain, with contextual calibration (Zhao et al. 2021), or in writing."""

from pathlib import Path
from typing import Any

from telepathy.baselines.outcome import Fitted
from telepathy.baselines.reading import WRITTEN_TOKENS, open_reader
from telepathy.data.rows import Item
from telepathy.record import Row


def fit(spec: dict[str, Any], cache: Path) -> Fitted:
    """Open the model; nothing is learned, and a prior comes from texts without content."""
    recipe, labels = spec["recipe"], spec["task"]["labels"]
    reader = open_reader(spec, cache, "reader")
    prior = reader.prior() if labels and recipe["calibrated"] else None

    def answer(items: list[Item]) -> list[Row]:
        return reader.answers(items, [reader.prompt(item.text) for item in items], recipe["answer"], prior)

    resolved: dict[str, Any] = {}
    if labels and recipe["answer"] == "written":
        resolved["decoding"] = {"greedy": True, "max_new_tokens": WRITTEN_TOKENS}
    return Fitted(answer, resolved, reader.model.device, reader.model.dtype)
