"""The register at the end of the paper: a line for each group of values, to which every printed number links.

A line names the ids, the rows and the raw runs behind them, and each run links on to its line among the runs, with the
sha256 of its rows. `python -m analysis.trace <id>` goes on from there.
"""

from collections.abc import Iterable

from analysis import formats
from analysis.study import Study
from analysis.value import Value, place
from analysis.values import registry

NAMED = 2
"""Runs that a line names; of more, it gives the number."""


def register(study: Study) -> str:
    """All values by the functions that made them; under each the names that its ids end with, then the ids' stems."""
    places: dict[str, list[Value]] = {}
    for value in registry(study).values():
        places.setdefault(place(value.id), []).append(value)
    kinds: dict[tuple[str, ...], dict[str, list[Value]]] = {}
    for name, values in places.items():
        kinds.setdefault(tuple(sorted({value.function for value in values})), {})[name] = values
    return "\n\n".join(_kind(functions, found) for functions, found in kinds.items())


def _kind(functions: tuple[str, ...], found: dict[str, list[Value]]) -> str:
    ends = dict.fromkeys(value.id.rpartition(".")[2] for values in found.values() for value in values)
    made = formats.series([_code(function.removeprefix("analysis.")) for function in functions])
    lines = [rf"\registerkind{{{made}}}{{{', '.join(_code(end) for end in ends)}}}"]
    lines += [rf"\registered{{{name}}}{{{_code(name)}}}{{{_about(values)}}}" for name, values in found.items()]
    return "\n".join(lines)


def _about(values: list[Value]) -> str:
    runs = list(dict.fromkeys(run for value in values for run in value.runs))
    rows = {value.n for value in values if value.n is not None}
    parts = [f"{formats.count(rows.pop())} rows"] if len(rows) == 1 else []
    if len(runs) > NAMED:
        parts.append(f"{formats.count(len(runs))} runs")
    elif runs:
        parts.append(formats.series([rf"\torun{{{run}}}" for run in runs]))
    return ", ".join(parts)


def _code(name: str) -> str:
    """A name that may break after its dots and underscores."""
    return rf"\texttt{{{_breaking(formats.latex(name))}}}"


def _breaking(text: str, after: Iterable[str] = (".", r"\_", "=")) -> str:
    for sign in after:
        text = text.replace(sign, sign + r"\allowbreak{}")
    return text
