"""Read the catalogues and a preset, apply overrides, validate, and explain errors by file and key.

Layers, later ones win: `models.yaml`, `tasks.yaml`, `methods.yaml`, `phases.yaml`, `experiments.yaml` (of each entry
what it says of this preset), `presets/<preset>.yaml`, then the user's own overrides (Snakemake's `--configfile` and
`--config`).
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from telepathy.config.phases import OWN, differences, expand
from telepathy.config.preset import Config
from telepathy.errors import UserError, fail

FOLDER = Path(__file__).resolve().parents[2] / "workflow" / "config"
CATALOGUES = ("models", "tasks", "methods", "phases")
OVERRIDES = "--config/--configfile"

Layered = tuple[str, dict[str, Any]]


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Deep-merge two mappings; `over` wins. A mapping whose `kind` or `source` changes is replaced whole."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and not _other_kind(old, value):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


def _other_kind(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return any(tag in old and tag in new and old[tag] != new[tag] for tag in ("kind", "source"))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML mapping; duplicate keys and syntax errors name the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise fail(path, "no such file", "check the path") from None
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that refuses duplicate keys
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not readable as YAML"
        raise fail(f"{path}{line}", problem, "mend the YAML") from None
    if not isinstance(content, dict):
        raise fail(path, "the file must hold a YAML mapping", "see the presets beside it for the shape")
    return content


class _Loader(yaml.SafeLoader):
    """Safe loading that refuses duplicate keys (YAML would silently keep the last)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key `{key}` twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def presets(folder: Path = FOLDER) -> list[str]:
    """Names of the shipped presets."""
    return sorted(path.stem for path in (folder / "presets").glob("*.yaml"))


def load(preset: str, overrides: Mapping[str, Any] | None = None, folder: Path = FOLDER) -> Config:
    """Resolve and validate the configuration of a preset.

    Args:
        preset: name of a file in `workflow/config/presets/`.
        overrides: the user's own keys, deep-merged last.
        folder: where catalogues and presets lie.

    Raises:
        UserError: one line that names the file, the key and the fix.
    """
    chain = _bases(preset, folder)
    layers: list[Layered] = []
    for name in CATALOGUES:
        source = folder / f"{name}.yaml"
        layers.append((str(source), {name: read_yaml(source)}))
    layers.append((str(folder / "experiments.yaml"), _experiments(folder / "experiments.yaml", chain, folder)))
    layers += [(str(folder / "presets" / f"{name}.yaml"), content) for name, content in chain.items()]
    layers.append((OVERRIDES, {key: value for key, value in (overrides or {}).items() if key != "preset"}))
    merged: dict[str, Any] = {"preset": preset}
    for _, content in layers:
        merged = merge(merged, content)
    merged["experiments"] = _narrowed(merged, layers)
    merged["methods"] = _inherit("methods", merged.get("methods", {}), layers)
    merged["phases"] = _series(merged.get("phases", {}), layers)
    of_phases: dict[str, Any] = {}
    for name, phase in merged["phases"].items():
        of_phases |= _methods_of(name, phase)
    for name in of_phases:
        if name in merged["methods"]:
            raise fail(_origin(("methods", name), layers), f"`{name}` is also a phase", "rename the method")
    merged["methods"] |= of_phases
    source = str(folder / "phases.yaml")
    layers += [(source, {"methods": of_phases})]
    return validate(Config, merged, layers)


def _bases(preset: str, folder: Path) -> dict[str, Any]:
    """Content of a preset's file after those that it starts from (`base`), which come first."""
    found: dict[str, Any] = {}
    name, where = preset, "--config preset"
    while name is not None:
        path = folder / "presets" / f"{name}.yaml"
        if name in found:
            raise fail(where, f"`base: {name}` runs in a circle", "break the circle")
        if not path.exists():
            raise fail(where, f"no preset `{name}`", f"choose one of: {', '.join(presets(folder))}")
        found = {name: read_yaml(path)} | found
        name, where = found[name].get("base"), str(path)
    return found


def _narrowed(merged: Mapping[str, Any], layers: list[Layered]) -> dict[str, Any]:
    """The experiments that `only` names (all without it), with the `seeds` of the preset instead of their own."""
    entries = merged.get("experiments") or {}
    only = merged.get("only")
    if isinstance(only, str):
        only = [only]
    strange = next((name for name in only or () if name not in entries), None)
    if strange is not None:
        raise fail(
            _origin(("only",), layers), f"`only`: no experiment `{strange}`", f"known here: {', '.join(entries)}"
        )
    seeds = {} if merged.get("seeds") is None else {"seeds": merged["seeds"]}
    return {
        name: merge(entry, seeds) if isinstance(entry, Mapping) else entry
        for name, entry in entries.items()
        if only is None or name in only
    }


def _experiments(path: Path, chain: Iterable[str], folder: Path) -> dict[str, Any]:
    """The experiments of a preset: each entry patched with what it says under `in` of the preset and its bases."""
    known, found = presets(folder), {}
    for name, entry in read_yaml(path).items():
        where = entry.get("in") if isinstance(entry, Mapping) else None
        if not isinstance(where, Mapping) or not where:
            raise fail(path, f"`{name}.in` names no preset", "give `in: {<preset>: {pairs: ..., seeds: ...}}`")
        strange = next((one for one in where if one not in known), None)
        if strange is not None:
            raise fail(path, f"`{name}.in`: no preset `{strange}`", f"choose from: {', '.join(known)}")
        for preset in (one for one in chain if one in where):
            start = found.get(name) or {key: entry[key] for key in entry if key != "in"}
            found[name] = merge(start, where[preset] or {})
    return {"experiments": found}


def _series(content: Mapping[str, Any], layers: list[Layered]) -> dict[str, Any]:
    """The phases with all that they inherit; each says what it changes of its parent's recipe."""
    entries = expand(content)
    whole = _inherit("phases", entries, layers, OWN)
    series = {}
    for name, phase in whole.items():
        if phase.get("abstract"):
            continue
        parent = ancestor = entries[name].get("parent")
        while ancestor is not None and whole[ancestor].get("abstract"):
            ancestor = entries[ancestor].get("parent")
        # Phases without a real ancestor are compared with the entry that holds what they share.
        before = whole[ancestor or parent].get("recipe") or {} if parent else {}
        own = {key: value for key, value in phase.items() if key not in ("abstract", "each")}
        changes = list(differences(before, phase.get("recipe") or {}))
        series[name] = own | {"parent": ancestor, "changes": changes}
    return series


def _methods_of(name: str, phase: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A phase as one or two methods (before validation)."""
    shown = {"title": phase.get("title", name), "about": phase.get("hypothesis", "")}
    recipe, recorded = phase.get("recipe") or {}, phase.get("recorded")
    made = {name: shown | {"recipe": recipe}}
    if recorded:
        patched = merge(recipe, recorded.get("recipe") or {})
        made[f"{name}_recorded"] = shown | {"title": f"{shown['title']}, as recorded", "recipe": patched}
    return made


def _inherit(
    section: str, methods: Mapping[str, Any], layers: Iterable[Layered], own_keys: Sequence[str] = ()
) -> dict[str, Any]:
    """Resolve `parent:` chains: an entry states only what differs from its parent, `own_keys` are never taken."""
    done: dict[str, Any] = {}

    def resolve(name: str, trail: tuple[str, ...]) -> dict[str, Any]:
        if name in done:
            return done[name]
        where = _origin((section, *trail[-1:]), layers)
        if name in trail:
            raise fail(where, f"{section}.{name}.parent runs in a circle", "break the circle")
        if name not in methods:
            raise fail(
                where,
                f"{section}.{trail[-1]}.parent: no {section.removesuffix('s')} `{name}`",
                f"known: {', '.join(sorted(methods))}",
            )
        own = methods[name]
        if not isinstance(own, Mapping):
            raise fail(where, f"{section}.{name} must be a mapping", "see its neighbours for the shape")
        parent = own.get("parent")
        base = resolve(parent, (*trail, name)) if parent is not None else {}
        base = {key: value for key, value in base.items() if key not in own_keys}
        done[name] = merge(base, {key: value for key, value in own.items() if key != "parent"})
        return done[name]

    return {name: resolve(name, ()) for name in methods}


def validate(model: type[BaseModel], content: Any, layers: Iterable[Layered], at: tuple[str, ...] = ()) -> Any:
    """Validate `content`, which sits at key path `at`; the first problem becomes one line with file, key and fix."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        path = (*at, *_without_tags(first["loc"], content))
        raise _explain(model, first, path, list(layers)) from None


def _without_tags(location: tuple[int | str, ...], content: Any) -> Iterator[str]:
    """Drop what pydantic puts into a path to say which member of a union it tried."""
    for step in location:
        if (isinstance(content, Mapping) and step in content) or (
            isinstance(content, list | tuple) and isinstance(step, int) and step < len(content)
        ):
            content = content[step]
        elif (isinstance(content, Mapping) and step in (content.get("kind"), content.get("source"))) or not isinstance(
            content, Mapping
        ):
            continue
        yield str(step)


def _explain(model: type[BaseModel], error: Any, path: tuple[str, ...], layers: list[Layered]) -> UserError:
    where = _origin(path, layers)
    key = ".".join(path) or "the configuration"
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(path[-1], sorted(_fields_at(model, path[:-1])), n=1)
        return fail(where, f"unknown key `{key}`", f"did you mean `{close[0]}`?" if close else "remove it")
    if kind == "missing":
        return fail(where, f"missing key `{key}`", "add it")
    shown = error.get("input")
    got = f" (got {shown!r})" if isinstance(shown, str | int | float | bool) or shown is None else ""
    return fail(where, f"`{key}`: {message}{got}", "correct the value")


def _fields_at(model: type[BaseModel], path: Sequence[str]) -> set[str]:
    """Names of the keys that may stand at a place of the configuration."""
    here = {model}
    for step in path:
        inside = {found for one in here if step in one.model_fields for found in _models_in(one.model_fields[step])}
        here = inside or here  # a name chosen by the user, inside a mapping
    return {name for one in here for name in one.model_fields}


def _models_in(field: Any) -> set[type[BaseModel]]:
    annotation = getattr(field, "annotation", field)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for inner in get_args(annotation) for model in _models_in(inner)}


def _origin(path: tuple[str, ...], layers: Iterable[Layered]) -> str:
    """The file that set a key: the last layer that holds the longest part of the path."""
    best, longest = OVERRIDES, -1
    for name, content in layers:
        depth, node = 0, content
        for step in path:
            if not isinstance(node, Mapping) or step not in node:
                break
            node, depth = node[step], depth + 1
        if depth and depth >= longest:
            best, longest = name, depth
    try:
        return str(Path(best).relative_to(Path.cwd()))
    except ValueError:
        return best
