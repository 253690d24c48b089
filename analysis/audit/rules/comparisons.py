"""Results that are compared with each other, and results that are each other."""

from collections import Counter
from collections.abc import Iterator

from analysis.audit import keys
from analysis.audit.finding import Hit, Severity, rule
from analysis.audit.model import Audit, Result
from telepathy.files import digest

LOSSES = 3
SURE = 10
FEW = 5


@rule(
    "n_mismatch",
    Severity.WARNING,
    "Numbers from other rows differ for that reason alone: score all methods on the same rows before comparing them.",
)
def n_mismatch(audit: Audit) -> Iterator[Hit]:
    """Methods of one task were evaluated on different numbers of rows; an error if a test compares them."""
    for group in _compared(audit):
        sized = [one for one in group if _n(one)]
        sizes = Counter(_n(one) for one in sized)
        if len(sizes) < 2:
            continue
        usual = sizes.most_common(1)[0][0]
        usual_one = next(one for one in sized if _n(one) == usual)
        for one in sized:
            if _n(one) != usual and one.method != usual_one.method:
                what = f"{one.name} has n = {_n(one)}, {usual_one.name} has n = {usual}"
                severity = Severity.ERROR if _tested(audit, one, usual_one) else None
                evidence = {"n": _n(one), "other_n": usual, "other": str(usual_one.place)}
                yield Hit(one.place, what, evidence, severity)


@rule(
    "different_rows",
    Severity.WARNING,
    "The difference mixes the methods with their rows: evaluate both on the same rows, and pair them by id.",
)
def different_rows(audit: Audit) -> Iterator[Hit]:
    """Methods of one task list rows with other ids, or other gold answers for the same id."""
    for group in _compared(audit):
        listed = [one for one in group if one.examples and not one.examples.chosen and _ids(one)]
        for one in listed[1:]:
            first = listed[0]
            if one.method == first.method:
                continue
            a, b = _ids(first), _ids(one)
            alone = set(a) ^ set(b)
            partial = first.whole is None or one.whole is None
            if alone and (not partial or not (set(a) <= set(b) or set(b) <= set(a))):
                what = f"{len(alone)} rows are in only one of {first.name} and {one.name}"
                severity = Severity.ERROR if _tested(audit, one, first) else None
                evidence = {"only_one": len(alone), "example": sorted(alone)[0], "other": str(first.place)}
                yield Hit(one.place, what, evidence, severity)
                continue
            other = [name for name in a if name in b and None not in (a[name], b[name]) and a[name] != b[name]]
            if other:
                what = f"{len(other)} rows have another gold answer in {first.name} and {one.name}"
                yield Hit(one.place, what, {"rows": len(other), "example": other[0]}, Severity.ERROR)


@rule(
    "duplicate_run",
    Severity.ERROR,
    "One run is reported as several, so its repeats are no evidence: find the overwritten setting or copied file.",
)
def duplicate_run(audit: Audit) -> Iterator[Hit]:
    """Results that should differ (in name, seed or settings) have the same losses or the same rows."""
    groups: dict[str, list[Result]] = {}
    for one in audit.results:
        for mark in _marks(one):
            groups.setdefault(mark, []).append(one)
    said: set[tuple[str, str]] = set()
    for mark, group in groups.items():
        first = group[0]
        for one in group[1:]:
            pair = (str(first.place), str(one.place))
            if pair in said or not _should_differ(first, one):
                continue
            said.add(pair)
            same = mark.partition(":")[0]
            what = f"{one.name} has the same {same} as {first.name}"
            severity = Severity.WARNING if same in ("answers", "final loss") else None
            yield Hit(one.place, what, {"same": same, "other": str(first.place)}, severity)


@rule(
    "repeated_configuration",
    Severity.NOTE,
    "Names that share one configuration are repeats: their range is the noise below which no difference counts.",
)
def repeated_configuration(audit: Audit) -> Iterator[Hit]:
    """Differently named results of one file have the same configuration, seed included, and other accuracies."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for one in audit.results:
        settings = {key: value for key, value in one.config.items() if keys.plain(key) not in _labels()}
        if len(settings) >= LOSSES and one.accuracy is not None and _digest(settings) is not None:
            groups.setdefault((one.place.file, one.task, _digest(settings) or ""), []).append(one)
    for group in groups.values():
        methods = {one.method for one in group}
        values = [one.accuracy.value for one in group if one.accuracy is not None]
        if len(methods) > 1 and len({one.seed for one in group}) == 1:
            what = (
                f"{len(group)} results share one configuration and lie between {min(values):.1%} and {max(values):.1%}"
            )
            evidence = {"names": sorted(methods), "lowest": min(values), "highest": max(values)}
            yield Hit(group[0].place, what, evidence)


def _labels() -> set[str]:
    return {
        *keys.names("method"),
        "output_dir",
        "save_path",
        "out",
        "timestamp",
        "checkpoint",
        "run_id",
        "id",
        "log_dir",
    }


def _digest(value: object) -> str | None:
    try:
        return digest(value, 16)
    except (ValueError, TypeError):
        return None  # not a number, or half a character


def _compared(audit: Audit) -> list[list[Result]]:
    """Results that a reader compares: other methods, the same task; without a task, in the same dict or list."""
    groups: dict[tuple[str, ...], list[Result]] = {}
    single = Counter(one.place.file for one in audit.results)
    for one in audit.results:
        if one.over_seeds or one.blind or not one.method:
            continue
        if one.task:
            # Files with one result each are a folder's parts; a file with several is an experiment of its own.
            file = "" if single[one.place.file] == 1 else one.place.file
            groups.setdefault(("task", one.task, file), []).append(one)
        elif not keys.has(one.method, "splits") or keys.has(one.method, "deterministic"):
            above = (
                one.place.parent.parent
                if one.place.path[-1:] and keys.has(one.place.path[-1], "plain")
                else one.place.parent
            )
            place = str(above) if one.place.path else one.place.file.rpartition("/")[0]
            groups.setdefault(("place", place), []).append(one)
    return [group for group in groups.values() if len({one.method for one in group}) > 1]


def _n(one: Result) -> int | None:
    return one.n or (len(one.whole.rows) if one.whole is not None else None)


def _ids(one: Result) -> dict[str, str | None]:
    rows = one.examples.rows if one.examples else []
    named = {row.id if row.id is not None else row.text: row.gold for row in rows}
    return {} if None in named else {str(name): gold for name, gold in named.items()}


def _tested(audit: Audit, first: Result, second: Result) -> bool:
    names = {first.method, second.method}
    for test in audit.tests:
        if len(test.methods) == 2 and all(any(_alike(name, said) for said in test.methods) for name in names):
            return True
    return False


def _alike(name: str, said: str) -> bool:
    a, b = set(keys.words(name)), set(keys.words(said))
    return bool(a and b) and (a <= b or b <= a)


def _marks(one: Result) -> Iterator[str]:
    """What no two different runs share: a curve of losses, written texts, a row of answers with errors in it."""
    if one.mark is not None:
        if one.mark:
            yield f"rows:{one.mark}"
        return
    if len(one.losses) >= LOSSES and len(set(one.losses)) >= LOSSES:
        yield f"losses:{list(one.losses)}"
    elif one.final_loss is not None and len(repr(one.final_loss).partition(".")[2].rstrip("0")) >= FEW:
        yield f"final loss:{one.task}:{one.final_loss!r}"
    rows = one.examples.rows if one.examples and one.examples.answered and not one.examples.chosen else []
    if len(rows) < FEW or one.blind or keys.has(one.method, "blind"):
        return
    key = [[row.id if row.id is not None else row.text, row.gold] for row in rows]
    long = [row.output for row in rows if row.output is not None and len(row.output) > SURE]
    if len(long) >= FEW and len(set(long)) >= FEW:
        yield f"outputs:{digest_text([key, [row.output for row in rows]])}"
    wrong = sum(row.correct is False for row in rows)
    answers = [row.said for row in rows]
    if wrong and len({answer for answer in answers if answer is not None}) > 1:
        sure = len(rows) >= 3 * SURE and wrong >= SURE
        yield f"{'rows' if sure else 'answers'}:{digest_text([key, answers])}"


def digest_text(value: object) -> str:
    """A short name of any value's text."""
    return _digest(repr(value).encode("utf-8", "backslashreplace").decode()) or ""


def _should_differ(first: Result, second: Result) -> bool:
    """Whether two results are of different runs: another seed, method, task or setting."""
    fixed = first.fixed or (first.fixed is None and keys.has(first.method, "deterministic"))
    if first.method == second.method and fixed:
        return False
    seeds = first.seed is not None and second.seed is not None and first.seed != second.seed
    general = keys.listed("plain")
    methods = bool(first.method and second.method) and first.method != second.method
    methods = methods and not {first.method, second.method} & general
    same = set(first.config) & set(second.config) - {"output_dir", "save_path", "name", "timestamp"}
    settings = any(repr(first.config[key]) != repr(second.config[key]) for key in same)
    tasks = bool(first.task and second.task) and first.task != second.task
    return seeds or methods or settings or tasks
