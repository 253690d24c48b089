"""What the rows themselves show: answers, classes, outputs."""

import itertools
from collections import Counter
from collections.abc import Iterator

from analysis import statistics
from analysis.audit import keys
from analysis.audit.finding import Hit, Place, Severity, rule
from analysis.audit.model import Audit, Result

FEW = 5
LONG = 16
"""Characters from which an output is a text, which no two rows share by chance."""
MANY = 0.05
"""Share of unread answers from which it is a warning."""


@rule(
    "constant_predictions",
    Severity.WARNING,
    "A method (or a parser) that always answers the same has learned or read nothing: look at the raw outputs.",
)
def constant_predictions(audit: Audit) -> Iterator[Hit]:
    """All rows have the same prediction, although their gold answers differ."""
    for one in _answered(audit):
        rows = one.examples.rows if one.examples else []
        said = {row.said for row in rows}
        golds = {row.gold for row in rows if row.gold is not None}
        if len(rows) >= FEW and len(said) == 1 and None not in said and len(golds) != 1:
            answer = next(iter(said))
            evidence = {"rows": len(rows), "answer": answer, "golds": len(golds)}
            blind = Severity.NOTE if _blind(one) else None
            yield Hit(
                one.examples.place if one.examples else one.place, f"{len(rows)} rows, all {answer!r}", evidence, blind
            )


@rule(
    "below_chance",
    Severity.WARNING,
    "Below guessing, something works against the method (labels, prompt, parser): find out before comparing with it.",
)
def below_chance(audit: Audit) -> Iterator[Hit]:
    """The whole Wilson interval of the accuracy lies below chance."""
    for one in audit.results:
        n, level = one.n or (len(one.whole.rows) if one.whole else None), _chance(one)
        if one.accuracy is None or not n or level is None or one.over_seeds:
            continue
        correct = min(n, round(one.accuracy.value * n))
        bounds = statistics.wilson(correct, n, 0.95)
        if bounds.high is not None and bounds.high < level:
            evidence = {"accuracy": one.accuracy.value, "n": n, "chance": level, "high": bounds.high}
            what = f"accuracy {one.accuracy.value:.1%} (n = {n}) is below chance, {level:.1%}"
            yield Hit(one.place, what, evidence, Severity.NOTE if _blind(one) else None)


def _chance(one: Result) -> float | None:
    if one.chance is not None or one.open_answers:
        return one.chance
    rows = one.whole.rows if one.whole else []
    golds = Counter(row.gold for row in rows)
    small = None not in golds and 2 <= len(golds) <= 10 and min(golds.values(), default=0) >= 3
    return 1 / len(golds) if small else None


@rule(
    "unparsed_answers",
    Severity.WARNING,
    "An answer that cannot be read counts as wrong, which measures the parser: report the share, and mend the parser.",
)
def unparsed_answers(audit: Audit) -> Iterator[Hit]:
    """Rows have an empty output or a prediction that could not be read.

    It is an error where all rows are and the result does not count them, and a note where few are.
    """
    for one in audit.results:
        rows = one.examples.rows if one.examples and not one.examples.chosen else []
        n = len(rows)
        empty = [row.output is not None and not row.output.strip() for row in rows]
        bad = sum(blank or (row.predicted and row.answer is None) for blank, row in zip(empty, rows, strict=True))
        place = one.examples.place if one.examples and bad else one.place
        if not bad and one.unparsed and (one.n or n):
            bad, n = one.unparsed, one.n or n
        if bad and n:
            share = bad / n
            silent = share >= 1 and not one.unparsed
            severity = Severity.ERROR if silent else Severity.WARNING if share >= MANY else Severity.NOTE
            yield Hit(place, f"{bad} of {n} answers are empty or unread", {"unread": bad, "n": n}, severity)


@rule(
    "class_coverage",
    Severity.WARNING,
    "Rows of some classes only (as the first n of a sorted file) measure another task: draw a seeded sample.",
)
def class_coverage(audit: Audit) -> Iterator[Hit]:
    """A class of the task has no row, all rows are of one class, or the rows are sorted by class."""
    for one in audit.results:
        yield from _parts(one)
        golds = [row.gold for row in one.whole.rows if row.gold is not None] if one.whole else []
        if len(golds) < 2 * FEW or one.open_answers or one.examples is None:
            continue
        classes = set(golds)
        evidence = {"rows": len(golds), "classes": sorted(classes)[:12], "declared": one.classes}
        place = one.examples.place
        others = {row.answer for row in one.examples.rows if row.answer is not None} - classes
        if len(classes) == 1 and ((one.classes or 0) > 1 or others):
            yield Hit(place, f"all {len(golds)} rows are of the class {golds[0]!r}", evidence)
            continue
        if one.classes and len(classes) < one.classes:
            missing, size = one.classes - len(classes), one.classes
            by_chance = size * (1 - 1 / size) ** len(golds)
            severity = None if missing > by_chance + 2 * by_chance**0.5 + 0.5 else Severity.NOTE
            yield Hit(place, f"{missing} of {size} classes have no row", evidence | {"by_chance": by_chance}, severity)
        blocks = 1 + sum(a != b for a, b in itertools.pairwise(golds))
        if 2 <= len(classes) == blocks and len(golds) >= 4 * len(classes):
            yield Hit(
                place, f"the {len(golds)} rows are sorted by their {len(classes)} classes", evidence, Severity.WARNING
            )


def _parts(one: Result) -> Iterator[Hit]:
    for name, parts in one.parts.items():
        empty = [part.name for part in parts if part.n == 0]
        if empty and any(part.n for part in parts) and set(keys.words(name)) & {"class", "label", "classes", "labels"}:
            what = f"{len(empty)} of {len(parts)} classes have no row: {', '.join(empty[:5])}"
            yield Hit(one.place / name, what, {"empty": empty})


@rule(
    "identical_outputs",
    Severity.WARNING,
    "The same text for different inputs means that the input does not reach the output: compare with shuffled inputs.",
)
def identical_outputs(audit: Audit) -> Iterator[Hit]:
    """A long output is repeated for different inputs."""
    for one in audit.lists:
        texts = [
            (row.output.strip(), row.text or row.id or str(place)) for place, row in enumerate(one.rows) if row.output
        ]
        counts = Counter(text for text, _ in texts if len(text) >= LONG)
        if not counts:
            continue
        most, times = counts.most_common(1)[0]
        inputs = {shown for text, shown in texts if text == most}
        if times >= FEW and len(inputs) >= FEW and times >= 0.3 * len(texts):
            evidence = {"rows": len(texts), "same": times, "distinct": len({text for text, _ in texts}), "output": most}
            yield Hit(one.place, f"{times} of {len(texts)} outputs are the same text", evidence)


@rule(
    "test_in_training",
    Severity.ERROR,
    "A test row that was trained on measures memory: remove it from the training rows and run again.",
)
def test_in_training(audit: Audit) -> Iterator[Hit]:
    """Texts (or ids) of test rows are also among the training rows, where a folder gives both."""
    groups: dict[str, dict[str, tuple[object, set[str]]]] = {"train": {}, "test": {}}
    for one in audit.lists:
        side = _side(str(one.place))
        if side:
            texts = {row.text for row in one.rows if row.text is not None}
            groups[side][str(one.place)] = (one.place, texts)
    for _, tested in groups["test"].values():
        for where, (_, trained) in groups["train"].items():
            both = tested & trained
            if both:
                place = next(one.place for one in audit.lists if str(one.place) == where)
                what = f"{len(both)} of {len(tested)} test texts are training rows"
                yield Hit(place, what, {"shared": len(both), "test": len(tested), "example": sorted(both)[0]})
    for document in audit.documents:
        yield from _ids(document.file, document.content)
    for result in audit.results:
        if result.overlap is not None and result.overlap[0]:
            near, n = result.overlap
            what = f"{near} of {n} test rows of {result.task} have a near-duplicate among the training rows"
            yield Hit(result.place, what, {"near": near, "n": n}, Severity.NOTE)


def _ids(file: str, content: object) -> Iterator[Hit]:
    """`train_ids` and `test_ids` that stand in one dict."""
    stack: list[tuple[Place, object, int]] = [(Place(file), content, 0)]
    while stack:
        place, value, depth = stack.pop()
        if not isinstance(value, dict) or depth > 20:
            continue
        found: dict[str, set[str]] = {}
        for key, part in value.items():
            side = _side(key)
            if side and isinstance(part, list) and part and all(isinstance(one, (str, int)) for one in part):
                found[side] = {str(one) for one in part}
            stack.append((place / key, part, depth + 1))
        both = found.get("train", set()) & found.get("test", set())
        if both:
            evidence = {"shared": len(both), "test": len(found["test"]), "example": sorted(both)[0]}
            numbered = all(one.isdigit() for one in both)
            yield Hit(place, f"{len(both)} test ids are training ids", evidence, Severity.WARNING if numbered else None)


def _side(name: str) -> str | None:
    words = set(keys.words(name))
    train, test = words & keys.listed("trained_on"), words & keys.listed("tested_on")
    return "train" if train and not test else "test" if test and not train else None


def _answered(audit: Audit) -> Iterator[Result]:
    for one in audit.results:
        if one.examples is not None and one.examples.answered and not one.examples.chosen:
            yield one


def _blind(one: Result) -> bool:
    return one.blind or keys.has(one.method, "blind")
