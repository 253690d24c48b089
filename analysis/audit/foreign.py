"""Foreign files: a walk through any JSON that picks up what the declared names tell."""

from dataclasses import dataclass, field, replace
from typing import Any

from analysis.audit import keys, rows, significance, spreads
from analysis.audit.finding import Place
from analysis.audit.model import Audit, Document
from analysis.audit.naming import Named, of_fields, of_file, of_name
from analysis.audit.numbers import count, finite, numbers
from analysis.audit.overrides import Declared, beside, collect, explain
from analysis.audit.results import build, is_result
from analysis.audit.timings import of_dict as timing

DEEPEST = 60
"""Levels of nesting that are looked at."""
PROGRESS = frozenset({"step", "epoch", "iteration", "global_step"})


@dataclass(frozen=True)
class Context:
    """What the dicts above tell about the one that is looked at."""

    named: Named = field(default_factory=Named)
    chance: Any = None
    classes: int | None = None
    labels: Any = None
    seeds: int | None = None
    correction: str | None = None
    samples: int | None = None
    declared: tuple[Declared, ...] = ()
    depth: int = 0

    @property
    def told(self) -> dict[str, Any]:
        """What holds for every result below."""
        return {"chance": self.chance, "classes": self.classes, "labels": self.labels}


def read(documents: list[Document]) -> Audit:
    """Everything that the documents tell; documents that tell nothing are named as strangers."""
    audit = Audit(documents=documents)
    used: list[Declared] = []
    for document in documents:
        before = _size(audit)
        place = Place(document.file)
        context = Context(of_file(document.file))
        if (found := rows.of_list(place, document.content)) is not None:
            _examples(audit, found, context)
        _walk(audit, place, document.content, context, used)
        if _size(audit) == before:
            audit.strangers[document.file] = "no result, test, example or timing by any known name"
    audit.overrides += explain(used)
    return audit


def _size(audit: Audit) -> int:
    found = (audit.results, audit.spreads, audit.tests, audit.timings, audit.lists, audit.overrides)
    return sum(map(len, found))


def _walk(audit: Audit, place: Place, value: Any, context: Context, used: list[Declared]) -> None:
    if context.depth > DEEPEST:
        return
    context = replace(context, depth=context.depth + 1)
    if isinstance(value, list):
        if rows.is_table(value):
            audit.paired.add(place.file)
        for number, one in enumerate(value):
            if isinstance(one, (dict, list)):
                _walk(audit, place / number, one, context, used)
    elif isinstance(value, dict):
        _dict(audit, place, value, context, used)


def _dict(audit: Audit, place: Place, content: dict[str, Any], context: Context, used: list[Declared]) -> None:
    fields = of_fields(content)
    context = _inherit(replace(context, named=context.named | fields), content)
    declared = collect(place, content, context.named, fields, context.declared)
    used += declared
    audit.overrides += beside(place, content)
    context = replace(context, declared=(*context.declared, *(one for one in declared if one.values)))
    audit.tests += significance.of_dict(place, content, context.seeds, context.correction)
    audit.spreads += spreads.of_dict(place, content, context.named, context.seeds)
    audit.timings += timing(place, content, context.samples)
    inner = _inner(content)
    skipped: set[str] = set()
    progress = bool(PROGRESS & {keys.plain(key) for key in content}) and bool(place.path) and place.path[-1].isdigit()
    if not progress and not is_result(content) and len(inner) == 1:
        # The numbers stand one level down, and what belongs to them stands beside them.
        skipped = set(inner)
        merged = {key: value for key, value in content.items() if key != inner[0]} | content[inner[0]]
        _result(audit, place / inner[0], merged, context, skipped)
        below = replace(context, named=context.named | of_name(inner[0]))
        audit.tests += significance.of_dict(place / inner[0], content[inner[0]], context.seeds, context.correction)
        audit.spreads += spreads.of_dict(place / inner[0], content[inner[0]], below.named, context.seeds)
        audit.timings += timing(place / inner[0], content[inner[0]], context.samples)
        for key, value in content[inner[0]].items():
            if isinstance(value, (dict, list)):
                _child(audit, place / inner[0], key, value, below, used, skipped)
    elif not progress:
        _result(audit, place, content, context, skipped)
    for key, value in content.items():
        if isinstance(value, (dict, list)) and key not in inner[: len(skipped & set(inner))]:
            _child(audit, place, key, value, context, used, skipped)


def _child(
    audit: Audit, place: Place, key: str, value: Any, context: Context, used: list[Declared], skipped: set[str]
) -> None:
    """Look below a key, unless it holds settings, a breakdown of a result or rows."""
    if is_settings(key) or key in skipped or (keys.plain(key) in keys.names("accuracy") and isinstance(value, list)):
        return
    if rows.of_list(place / key, value) is not None:
        return  # taken with the dict that holds it
    named = context.named | of_name(key)
    _walk(audit, place / key, value, replace(context, named=named), used)


def _result(audit: Audit, place: Place, content: dict[str, Any], context: Context, skipped: set[str]) -> None:
    """The results of one dict with their rows; keys that they use up are added to `skipped`."""
    lists = [found for key, value in content.items() if (found := rows.of_list(place / key, value)) is not None]
    if (columns := rows.of_columns(place, content)) is not None:
        lists.append(columns)
    for one in lists:
        audit.lists.append(one)
    answered = [one for one in lists if one.answered]
    several = [one for one in answered if not one.chosen and one.place != place]
    if len(several) > 1 and not is_result(content):
        # One list for each method.
        for one in several:
            named = context.named | of_name(one.place.path[-1])
            audit.results += build(one.place, {}, named, context.told, [one], set())
        answered = [one for one in answered if one not in several]
    audit.results += build(place, content, context.named, context.told, answered, skipped)


def _examples(audit: Audit, found: rows.Examples, context: Context) -> None:
    """A file that is one list of rows."""
    audit.lists.append(found)
    if found.answered:
        audit.results += build(found.place, {}, context.named, {}, [found], set())


def _inherit(context: Context, content: dict[str, Any]) -> Context:
    """What a dict, or the settings in it, tells about all that is below it."""
    parts = [value for key, value in content.items() if is_settings(key) and isinstance(value, dict)]
    if (listed := _listed_seeds(content)) is not None:
        context = replace(context, seeds=listed)
    for part in (*parts, content):
        seeds = keys.get(part, "seeds")
        number = count(keys.get(part, "seed_count")) or (len(seeds) if isinstance(seeds, list) else None)
        number = number or count(seeds)
        correction = keys.get(part, "correction")
        classes = count(keys.get(part, "classes"))
        labels = keys.get(part, "labels")
        chance = keys.get(part, "chance")
        context = replace(
            context,
            seeds=number or context.seeds,
            correction=str(correction).lower() if isinstance(correction, (str, bool)) else context.correction,
            classes=classes or context.classes,
            labels=labels if _texts(labels) else context.labels,
            chance=chance if finite(chance) is not None else context.chance,
            samples=count(keys.get(part, "n")) or context.samples,
        )
    return context


def _listed_seeds(content: dict[str, Any]) -> int | None:
    """Number of values that each of several dicts lists, such as accuracies over the same seeds."""
    lists = [keys.get(part, "values") for part in content.values() if isinstance(part, dict)]
    sizes = {len(values) for values in lists if isinstance(values, list) and values and numbers(values) is not None}
    return sizes.pop() if len(sizes) == 1 and sum(isinstance(values, list) for values in lists) >= 2 else None


def is_settings(key: str) -> bool:
    """Whether a key holds settings rather than results."""
    name = keys.plain(key)
    if name in keys.names("config") or name in keys.names("used_config") or name in ("meta", "metadata", "run_info"):
        return True
    return name.split("_")[-1] in ("config", "configuration", "args", "hparams", "hyperparameters", "settings")


def _inner(content: dict[str, Any]) -> list[str]:
    """Keys of dicts that hold the numbers of a dict that has none itself."""
    plain = keys.listed("plain")
    return [
        key
        for key, value in content.items()
        if isinstance(value, dict) and keys.plain(key) in plain and not is_settings(key) and is_result(value)
    ]


def _texts(value: Any) -> bool:
    return isinstance(value, list) and 2 <= len(value) <= 1000 and all(isinstance(one, str) for one in value)
