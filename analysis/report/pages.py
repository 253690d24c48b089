"""All pages of the report: overview, phases, values with what they rest on, runs, tables, figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analysis import claims, formats
from analysis.phases import order
from analysis.report import chains, files, grids, phase, runs
from analysis.report.links import Links
from analysis.series import absent, entry_id, label
from analysis.study import Study
from analysis.value import Value

TEMPLATES = Path(__file__).with_name("templates")
Context = dict[str, Any]


def pages(
    study: Study,
    reported: list[claims.Claim],
    values: Mapping[str, Value],
    tables: Sequence[Path] = (),
    figures: Sequence[Path] = (),
) -> dict[str, str]:
    """All pages by file name.

    Args:
        study: with its comparisons and, if it has a series, the statistics of the phases.
        reported: the numbers that documents report of the phases.
        values: all registered values by id.
        tables: CSV files of the tables.
        figures: PNG files of the figures; the pages look for copies below `figures/`.

    Raises:
        UserError: a number of the study is not what is registered, or a run is missing.
    """
    links = Links(study, values)
    below = links.below()
    shown = [name for name in order(study.plan, study.series) if name not in absent(study)]
    compared = claims.compare(study.plan, study.entries, reported, study.comparisons["statistics"]["confidence"])
    known = runs.facts(study)
    csvs = [files.table(below, path) for path in tables]
    pictures = [files.figure(study, path) for path in figures]
    found = {
        "index.html": _index(links, shown, compared, csvs, pictures) | {"runs": formats.count(len(known))},
        "values.html": chains.overview(study, values) | {"title": "Values"},
        "runs.html": {"title": "Runs", "runs": runs.overview(links, known)},
        "tables.html": {"title": "Tables", "tables": files.listed(study, csvs)},
        "figures.html": {"title": "Figures", "figures": pictures},
        "code.html": {"title": "Functions", "functions": chains.code(values)},
    }
    found |= {f"phases/{name}.html": content for name, content in _phases(below, shown, compared).items()}
    found |= {f"values/{name}.html": content for name, content in chains.groups(below, known).items()}
    rest = runs.resting(below)
    for run, facts in known.items():
        found[f"runs/{run}.html"] = runs.page(below, run, facts, shown) | {"values": rest.get(run, [])}
    found |= {f"tables/{content['name']}.html": content for content in csvs}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return {name: _render(environment, name, content, study) for name, content in found.items()}


def _render(environment: Environment, name: str, content: Context, study: Study) -> str:
    """A page from the template of its folder, or of its own name."""
    folder, _, file = name.rpartition("/")
    template = f"{folder.removesuffix('s')}.html" if folder else file
    about = {"preset": study.plan["preset"], "root": "../" if folder else ""}
    return environment.get_template(template).render(about | content)


def _phases(links: Links, shown: list[str], compared: list[dict[str, Any]]) -> dict[str, Context]:
    """The pages of the phases, each with the ones before and after it."""
    study, found = links.study, {}
    for place, name in enumerate(shown):
        found[name] = phase.page(links, name, [claim for claim in compared if _concerns(study, name, claim)])
        found[name]["before"] = shown[place - 1] if place else None
        found[name]["after"] = shown[place + 1] if place + 1 < len(shown) else None
    return found


def _concerns(study: Study, name: str, claim: dict[str, Any]) -> bool:
    return claim["phase"] == name or claim["id"] in study.plan["phases"][name]["claims"]


def _index(
    links: Links, shown: list[str], compared: list[dict[str, Any]], tables: list[Context], figures: list[Context]
) -> Context:
    """The overview: alarms, all other experiments with their questions, and the verdicts of the series."""
    study = links.study
    built = {f"tables/{one['name']}" for one in tables} | {f"figures/{one['name']}" for one in figures}
    entries = [entry for name in shown for entry in study.entries if entry["phase"] == name]
    return {
        "title": "Telepathy",
        "about": study.plan["title"],
        "rows": [_overview(links, entry) for entry in entries],
        "family": links.value("series.family", formats.count(study.phases.get("family", 0))),
        "absent": absent(study),
        "experiments": [grids.experiment(links, name, built) for name in study.grids],
        "alarms": grids.alarms(links),
        "values": formats.count(len(links.values)),
        "tables": len(tables),
        "figures": len(figures),
        "left": [phase.claim(links, claim) for claim in compared if claim["phase"] not in shown],
    }


def _overview(links: Links, entry: dict[str, Any]) -> Context:
    study, name = links.study, entry_id(links.study, entry)
    accuracy, entities, test = entry["metrics"]["accuracy"], entry["metrics"].get("entities"), entry["test"]
    shown = {
        "n": formats.count(entry["n"]),
        "accuracy": formats.percent(entry["accuracy"]),
        "interval": formats.interval(entry["low"], entry["high"]),
        "control": formats.percent(accuracy["control"]),
        "difference": formats.points(accuracy["difference"]),
        "entities": formats.percent(entities["own"]) if entities else "",
        "entities_control": formats.percent(entities["control"]) if entities else "",
        "distinct": formats.count(entry["distinct"]),
        "detectable": formats.points(test["detectable"], sign=False) if test else "",
        "verdict": entry["verdict"],
    }
    return {key: links.value(f"{name}.{key}", text) for key, text in shown.items()} | {
        "phase": entry["phase"],
        "title": entry["title"],
        "label": label(study, entry),
        "task": study.task(entry["task"]),
        "word": entry["verdict"],
    }
