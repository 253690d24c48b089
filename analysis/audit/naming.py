"""Names of keys, files and fields: which method, task and seed they tell of."""

import itertools
from dataclasses import dataclass
from typing import Any

from analysis.audit import keys
from analysis.audit.numbers import finite

FIELDS = (
    "method",
    "system",
    "approach",
    "variant",
    "arm",
    "condition",
    "model",
    "model_name",
    "method_name",
    "baseline",
)


@dataclass(frozen=True)
class Named:
    """What a name tells; empty where it tells nothing."""

    method: str = ""
    task: str = ""
    seed: str | None = None

    def __or__(self, inner: "Named") -> "Named":
        """The inner name wins; tasks that are only a part of one (a split) are added to it."""
        task = inner.task or self.task
        if self.task and inner.task and all(keys.has(word, "splits") for word in inner.task.split("_")):
            task = f"{self.task}/{inner.task}"
        return Named(inner.method or self.method, task, inner.seed if inner.seed is not None else self.seed)


def of_name(name: str) -> Named:
    """Read a key or a file's stem, such as `bridge_sst2_seed42`."""
    seed, rest = None, []
    parts = keys.plain(name).split("_")
    if len(parts) == 1 and parts[0].isdigit():
        return Named(seed=parts[0]) if len(parts[0]) < 6 else Named()
    skip = False
    for place, part in enumerate(parts):
        after = parts[place + 1] if place + 1 < len(parts) else ""
        if skip:
            skip = False
        elif part == "seed" and after.isdigit():
            seed, skip = after, True
        elif part.startswith("seed") and part[4:].isdigit():
            seed = part[4:]
        elif not (part.isdigit() and len(part) >= 6):  # dates and times tell nothing
            rest.append(part)
    if "_".join(rest) in keys.listed("plain") or all(part in keys.listed("plain") for part in rest):
        return Named(seed=seed)
    tasks = [part for part in rest if _is(part, "tasks")]
    if all(_is(part, "tasks") or _is(part, "splits") or part.isdigit() or part in _fillers() for part in rest):
        return Named("", "_".join(part for part in rest if part not in _fillers()), seed)
    method = [part for part in rest if part not in tasks and part not in _fillers()]
    return Named("_".join(method), "_".join(tasks), seed)


def of_file(file: str) -> Named:
    """Read a file's name, and the names of its folders."""
    found = Named()
    for part in file.split("/"):
        found = found | of_name(part.split(".")[0])
    return found


def of_fields(content: dict[str, Any]) -> Named:
    """Read the fields of a dict that name its method, task and seed."""
    plain = {keys.plain(key): value for key, value in reversed(content.items())}
    told = list(dict.fromkeys(keys.plain(value) for field in FIELDS if isinstance(value := plain.get(field), str)))
    found = Named("_".join(told))
    if not told:
        for field in ("name", "experiment", "experiment_name", "run_name"):
            if isinstance(value := plain.get(field), str):
                found = found | of_name(value)
    task = keys.get(content, "task")
    seed = keys.get(content, "seed")
    number = finite(seed)
    return Named(
        found.method,
        keys.plain(task) if isinstance(task, str) else found.task,
        found.seed if number is None else f"{number:g}",
    )


def declared(name: str) -> dict[str, float]:
    """Settings that a name declares: `latents_4` and `layer16` do."""
    found = {}
    parts = keys.words(name)
    for setting, short in keys.in_names().items():
        for first, second in itertools.pairwise(parts):
            if first in short and second.isdigit():
                found[setting] = float(second)
    return found


def _fillers() -> frozenset[str]:
    return keys.listed("plain") | {"seed", "seeds", "result", "on"}


def _is(part: str, kind: str) -> bool:
    return any(word in keys.listed(kind) for word in keys.words(part)[:2])
