"""Show results in the terminal.

`phases` lists the series with verdicts; `phase <id>` shows one phase with its metrics, controls and reported numbers.
"""

import argparse
import difflib
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis import formats
from analysis.phases import CONTRADICTED, SUPPORTED, order
from analysis.series import TITLES, absent, claim_text, label
from analysis.study import Study, parser, read_study
from analysis.tables.phases import losses
from telepathy.errors import fail, run_stage

EXAMPLE = "python -m analysis.show phase p07 --results results/quick"
RESULTS = Path("results")
FIRST = "quick"
STATISTICS = Path("statistics", "phases.json")
WIDE = 100
"""Columns of a terminal that shows titles too."""
COLORS = {SUPPORTED: "green", CONTRADICTED: "red"}


def main() -> None:
    """Command line."""
    arguments = parser(__doc__, EXAMPLE)
    views = arguments.add_subparsers(dest="view", required=True, metavar="phases | phase")
    everything = views.add_parser("phases", help="the series with verdicts")
    one = views.add_parser("phase", help="one phase")
    one.add_argument("id", help="such as p07")
    for view in (everything, one):
        view.add_argument(
            "--results",
            type=Path,
            metavar="FOLDER",
            help="a preset's results (default: results/quick, else the newest that has statistics of phases)",
        )
    show(arguments.parse_args(), Console(highlight=False))


def show(options: argparse.Namespace, console: Console) -> None:
    """Print what the options ask for."""
    results = options.results or newest(RESULTS)
    statistics = results / STATISTICS
    comparisons = statistics.with_name("comparisons.json")
    study = read_study(results / "plan" / "overview.json", comparisons, results, statistics)
    if options.view == "phases":
        series(study, console)
    else:
        phase(study, options.id, console)


def newest(folder: Path) -> Path:
    """The preset to show: quick, else the one whose statistics of phases are newest.

    Raises:
        UserError: no preset has such statistics.
    """
    found = [path.parents[1] for path in folder.glob(f"*/{STATISTICS.as_posix()}")]
    if not found:
        raise fail(folder, "no preset with statistics of phases below it", "run snakemake, or name one with --results")
    quick = folder / FIRST
    return quick if quick in found else max(found, key=lambda path: (path / STATISTICS).stat().st_mtime)


def series(study: Study, console: Console) -> None:
    """The table of the series."""
    if not study.entries:
        console.print(f"Preset {study.plan['preset']} runs no phase of the series.")
        return
    wide = console.width >= WIDE
    title = f"Series of phases, preset {escape(study.plan['preset'])}; rates beside their shuffled-source control"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("Phase", no_wrap=True, min_width=max(len(entry["phase"]) for entry in study.entries))
    table.add_column("Variant", no_wrap=True, min_width=8)
    if wide:
        table.add_column("Title", overflow="ellipsis", no_wrap=True)
        table.add_column("n", justify="right", no_wrap=True)
    table.add_column("Accuracy", justify="right", no_wrap=True, min_width=13)
    table.add_column("Entities", justify="right", no_wrap=True, min_width=13)
    table.add_column("Verdict", no_wrap=True, min_width=12)
    for entry in study.entries:
        cells = [entry["phase"], label(study, entry)]
        cells += [entry["title"], formats.count(entry["n"])] if wide else []
        cells += [_beside(entry["metrics"].get(metric)) for metric in ("accuracy", "entities")]
        table.add_row(*map(escape, cells), _colored(entry["verdict"]))
    console.print(table)
    if missing := absent(study):
        console.print(f"Not run in this preset: {', '.join(missing)}", style="dim")


def phase(study: Study, name: str, console: Console) -> None:
    """One phase.

    Raises:
        UserError: there is no such phase, or this preset does not run it.
    """
    known = list(dict.fromkeys([*order(study.plan, study.series), *absent(study)])) if study.entries else []
    entries = [entry for entry in study.entries if entry["phase"] == name]
    if name not in known:
        close = difflib.get_close_matches(name, known, 3, 0.5) or known[:3]
        raise fail(name, "no such phase", f"perhaps {formats.series(close, 'or')}" if close else "this preset has none")
    if not entries:
        ran = list(dict.fromkeys(entry["phase"] for entry in study.entries))
        raise fail(name, "this preset does not run it", f"choose one of {', '.join(ran) or 'another preset'}")
    content = study.plan["phases"][name]
    console.print(f"[bold]{escape(name)}: {escape(content['title'])}[/]  ({escape(study.task(content['task']))})")
    console.print(f"Hypothesis: {content['hypothesis']}", markup=False)
    console.print(f"The documents concluded: {content['reading']}", markup=False)
    for defect in content["defects"]:
        console.print(f"Defect of the recorded variant: {defect}", markup=False)
    for entry in entries:
        _entry(study, entry, console)
    for cost in (cost for cost in study.phases["costs"] if cost["phase"] == name):
        bounds = formats.interval(cost["low"], cost["high"], sign=True)
        beyond = "" if cost["metric"] == "accuracy" else " beyond its control"
        text = f"{formats.points(cost['difference'])} points of {cost['metric']}{beyond} {bounds}"
        console.print(f"The defects cost {text}, {formats.p_statement(cost['p'])}", markup=False)
    _claims(study, name, console)


def _entry(study: Study, entry: dict[str, Any], console: Console) -> None:
    name = label(study, entry) or "the only variant"
    console.print(f"\n[bold]{escape(name)}[/]: {_colored(entry['verdict'])}")
    table = Table("Metric", *("Own", "Control", "Difference", "Interval", "p"))
    for metric, title in TITLES.items():
        if (found := entry["metrics"].get(metric)) is None:
            continue
        table.add_row(
            title,
            formats.percent(found["own"]),
            formats.percent(found["control"]),
            formats.points(found["difference"]),
            escape(formats.interval(found["low"], found["high"], sign=True)),
            formats.p_value(found["p"]),
        )
    console.print(table)
    facts = {
        "rows": formats.count(entry["n"]),
        "unparsed": formats.count(entry["unparsed"]),
        "distinct": formats.count(entry["distinct"]),
        "soft tokens": entry["soft_tokens"],
        "layer": entry["layer"],
        "steps": entry["steps"],
        "last losses": losses(entry),
        "run": entry["run"],
    }
    shown = [f"{key} {value}" for key, value in facts.items() if value not in (None, "")]
    console.print(" · ".join(shown), style="dim", markup=False)


def _claims(study: Study, name: str, console: Console) -> None:
    listed = study.plan["phases"][name]["claims"]
    found = [claim for claim in study.phases["claims"] if claim["phase"] == name or claim["id"] in listed]
    if not found:
        return
    table = Table(
        "Quantity", "Reported", "Rebuilt", "Result", "Setting", title="Reported numbers", title_justify="left"
    )
    for claim in found:
        cells = (claim["metric"], claim_text(claim, "number"), claim_text(claim, "rebuilt"))
        table.add_row(*map(escape, cells), claim["result"], claim["setting"])
    console.print(table)


def _beside(found: dict[str, Any] | None) -> str:
    return f"{formats.percent(found['own'])} / {formats.percent(found['control'])}" if found else ""


def _colored(verdict: str) -> str:
    return f"[{COLORS.get(verdict, 'yellow')}]{escape(verdict)}[/]"


if __name__ == "__main__":
    run_stage(main)
