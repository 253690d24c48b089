"""From a source's rows to items: template, cut, lettered choices, label or answer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter, ascii_uppercase
from typing import Any

from telepathy.data.answers import final_answer
from telepathy.data.rows import Item, make_item
from telepathy.data.sources import RawRow, as_text
from telepathy.data.spec import DataSpec
from telepathy.errors import fail

HEADLINE = "headline_and_first_sentence"


def squeeze(text: str) -> str:
    """Fold every run of white space to one space and strip the ends."""
    return " ".join(text.split())


def fields(template: str, key: str) -> list[str]:
    """Names of the columns that a template uses.

    Raises:
        UserError: a template that is not valid, or that holds more than plain column names.
    """
    try:
        found = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise fail(key, f"`{template}` is no valid template ({error})", "double a literal brace") from None
    for name in found:
        if not name.isidentifier():
            raise fail(key, f"`{{{name}}}` is no plain column name", "write {column}")
    return found


@dataclass
class Builder:
    """Makes the items of one task.

    Attributes:
        spec: the task's data spec.
        skipped: rows that were left out because their text or answer is empty.
    """

    spec: DataSpec
    skipped: int = 0

    def __post_init__(self) -> None:
        self._text = fields(self.spec.text, "text")
        self._answer = fields(self.spec.answer, "answer") if self.spec.answer is not None else []
        self._labels = label_values(self.spec.labels) if self.spec.labels is not None else {}
        choices = self.spec.choices_column
        self._choices = [choices] if isinstance(choices, str) else list(choices or [])
        if self._choices:
            letters = list(ascii_uppercase[: len(self.spec.labels or {})])
            if list(self.spec.labels or {}) != letters or not letters:
                raise fail("labels", "multiple choice needs the letters A, B, ... in order", "name them so")

    @property
    def columns(self) -> list[str]:
        """Every column of the source that the task uses."""
        label = [self.spec.label_column] if self.spec.labels is not None and self.spec.label_column else []
        return list(dict.fromkeys([*self._text, *self._answer, *label, *self._choices]))

    def build(self, rows: Iterable[RawRow]) -> list[Item]:
        """Make the items of a source's rows, in order; empty rows are counted and left out.

        Raises:
            UserError: an absent column, an undeclared label value, choices or an answer that cannot be read.
        """
        return [item for item in map(self._item, rows) if item is not None]

    def _item(self, row: RawRow) -> Item | None:
        for column in self.columns:
            if column not in row.columns:
                present = ", ".join(sorted(map(str, row.columns)))
                raise fail(f"row {row.id}", f"no column `{column}`", f"use one of the columns: {present}")
        text = self._shown(row)
        if not text:
            self.skipped += 1
            return None
        if self._choices:
            options = self._options(row)
            lines = [f"{letter}) {option}" for letter, option in zip(ascii_uppercase, options, strict=False)]
            label = self._label(row)
            if ascii_uppercase.index(label) >= len(options):
                what = f"the answer is {label}, but there are {len(options)} choices"
                raise fail(f"row {row.id}", what, "mend the row or `labels`")
            return make_item(row.id, "\n".join([text, *lines]), label)
        if self.spec.labels is not None:
            return make_item(row.id, text, self._label(row))
        return self._open(row, text)

    def _shown(self, row: RawRow) -> str:
        cut = self.spec.cut
        if cut == HEADLINE:
            raw = {name: self._scalar(row, name) for name in self._text}
            return headline_and_first_sentence(self.spec.text.format_map(raw))
        folded = {name: squeeze(self._scalar(row, name)) for name in self._text}
        if not any(folded.values()) and folded:
            return ""
        text = self.spec.text.format_map(folded).strip()
        return text if cut is None else text[: int(cut)].rstrip()

    def _open(self, row: RawRow, text: str) -> Item | None:
        raw = {name: self._scalar(row, name) for name in self._answer}
        lines = (self.spec.answer or "").format_map(raw).strip().splitlines()
        target = "\n".join(line.rstrip() for line in lines)
        if not target:
            self.skipped += 1
            return None
        gold = final_answer(target, self.spec.final)
        if gold is None:
            what = f"no number in the answer `{squeeze(target)[:60]}`"
            raise fail(f"row {row.id}", what, "mend the row, or set `final: string`")
        entities = row.columns.get("entities") if self.spec.data.kind == "generated" else None
        return make_item(row.id, text, gold, target, entities)

    def _scalar(self, row: RawRow, column: str) -> str:
        value = row.columns[column]
        if isinstance(value, list | tuple | Mapping):
            what = f"column `{column}` holds {type(value).__name__}, not text"
            raise fail(f"row {row.id}", what, "use another column in the template")
        return as_text(value)

    def _label(self, row: RawRow) -> str:
        column = self.spec.label_column or ""
        value = as_text(row.columns[column]).strip()
        if value not in self._labels:
            allowed = ", ".join(list(self._labels)[:20]) + (", ..." if len(self._labels) > 20 else "")
            what = f"column `{column}` holds `{value}`, which no entry of `labels` names"
            raise fail(f"row {row.id}", what, f"allowed: {allowed}")
        return self._labels[value]

    def _options(self, row: RawRow) -> list[str]:
        """The texts of the choices, whatever the shape of the column."""
        values = [row.columns[name] for name in self._choices]
        content = values[0] if len(values) == 1 else values
        keys: list[Any] | None = None
        if isinstance(content, Mapping) and isinstance(content.get("text"), list | tuple):
            texts, keys = list(content["text"]), content.get("label")
        elif isinstance(content, list | tuple) and all(isinstance(one, Mapping) for one in content):
            texts, keys = [one.get("text") for one in content], [one.get("label") for one in content]
        elif isinstance(content, list | tuple):
            texts = list(content)
        else:
            texts = []
        options = [squeeze(as_text(text)) for text in texts]
        column = ", ".join(self._choices)
        if len(options) < 2 or len(options) > len(self.spec.labels or {}) or not all(options):
            shape = "give a list of texts, {label: [...], text: [...]}, or one column for each choice"
            count = f"{len(options)} choices for {len(self.spec.labels or {})} labels, or an empty one"
            raise fail(f"row {row.id}", f"`{column}` holds {count}", shape)
        if keys is not None and len(keys) == len(options):
            letters = [self._labels.get(as_text(key).strip()) for key in keys if key is not None]
            if letters and letters != list(ascii_uppercase[: len(options)]):
                what = f"`{column}` letters its choices {', '.join(map(as_text, keys))}"
                raise fail(f"row {row.id}", what, "let `labels` map each of them to A, B, ... in order")
        return options


def label_values(labels: Mapping[str, Any]) -> dict[str, str]:
    """Invert `labels`: the text of each value of the label column -> verbalizer.

    Raises:
        UserError: a value under two verbalizers, or one that is no plain value.
    """
    inverse: dict[str, str] = {}
    for name, declared in labels.items():
        for value in declared if isinstance(declared, list) else [declared]:
            if isinstance(value, list | dict) or value is None:
                raise fail(f"labels.{name}", f"`{value}` is no value of a column", "give a value or a list")
            text = as_text(value)
            if inverse.setdefault(text, name) != name:
                raise fail(f"labels.{name}", f"value `{text}` stands under two labels", "keep one of them")
    return inverse


_END = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[£$]?[A-Z0-9])")
_NO_END = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|vs|Jr|Sr|Sen|Gov|Prof|No|Inc|Co|Ltd|Corp)|\b[A-Z])\.$")


def headline_and_first_sentence(text: str) -> str:
    """Shorten a news item to `headline. first sentence`; the first line with text is the headline."""
    lines = [squeeze(line) for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    headline = lines[0] if lines[0][-1] in ".!?" else f"{lines[0]}."
    return squeeze(f"{headline} {_first_sentence(lines[1])}") if len(lines) > 1 else headline


def _first_sentence(text: str) -> str:
    for end in _END.finditer(text):
        sentence = text[: end.end()].rstrip()
        if not _NO_END.search(sentence):
            return sentence
    return text
