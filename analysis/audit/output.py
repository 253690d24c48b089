"""What an audit found, for the terminal, as JSON, and as a page."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.markup import escape

from analysis.audit.finding import Finding, Severity, shown
from analysis.audit.model import Audit

SCHEMA_VERSION = 1
TEMPLATES = Path(__file__).with_name("templates")
STYLE = Path(__file__).resolve().parents[1] / "report" / "templates"
COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
MOST = 8
"""Findings of a kind that the terminal shows."""


@dataclass(frozen=True)
class Outcome:
    """An audited folder.

    Attributes:
        folder: its name.
        files: number of files that were read.
        audit: what was in them.
        findings: the worst first.
    """

    folder: str
    files: int
    audit: Audit
    findings: list[Finding]

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity, the worst first."""
        found = Counter(one.severity for one in self.findings)
        return {severity.word: found[severity] for severity in sorted(Severity, reverse=True)}

    @property
    def groups(self) -> dict[Severity, dict[str, list[Finding]]]:
        """Findings by severity and kind."""
        found: dict[Severity, dict[str, list[Finding]]] = {}
        for one in self.findings:
            found.setdefault(one.severity, {}).setdefault(one.kind, []).append(one)
        return found

    @property
    def summary(self) -> str:
        """One line."""
        counts = ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for word, number in self.counts.items())
        read = f"{self.files} file{'' if self.files == 1 else 's'}, {len(self.audit.results)} results"
        return f"{self.folder}: {read}, {len(self.audit.tests)} tests: {counts}"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The content of `--json`: no times and no machine's paths, so that two audits of one folder are the same bytes."""
    return {
        "schema_version": SCHEMA_VERSION,
        "folder": outcome.folder,
        "files": outcome.files,
        "read": {
            "results": len(outcome.audit.results),
            "tests": len(outcome.audit.tests),
            "spreads": len(outcome.audit.spreads),
            "timings": len(outcome.audit.timings),
            "lists_of_rows": len(outcome.audit.lists),
        },
        "not_understood": sorted(shown(file) for file in outcome.audit.strangers),
        "counts": outcome.counts,
        "findings": [one.json() for one in outcome.findings],
    }


def show(outcome: Outcome, console: Console) -> None:
    """Print the findings by severity and kind, each kind with its advice."""
    for severity, kinds in outcome.groups.items():
        console.print(f"\n[bold {COLORS[severity]}]{severity.word.capitalize()}s[/]")
        for kind, found in kinds.items():
            console.print(f"  [bold]{escape(kind)}[/] ({len(found)}): {escape(found[0].advice)}")
            for one in found[:MOST]:
                console.print(f"    {one.where}", markup=False, style="cyan", soft_wrap=True)
                console.print(f"      {one.what}", markup=False, soft_wrap=True)
            if len(found) > MOST:
                console.print(f"    … and {len(found) - MOST} more (--json or --html lists all)", style="dim")
    console.print(("\n" if outcome.findings else "") + outcome.summary, markup=False, soft_wrap=True)


def page(outcome: Outcome) -> str:
    """One self-contained HTML page."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, STYLE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("audit.html").render(
        title=f"Audit of {outcome.folder}", outcome=outcome, strangers=as_json(outcome)["not_understood"]
    )
