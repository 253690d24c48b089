"""The numbers that the documents of this research report, and the questions on which they give more than one value.

Read from `paper/documents/`: `numbers/*.yaml` hold one entry for each reported number, `sources.yaml` the documents,
`conflicts.yaml` a title for each question, `rebuilds.yaml` the cells of this build that give such a number. An entry
is a statement to be compared with, never a target. Which entries disagree is computed from their values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis import formats
from telepathy.errors import fail

FOLDER = Path(__file__).resolve().parents[1] / "paper" / "documents"
Model = TypeVar("Model", bound=BaseModel)
Evidence = Literal["raw", "stated", "contradicted"]
SIGNS = {
    "percent": "%", "pp": " points", "ratio": "×", "text": "", "parameters": " params",
    "percent_of_baseline": "% of baseline", "x_baseline": "× baseline",
}  # fmt: skip
"""How a unit follows its number; other units follow as they are."""
HUGE = 1e12
"""From here on a number is printed with an exponent."""
RUN_FILES = "Run files."
"""What sources.yaml says about a folder that is no document in the narrow sense."""
BOUNDS = {"~": "about ", ">=": "≥ ", "<": "< ", ">": "> "}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Uncertainty(_Entry):
    """As printed, in the unit of the value: a standard deviation, or the ends of a 95 percent interval."""

    std: float | None = None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _one(self) -> "Uncertainty":
        ends = (self.low, self.high)
        if (self.std is None) == (None in ends) or (None not in ends and not ends[0] <= ends[1]):  # type: ignore[operator]
            raise ValueError("give std, or low and a high that is not under it")
        return self


class Number(_Entry):
    """One reported number."""

    id: str = Field(description="experiment.dataset.method.metric, and a qualifier where that is not unique")
    level: Literal["headline", "detail", "talk"] = Field(
        description="headline: in a table, an abstract or a contradiction; talk: only in answers to questions"
    )
    experiment: str
    dataset: str = Field(description="- where none is named")
    method: str
    metric: str
    value: float | str = Field(description="in `unit`; a word where the document gives one")
    unit: str
    bound: str | None = Field(None, description="<, >, >=, ~, or the range whose middle or start the value is")
    n: int | None = Field(None, ge=1, description="evaluated rows")
    correct: float | None = Field(None, ge=0, description="of them hits")
    seeds: list[int] | int | None = Field(None, description="the seeds, or how many are claimed")
    soft_tokens: int | None = None
    step: int | None = None
    uncertainty: Uncertainty | None = None
    evidence: Evidence = Field(description="raw: a run file gives it; contradicted: one gives another value")
    documents: list[str] = Field(min_length=1)
    conflict: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> "Number":
        if not self.id.startswith(self.place):
            raise ValueError(f"the id does not start with {self.place}")
        if self.correct is not None and (self.n is None or self.correct > self.n):
            raise ValueError("correct needs an n that is at least as large")
        if self.unit == "percent" and not (isinstance(self.value, float) and 0 <= self.value <= 100):
            raise ValueError("a percentage lies between 0 and 100")
        return self

    @property
    def place(self) -> str:
        """What the number is about, as a dotted name."""
        return ".".join((self.experiment, self.dataset, self.method, self.metric))

    @property
    def scale(self) -> float:
        """What divides the value in analysis: percentages and points are fractions there."""
        return 100.0 if self.unit in ("percent", "pp") else 1.0

    @property
    def number(self) -> float | None:
        """The value as analysis counts it; None for a word."""
        return self.value / self.scale if isinstance(self.value, float) else None

    @property
    def content(self) -> tuple[Any, ...]:
        """What two entries of a question must share in order not to contradict each other."""
        return (self.value, self.unit, self.bound, self.uncertainty)

    @property
    def text(self) -> str:
        """The number for people: `93.7% ± 0.8`, `about 1 h`, `88.9% [83.8, 92.6]`."""
        shown = self.value if isinstance(self.value, str) else amount(self.value)
        if self.bound is not None:
            shown = BOUNDS[self.bound] + shown if self.bound in BOUNDS else self.bound.replace("-", formats.MISSING)
        shown += SIGNS.get(self.unit, f" {self.unit}")
        if self.uncertainty is None:
            return shown
        std, low, high = (None if x is None else formats.number(x) for x in dict(self.uncertainty).values())
        return f"{shown} ± {std}" if std is not None else f"{shown} [{low}, {high}]"


def amount(value: float) -> str:
    """A reported number with all digits that it was printed with, up to six significant ones."""
    return f"{value:.2g}".replace("e+", "e") if abs(value) >= HUGE else formats.number(value, 6)


class Source(_Entry):
    """A document, or a folder of run files."""

    name: str
    about: str


class Kind(_Entry):
    """A kind of contradiction."""

    title: str
    about: str


class Conflict(_Entry):
    """A question that documents answer in more than one way."""

    kind: str
    title: str
    one: bool = Field(False, description="whether all its entries are about one quantity")


class Rebuild(_Entry):
    """The cell of this build that gives the number of some entries."""

    experiment: str
    task: str
    method: str
    setting: str | None = None
    pair: Literal["leading", "reverse", "sender_twice", "receiver_twice"] = "leading"
    quantity: Literal["accuracy", "difference"] = "accuracy"
    same: bool = Field(True, description="whether preset `paper` has the models and data of the number")
    claims: list[str] = Field(min_length=1)


@dataclass(frozen=True)
class Group:
    """All entries that bear on one question."""

    slug: str
    kind: str
    title: str
    one: bool
    numbers: list[Number]

    @property
    def disagree(self) -> bool:
        """Whether its entries differ in value, unit, bound or uncertainty."""
        return len({number.content for number in self.numbers}) > 1

    @property
    def values(self) -> list[str]:
        """All different values as text, by unit in the order of the entries, then by size."""
        units = list(dict.fromkeys(number.unit for number in self.numbers))
        ranked = sorted(self.numbers, key=lambda one: (units.index(one.unit), one.number or 0.0))
        return list(dict.fromkeys(number.text for number in ranked))

    @property
    def span(self) -> tuple[float, float] | None:
        """Smallest and largest value of one quantity, in its unit; None for several quantities or units, or words."""
        if not self.one:
            return None
        values = [number.value for number in self.numbers if isinstance(number.value, float)]
        alike = len({number.unit for number in self.numbers}) == 1 and len(values) == len(self.numbers)
        return (min(values), max(values)) if alike else None

    @property
    def documents(self) -> list[str]:
        """Documents that its entries come from."""
        return list(dict.fromkeys(name for number in self.numbers for name in number.documents))


@dataclass(frozen=True)
class Ledger:
    """All of `paper/documents/`."""

    numbers: list[Number]
    sources: dict[str, Source]
    kinds: dict[str, Kind]
    conflicts: dict[str, Conflict]
    rebuilds: list[Rebuild]

    @cached_property
    def groups(self) -> list[Group]:
        """The entries that share a slug, for each slug of the entries, in the order of conflicts.yaml."""
        found: dict[str, list[Number]] = {slug: [] for slug in self.conflicts}
        for number in self.numbers:
            if number.conflict is not None:
                found[number.conflict].append(number)
        return [Group(slug, *dict(self.conflicts[slug]).values(), same) for slug, same in found.items()]

    @cached_property
    def contradictory(self) -> set[str]:
        """Ids of the entries that another entry of their question, or a run file, contradicts."""
        among = {number.id for group in self.groups if group.disagree for number in group.numbers}
        return among | {number.id for number in self.numbers if number.evidence == "contradicted"}


@cache
def load(folder: Path = FOLDER) -> Ledger:
    """Read all reported numbers.

    Raises:
        UserError: a file is missing or no YAML, an entry does not fit, an id stands there twice, a question has fewer
            than two entries, or something names what does not exist; one line each.
    """
    sources = _table(folder / "sources.yaml", "sources", Source)
    kinds = _table(folder / "conflicts.yaml", "kinds", Kind)
    conflicts = _table(folder / "conflicts.yaml", "conflicts", Conflict)
    rebuilds = list(_list(folder / "rebuilds.yaml", "rebuilds", Rebuild))
    numbers: dict[str, Number] = {}
    for path in sorted((folder / "numbers").glob("*.yaml")):
        for number in _list(path, "numbers", Number):
            if number.id in numbers:
                raise fail(path, f"{number.id} stands there twice", "remove one")
            _known(path, number.id, "document", number.documents, sources)
            _known(path, number.id, "conflict", [number.conflict] if number.conflict else [], conflicts)
            numbers[number.id] = number
    if not numbers:
        raise fail(folder / "numbers", "no reported number", "put .yaml files with a list `numbers` there")
    for slug, conflict in conflicts.items():
        _known(folder / "conflicts.yaml", slug, "kind", [conflict.kind], kinds)
        if sum(number.conflict == slug for number in numbers.values()) < 2:
            raise fail(folder / "conflicts.yaml", f"{slug} has fewer than two entries", "remove it, or add them")
    named = [name for rebuild in rebuilds for name in rebuild.claims]
    _known(folder / "rebuilds.yaml", "rebuilds", "claim", named, numbers)
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise fail(folder / "rebuilds.yaml", f"{twice} stands there twice", "keep the cell that fits better")
    return Ledger(list(numbers.values()), sources, kinds, conflicts, rebuilds)


def _known(path: Path, owner: str, what: str, names: list[str], known: dict[str, Any]) -> None:
    for name in names:
        if name not in known:
            raise fail(path, f"{owner} names an unknown {what}, {name}", "add it, or mend the name")


def _content(path: Path, key: str, wanted: type) -> Any:
    try:
        content = _read(path)
    except FileNotFoundError:
        raise fail(path, "no such file", "restore it") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise fail(path, f"not readable as YAML ({' '.join(str(error).split())})", "mend it") from None
    if not isinstance(content, dict) or not isinstance(content.get(key), wanted):
        raise fail(path, f"no `{key}`", f"put the entries under `{key}:`")
    return content[key]


def _read(path: Path) -> Any:
    # The C parser where there is one: the numbers are many.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


def _list(path: Path, key: str, model: type[Model]) -> Iterator[Model]:
    for place, entry in enumerate(_content(path, key, list), start=1):
        name = entry.get("id", f"entry {place}") if isinstance(entry, dict) else f"entry {place}"
        yield _fit(path, name, model, entry)


def _table(path: Path, key: str, model: type[Model]) -> dict[str, Model]:
    return {str(name): _fit(path, name, model, entry) for name, entry in _content(path, key, dict).items()}


def _fit(path: Path, name: str, model: type[Model], entry: Any) -> Model:
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise fail(path, f"{name}: {key + ': ' if key else ''}{message}", "mend the entry") from None
