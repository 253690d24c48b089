"""Whether an accuracy agrees with what stands beside it."""

from collections.abc import Iterator

from analysis.audit import keys
from analysis.audit.finding import Hit, Severity, rule
from analysis.audit.model import Audit, Part, Result
from analysis.audit.numbers import finite


@rule(
    "accuracy_counts",
    Severity.ERROR,
    "One of the numbers was not computed from the other: find out which rows were counted, and compute it again.",
)
def accuracy_counts(audit: Audit) -> Iterator[Hit]:
    """The accuracy is not correct / total, beyond the rounding of the number as written."""
    for one in audit.results:
        if one.correct is None or not one.n:
            continue
        evidence = {"correct": one.correct, "n": one.n}
        if one.correct > one.n:
            yield Hit(one.place, f"{one.correct} of {one.n} rows are counted as correct", evidence)
        elif (
            one.accuracy is not None and abs(one.accuracy.value - one.correct / one.n) > one.accuracy.step * 1.02 + 1e-9
        ):
            evidence |= {"accuracy": one.accuracy.written, "computed": one.correct / one.n}
            what = f"accuracy {one.accuracy.written:g} is not {one.correct} of {one.n} ({one.correct / one.n:.4g})"
            yield Hit(one.place, what, evidence)


@rule(
    "accuracy_parts",
    Severity.ERROR,
    "Classes or groups that do not add up to the whole were counted on other rows, or some are left out: count again.",
)
def accuracy_parts(audit: Audit) -> Iterator[Hit]:
    """A breakdown by class does not add up to the result, or a confusion matrix gives another one."""
    for one in audit.results:
        for name, parts in one.parts.items():
            hit = _sums(one, name, parts)
            if hit is not None:
                yield hit
        if one.confusion is not None:
            yield from _confusion(one)


def _sums(one: Result, name: str, parts: list[Part]) -> Hit | None:
    place, sizes = one.place / name, [part.n for part in parts]
    n = None if None in sizes else sum(size for size in sizes if size is not None)
    counts = [_right(part) for part in parts]
    correct = None if None in counts else sum(c for c in counts if c is not None)
    if n is not None and one.n and n != one.n:
        what = f"the parts of `{name}` have {n} rows, the result {one.n}"
        return Hit(place, what, {"sum": n, "n": one.n}, None if n > one.n else Severity.WARNING)
    written = one.accuracy
    if n and correct is not None and written is not None:
        slack = (
            written.step
            + sum(part.accuracy.step * (part.n or 0) for part in parts if part.accuracy and part.correct is None) / n
        )
        if abs(written.value - correct / n) > slack * 1.02 + 1e-9:
            what = f"accuracy {written.written:g} is not what the parts of `{name}` give: {correct:g} of {n}"
            return Hit(place, what, {"correct": correct, "n": n, "computed": correct / n})
    if n is None and written is not None and all(part.accuracy is not None for part in parts):
        values = [part.accuracy.value for part in parts if part.accuracy is not None]
        slack = written.step + max(part.accuracy.step for part in parts if part.accuracy is not None)
        if not min(values) - slack <= written.value <= max(values) + slack:
            what = f"accuracy {written.written:g} lies outside all parts of `{name}`"
            return Hit(place, what, {"lowest": min(values), "highest": max(values)})
    return None


def _right(part: Part) -> float | None:
    if part.correct is not None:
        return part.correct
    return part.accuracy.value * part.n if part.accuracy is not None and part.n is not None else None


def _confusion(one: Result) -> Iterator[Hit]:
    table = one.confusion or []
    n, correct = sum(map(sum, table)), sum(row[place] for place, row in enumerate(table))
    place = one.place / "confusion_matrix"
    if one.n and n != one.n:
        yield Hit(place, f"the confusion matrix has {n:g} rows, the result {one.n}", {"sum": n, "n": one.n})
    elif one.accuracy is not None and abs(one.accuracy.value - correct / n) > one.accuracy.step * 1.02 + 1e-9:
        what = f"accuracy {one.accuracy.written:g} is not the diagonal of the confusion matrix ({correct:g} of {n:g})"
        yield Hit(place, what, {"diagonal": correct, "sum": n, "computed": correct / n})


@rule(
    "accuracy_samples",
    Severity.ERROR,
    "The number was not computed from these rows: score the stored rows again and report what they give.",
)
def accuracy_samples(audit: Audit) -> Iterator[Hit]:
    """The rows give another accuracy, or show more right or wrong answers than the result counts."""
    for one in audit.results:
        rows = one.examples
        if rows is None or one.accuracy is None or one.over_seeds:
            continue
        marks = [row.correct for row in rows.rows]
        if any(mark is None for mark in marks) or not _comparable(one):
            continue
        right, shown = sum(bool(mark) for mark in marks), len(marks)
        evidence = {"rows": shown, "right": right, "n": one.n, "accuracy": one.accuracy.written}
        if one.n and shown > one.n:
            yield Hit(rows.place, f"{shown} rows are listed, but n is {one.n}", evidence)
        elif one.whole is not None:
            if abs(one.accuracy.value - right / shown) > one.accuracy.step * 1.02 + 1e-9:
                what = f"accuracy {one.accuracy.written:g} is not what the {shown} rows give: {right} right"
                yield Hit(rows.place, what, evidence | {"computed": right / shown})
        elif one.n:
            slack = one.accuracy.step * one.n + 0.5
            count = one.accuracy.value * one.n
            if right > count + slack or shown - right > one.n - count + slack:
                what = (
                    f"the listed rows alone ({right} right of {shown}) contradict {one.accuracy.written:g} on {one.n}"
                )
                yield Hit(rows.place, what, evidence)


def _comparable(one: Result) -> bool:
    """Whether the file marks its rows, or answers and golds are of one small set and so need no fuzzy match."""
    rows = one.examples.rows if one.examples else []
    if all(row.right is not None for row in rows):
        return True
    golds, answers = {row.gold for row in rows}, {row.answer for row in rows if row.answer is not None}
    closed = answers <= golds | set(one.labels) or len(golds | answers) <= max(2, len(rows) // 3)
    return closed or all(_numeric(answer) for answer in answers)


def _numeric(text: str | None) -> bool:
    return text is not None and text.lstrip("-").replace(".", "", 1).isdigit()


@rule(
    "marks_contradict_rows",
    Severity.WARNING,
    "A row is counted as right although its prediction is another label (or the other way round): check the matching.",
)
def marks_contradict_rows(audit: Audit) -> Iterator[Hit]:
    """Rows are marked right or wrong against their own gold and prediction, both from the same set of labels."""
    for one in audit.lists:
        golds = {row.gold for row in one.rows if row.gold is not None}
        odd = [
            row
            for row in one.rows
            if row.right is not None
            and row.gold is not None
            and row.answer in golds
            and (row.answer == row.gold) != row.right
        ]
        if odd:
            first = odd[0]
            evidence = {"rows": len(odd), "of": len(one.rows), "gold": first.gold, "prediction": first.answer}
            marked = "right" if first.right else "wrong"
            what = f"{len(odd)} rows contradict their mark, such as {first.answer!r} for {first.gold!r} marked {marked}"
            yield Hit(one.place, what, evidence)


@rule(
    "mixed_scale",
    Severity.WARNING,
    "Percentages and fractions in one file get compared or averaged by mistake: write all of them on one scale.",
)
def mixed_scale(audit: Audit) -> Iterator[Hit]:
    """Some accuracies of a file are percentages, others fractions."""
    files: dict[str, list[Result]] = {}
    for one in audit.results:
        files.setdefault(one.place.file, []).append(one)
    for group in files.values():
        yield from (hit for one in group if (hit := _own_scale(one)) is not None)
        percent = [one for one in group if one.accuracy is not None and one.accuracy.written > 1.5]
        fraction = [one for one in group if _fraction(one)]
        if percent and fraction:
            few, many = sorted((percent, fraction), key=len)
            first, other = few[0].accuracy, many[0].accuracy
            if first is not None and other is not None:
                what = f"{first.written:g} and {other.written:g} are on different scales"
                yield Hit(few[0].place, what, {"percentages": len(percent), "fractions": len(fraction)})


def _own_scale(one: Result) -> Hit | None:
    """Two accuracies of one dict on two scales."""
    written = [found for name in keys.names("accuracy") if (found := finite(one.own.get(name))) is not None]
    large, small = [found for found in written if found > 1.5], [found for found in written if 0.1 < found < 1]
    if not large or not small:
        return None
    return Hit(one.place, f"{large[0]:g} and {small[0]:g} are on different scales", {"accuracies": written})


def _fraction(one: Result) -> bool:
    if one.accuracy is None or not 0 < one.accuracy.written < 1:
        return False
    if one.correct is not None and one.n:
        return one.accuracy.percent is False
    return one.accuracy.written > 0.1 and "percent" not in keys.words(" ".join(one.place.path))
