"""What the other stages read: the items of a prepared data folder, checked against its `task.json`.

Standard library only, so that any stage may import it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telepathy.errors import fail
from telepathy.files import file_sha256, read_json, text_sha256

MADE_BY = "`python -m telepathy.data.prepare`"
SPLITS = ("train", "validation", "test")
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Item:
    """One row of a task.

    Attributes:
        id: where the row lies in its source, such as `train:17`; unique within a task.
        text: the item's text, which a sender prompt holds as `{text}`.
        text_sha256: short hash of the text; with `id` the key by which runs are paired.
        gold: the label's verbalizer, or the final answer of an open task.
        target: the full answer text of an open task; None for a closed label set.
        entities: of generated word problems the `numbers` (plain digits), `names` and `things` of the text.
    """

    id: str
    text: str
    text_sha256: str
    gold: str
    target: str | None = None
    entities: dict[str, list[str]] | None = None

    @property
    def record(self) -> dict[str, Any]:
        """The item as its line in a split's file says it."""
        content: dict[str, Any] = {"id": self.id, "text": self.text, "text_sha256": self.text_sha256}
        content |= {"label": self.gold} if self.target is None else {"target": self.target, "gold": self.gold}
        return content | ({"entities": self.entities} if self.entities is not None else {})


def read_split(folder: Path, split: str) -> list[Item]:
    """Read one split of a prepared data folder, in its fixed order.

    Args:
        folder: what `telepathy.data.prepare --out` named.
        split: `train`, `validation` or `test`.

    Raises:
        UserError: no such split, or a file that is missing or not the one that `task.json` describes.
    """
    if split not in SPLITS:
        raise fail(folder, f"no split `{split}`", f"choose one of: {', '.join(SPLITS)}")
    task = read_json(folder / "task.json", MADE_BY)
    if not isinstance(task, dict) or task.get("schema_version") != SCHEMA_VERSION:
        what = f"schema version is not {SCHEMA_VERSION}"
        raise fail(folder / "task.json", what, f"make it again with {MADE_BY}")
    path = folder / f"{split}.jsonl"
    if not path.exists():
        raise fail(path, "no such file", f"make it with {MADE_BY}")
    if file_sha256(path) != task.get("files", {}).get(path.name):
        again = f"delete the folder and make it again with {MADE_BY}"
        raise fail(path, "the sha256 is not the one that task.json states", again)
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [_item(json.loads(line)) for line in lines]


def texts_of(folder: Path, take: dict[str, int] | None) -> dict[str, str]:
    """Texts by hash, each once: of all splits, or of the first rows of the splits named in `take`."""
    splits = take or dict.fromkeys(SPLITS)
    items = [item for split, rows in splits.items() for item in read_split(folder, split)[:rows]]
    return {item.text_sha256: item.text for item in items}


def make_item(
    id: str, text: str, gold: str, target: str | None = None, entities: dict[str, list[str]] | None = None
) -> Item:
    """Make an item; its text's hash is computed here and nowhere else."""
    return Item(id, text, text_sha256(text), gold, target, entities)


def _item(content: dict[str, Any]) -> Item:
    target = content.get("target")
    gold = content["label"] if target is None else content["gold"]
    return Item(content["id"], content["text"], content["text_sha256"], gold, target, content.get("entities"))
