"""What the audit knows of a folder, whoever wrote it: results, tests, spreads over seeds, timings, examples."""

from dataclasses import dataclass, field
from typing import Any

from analysis.audit.finding import Place
from analysis.audit.numbers import Share
from analysis.statistics import Interval


@dataclass(frozen=True)
class Example:
    """One row as a file shows it.

    Attributes:
        id: as written; None where there is none.
        text: what was shown, or what stands for it (a hash).
        gold: gold answer in lower case.
        answer: prediction in lower case; None where nothing could be read.
        output: generated text.
        right: what the file says of it.
        predicted: there is a field for the prediction, filled or not.
        answered: there is a prediction, an output or a mark, rather than only a question.
    """

    id: str | None
    text: str | None
    gold: str | None
    answer: str | None
    output: str | None
    right: bool | None
    predicted: bool = True
    answered: bool = True

    @property
    def correct(self) -> bool | None:
        """What the file says, else whether answer and gold are the same; None if neither is known."""
        if self.right is not None or self.gold is None or not self.predicted:
            return self.right
        return self.answer == self.gold

    @property
    def said(self) -> str | None:
        """The answer, or the output where answers have no field."""
        return self.answer if self.predicted else self.output


@dataclass(frozen=True)
class Examples:
    """A list of rows.

    Attributes:
        chosen: only a part of the rows, picked by their outcome (`errors`, `failures`).
        answered: rows with predictions or outputs, rather than a data set's rows.
    """

    place: Place
    rows: list[Example]
    chosen: bool = False
    answered: bool = True


@dataclass(frozen=True)
class Part:
    """One class (or other group of rows) of a result."""

    name: str
    n: int | None
    correct: int | None
    accuracy: Share | None


@dataclass
class Result:
    """A number of right answers, with what stands beside it.

    Attributes:
        method: name of what was scored; "" where nothing tells.
        task: name of the data; "" where nothing tells.
        seed: as written.
        config: settings that stand beside it.
        own: scalars that stand beside it.
        parts: groups of rows by the breakdown's name.
        fixed: the rows cannot depend on a seed; None where only the name can tell.
        blind: it sees nothing of a row, by design.
        overlap: test rows with a near-duplicate in training, and test rows.
        mark: what no two different runs share, where the reader knows better than the rules; "" for nothing.
    """

    place: Place
    method: str
    task: str
    seed: str | None = None
    accuracy: Share | None = None
    correct: int | None = None
    n: int | None = None
    chance: float | None = None
    classes: int | None = None
    labels: tuple[str, ...] = ()
    interval: Interval | None = None
    confidence: float = 0.95
    over_seeds: bool = False
    examples: Examples | None = None
    losses: tuple[float, ...] = ()
    final_loss: float | None = None
    unparsed: int | None = None
    confusion: list[list[float]] | None = None
    parts: dict[str, list[Part]] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    fixed: bool | None = None
    blind: bool = False
    overlap: tuple[int, int] | None = None
    open_answers: bool = False
    mark: str | None = None

    @property
    def name(self) -> str:
        """Method, task and seed, as far as they are known."""
        seed = f" seed {self.seed}" if self.seed is not None else ""
        return f"{self.method or 'result'}{' on ' + self.task if self.task else ''}{seed}"

    @property
    def whole(self) -> Examples | None:
        """The rows, if all that were scored are there."""
        found = self.examples
        if found is None or found.chosen or not found.answered or (self.n is not None and len(found.rows) != self.n):
            return None
        return found


@dataclass(frozen=True)
class Spread:
    """A mean with a deviation, over seeds.

    Attributes:
        values: of the seeds, in the unit of the mean; empty if they are not beside it.
        count: number of seeds, where it is said.
        step: half a unit of the last digit, of mean and deviation.
        accuracy: whether it is of accuracies, as far as the names tell.
    """

    place: Place
    method: str
    task: str
    mean: float | None
    deviation: float | None
    values: tuple[float, ...]
    count: int | None
    step: tuple[float, float]
    accuracy: bool


@dataclass(frozen=True)
class Test:
    """A test of significance, or an effect size.

    Attributes:
        p: as written, also where it is impossible.
        corrected: p after correction.
        significant: flag that rests on `p`.
        correction: what the file says about correction, here or above.
        kind: words of the test's name and of the keys that lead to it.
        seeds: number of seeds on the smaller side, where known.
        methods: names compared, as far as known.
        sides: per-seed values of either side.
        rows: whether per-example rows are there; None if unknown to the reader.
    """

    place: Place
    p: float | None
    corrected: float | None
    significant: bool | None
    significant_corrected: bool | None
    correction: str | None
    effect: float | None
    kind: frozenset[str]
    seeds: int | None
    methods: tuple[str, ...]
    sides: tuple[tuple[float, ...], ...] = ()
    zero_spread: bool = False
    rows: bool | None = None


@dataclass(frozen=True)
class Timing:
    """Speed: rows a second, seconds a row (or a batch), seconds in all."""

    place: Place
    throughput: float | None
    latency: float | None
    wall: float | None
    n: int | None
    batch: int | None


@dataclass(frozen=True)
class Override:
    """Two places that give one setting two values."""

    place: Place
    setting: str
    declared: Any
    used: Any
    where: str
    firm: bool


@dataclass(frozen=True)
class Document:
    """A file as read; `content` is any JSON value."""

    file: str
    content: Any


@dataclass(frozen=True)
class Claim:
    """A number that a text reports, and where it should stand."""

    id: str
    value: float
    step: float
    percent: bool
    n: int | None
    correct: float | None
    file: str | None
    key: str | None
    stated: bool


@dataclass
class Audit:
    """Everything the rules look at.

    Attributes:
        paired: files with a table of rows that marks several methods.
        claims: reported numbers, if a file of them was given.
        strangers: files (or a plan's missing runs) that tell nothing, with the reason.
        damaged: files that contradict themselves, with the reason.
    """

    documents: list[Document] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    spreads: list[Spread] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    lists: list[Examples] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    paired: set[str] = field(default_factory=set)
    claims: list[Claim] | None = None
    claims_file: str = ""
    strangers: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
