"""Results in foreign files: a number of right answers, and what stands beside it."""

from typing import Any

from analysis.audit import intervals, keys
from analysis.audit.finding import Place
from analysis.audit.model import Examples, Part, Result
from analysis.audit.naming import Named, of_name
from analysis.audit.numbers import Share, count, finite, number, numbers, share

SUMS = {"macro_avg", "micro_avg", "weighted_avg", "samples_avg", "accuracy", "overall", "total", "all", "average"}
PER = ("by_", "per_")
RUNS = {"seed", "seeds", "run", "runs", "fold", "folds", "trial", "trials", "epoch", "step", "example", "sample"}
LOGS = {"train_info", "history", "training", "train", "log", "logs", "training_history", "train_history"}
COUNTED = {"counts", "count", "support", "distribution", "histogram"}
LONGEST = 40
"""Characters of a scalar beside a result that are kept."""


def is_result(content: dict[str, Any]) -> bool:
    """Whether a dict gives an accuracy, or counts of right answers."""
    if finite(keys.get(content, "accuracy")) is not None:
        return True
    correct, n = count(keys.get(content, "correct")), count(keys.get(content, "n"))
    return correct is not None and bool(n) and not isinstance(keys.get(content, "correct"), bool)


def build(
    place: Place,
    content: dict[str, Any],
    named: Named,
    told: dict[str, Any],
    examples: list[Examples],
    skipped: set[str],
) -> list[Result]:
    """The results of a dict.

    Args:
        place: of the dict.
        content: the dict.
        named: method, task and seed, as far as names and fields tell.
        told: chance, classes and labels from the dicts above.
        examples: lists of rows in the dict.
        skipped: keys that are used up here are added.
    """
    found = []
    if is_result(content) or examples or _losses(content):
        found.append(_one(place, content, named, told, examples, skipped))
    elif (mean := _mean(content, place)) is not None:
        # A mean over seeds has an interval, but no rows of its own.
        one = _base(place, named, told, content)
        one.accuracy, one.over_seeds = mean, True
        _interval(one, content, mean)
        found.append(one)
    for key, value in content.items():
        if keys.plain(key) in keys.names("accuracy") and isinstance(value, dict):
            found += _by_method(place / key, value, named, told)
    return found + _prefixed(place, content, named, told)


def _base(place: Place, named: Named, told: dict[str, Any], content: dict[str, Any]) -> Result:
    one = Result(place, named.method, named.task, named.seed)
    written = finite(keys.get(content, "chance"))
    written = finite(told.get("chance")) if written is None else written
    one.classes = count(keys.get(content, "classes")) or told.get("classes")
    labels = keys.get(content, "labels")
    labels = labels if _texts(labels) and not _texts(keys.get(content, "prediction")) else told.get("labels")
    if _texts(labels):
        one.labels = tuple(dict.fromkeys(str(label).strip().lower() for label in labels))
        one.classes = one.classes or len(one.labels)
    if written is not None and 0 < written < 100:
        one.chance = written / 100 if written > 1 else written
    elif one.classes and one.classes > 1:
        one.chance = 1 / one.classes
    return one


def _one(
    place: Place,
    content: dict[str, Any],
    named: Named,
    told: dict[str, Any],
    examples: list[Examples],
    skipped: set[str],
) -> Result:
    one = _base(place, named, told, content)
    one.correct = count(keys.get(content, "correct"))
    one.n = count(keys.get(content, "n")) or None
    key, value = keys.entry(content, "accuracy")
    percent = True if {"pct", "percent", "percentage"} & set(keys.words(key)) else None
    one.accuracy = share(value, percent, one.correct, one.n)
    one.over_seeds = _several(content)
    _interval(one, content, one.accuracy)
    one.examples = max(examples, key=lambda rows: (not rows.chosen, len(rows.rows)), default=None)
    one.losses = _losses(content)
    one.final_loss = next((loss for part in _logs(content) if (loss := finite(keys.get(part, "final_loss")))), None)
    one.unparsed = count(keys.get(content, "unparsed"))
    one.confusion = _matrix(keys.get(content, "confusion"))
    one.parts = _parts(content, skipped)
    config = keys.get(content, "config")
    one.config = config if isinstance(config, dict) else {}
    one.own = {
        keys.plain(name): part
        for name, part in content.items()
        if isinstance(part, (str, int, float)) and len(str(part)[: LONGEST + 1]) <= LONGEST
    }
    return one


def _logs(content: dict[str, Any]) -> list[dict[str, Any]]:
    """A dict and the dicts of its training in it."""
    return [content, *(part for key, part in content.items() if keys.plain(key) in LOGS and isinstance(part, dict))]


def _losses(content: dict[str, Any]) -> tuple[float, ...]:
    found = [keys.get(part, "losses") for part in _logs(content)]
    return next((tuple(numbers(losses) or ()) for losses in found if isinstance(losses, list) and len(losses) > 2), ())


def _several(content: dict[str, Any]) -> bool:
    """Whether the accuracy is that of several seeds: it has a deviation, a list of seeds or a number of them."""
    apart = {*keys.names("mean"), *keys.names("deviation")}
    for key in content:
        parts = keys.plain(key).split("_")
        if apart & set(parts):
            stem = "_".join(part for part in parts if part not in apart)
            if not stem or stem in keys.names("accuracy"):
                return True
    return isinstance(keys.get(content, "seeds"), list) or (count(keys.get(content, "seed_count")) or 0) > 1


def _interval(one: Result, content: dict[str, Any], accuracy: Share | None) -> None:
    if accuracy is None or (found := intervals.of_dict(content, accuracy)) is None:
        return
    one.interval, one.confidence, key = found
    one.over_seeds = one.over_seeds or "seed" in key or "bootstrap" in key


def _mean(content: dict[str, Any], place: Place) -> Share | None:
    """The mean accuracy of a dict of a mean over seeds, if an interval stands beside it."""
    for key, value in content.items():
        name = keys.plain(key)
        upper = keys.plain(place.path[-1]) if place.path else ""
        parts = set(name.split("_")) & set(keys.names("mean"))
        rest = "_".join(part for part in name.split("_") if part not in keys.names("mean"))
        if parts and (rest in keys.names("accuracy") or (not rest and upper in keys.names("accuracy"))):
            return share(value)
        if parts and not rest and any("ci" in keys.words(other) or "ci95" in keys.words(other) for other in content):
            return share(value)
    return None


def _by_method(place: Place, values: dict[str, Any], named: Named, told: dict[str, Any]) -> list[Result]:
    """`accuracy: {bridge: 0.9, relay: 0.7}`: numbers by name."""
    read = {key: share(value) for key, value in values.items() if not set(keys.words(key)) & _spread_words()}
    found = []
    for key, accuracy in read.items():
        if accuracy is not None:
            name = named | of_name(key)
            one = _base(place / key, name, told, {})
            one.accuracy = accuracy
            found.append(one)
    return found


def _prefixed(place: Place, content: dict[str, Any], named: Named, told: dict[str, Any]) -> list[Result]:
    """`bridge_accuracy`, `bridge_correct`, `bridge_total` in one dict."""
    found = []
    for key, value in content.items():
        name = keys.plain(key)
        prefix, _, last = name.rpartition("_")
        if last not in ("accuracy", "acc") or not prefix or name in keys.names("accuracy") or number(value) is None:
            continue
        if keys.has(prefix, "other_accuracy") or set(prefix.split("_")) & _spread_words():
            continue
        part = {
            keys.plain(other).removeprefix(prefix + "_"): inner
            for other, inner in content.items()
            if keys.plain(other).startswith(prefix + "_")
        }
        found.append(_one(place / key, part, named | of_name(prefix), told, [], set()))
    return found


def _spread_words() -> set[str]:
    return {*keys.names("mean"), *keys.names("deviation"), "min", "max", "ci", "ci95", "median", "stderr", "sem", "n"}


def _parts(content: dict[str, Any], skipped: set[str]) -> dict[str, list[Part]]:
    """Breakdowns of a result by class or another group of rows."""
    found = {}
    for key, value in content.items():
        name = keys.plain(key)
        words = set(keys.words(key))
        told = words & keys.listed("breakdowns") and (name.startswith(PER) or words & {"accuracy", "report", *COUNTED})
        report = name in ("classification_report", "per_class", "class_results", "class_metrics", "breakdown")
        if not isinstance(value, dict) or len(value) < 2 or not (told or report) or words & RUNS:
            continue
        counted = bool(words & COUNTED)
        parts = [_part(inner, part, counted) for inner, part in value.items() if keys.plain(inner) not in SUMS]
        if all(part is not None for part in parts) and parts:
            found[key] = [part for part in parts if part is not None]
            skipped.add(key)
    return found


def _part(name: str, value: Any, counted: bool) -> Part | None:
    if counted and not isinstance(value, dict):
        return None if (n := count(value)) is None else Part(name, n, None, None)
    if isinstance(value, dict):
        n, correct = count(keys.get(value, "n")), count(keys.get(value, "correct"))
        written = next(
            (part for key, part in value.items() if keys.plain(key) == "recall"), keys.get(value, "accuracy")
        )
        accuracy = share(written, None, correct, n)
        return Part(name, n, correct, accuracy) if n is not None or accuracy is not None else None
    accuracy = share(value)
    return None if accuracy is None else Part(name, None, None, accuracy)


def _matrix(value: Any) -> list[list[float]] | None:
    """A square matrix of counts, from lists or dicts."""
    if isinstance(value, dict):
        names = list(value)
        if not all(isinstance(row, dict) and set(row) <= set(names) for row in value.values()):
            return None
        value = [[row.get(name, 0) for name in names] for row in value.values()]
    if not isinstance(value, list) or len(value) < 2:
        return None
    table = [numbers(row) for row in value]
    if any(row is None or len(row) != len(value) for row in table):
        return None
    cells = [list(row or []) for row in table]
    flat = [cell for row in cells for cell in row]
    return cells if all(cell >= 0 and cell == int(cell) for cell in flat) and sum(flat) > 1 else None


def _texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(isinstance(one, str) for one in value)
