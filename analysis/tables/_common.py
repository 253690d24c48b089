"""What all tables share: the command line, the CSV file and the LaTeX tabular."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis import formats
from analysis.study import Comparison, Study, add_inputs, parser, read_study
from telepathy.errors import run_stage
from telepathy.files import write_text

LINES = 45
"""Lines of a table that still float: with caption and notes, they fill most of a page."""


@dataclass(frozen=True)
class Text:
    """A cell that is printed in one way for people (`latex`) and in another in the CSV file (`plain`)."""

    plain: str
    latex: str


Cell = str | Text


@dataclass(frozen=True)
class Group:
    """Rows under a heading that spans the table, and a note below them; an empty one prints no line."""

    heading: str
    rows: list[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table as data.

    Attributes:
        columns: titles, plain text.
        align: LaTeX column specification.
        groups: rows in groups; each row has as many cells as there are columns.
        notes: LaTeX paragraphs below the table.
        data: rows of the CSV file, unrounded; the printed rows if None.
        data_columns: titles of the CSV file's columns.
        long: whether it may break across pages (one-column text).
    """

    columns: list[str]
    align: str
    groups: list[Group]
    notes: list[str] = field(default_factory=list)
    data: list[Sequence[object]] | None = None
    data_columns: list[str] = field(default_factory=list)
    long: bool = False


def stage(name: str, doc: str, build: Callable[[Study], Table], phases: bool = False) -> None:
    """Command line of a table: read the study, build the table, write both files; `phases`: of the series too."""

    def main() -> None:
        example = (
            f"python -m analysis.tables.{name} --plan results/quick/plan/overview.json "
            f"--comparisons results/quick/statistics/comparisons.json --out results/quick/tables/{name}"
        )
        if phases:
            example += " --phases results/quick/statistics/phases.json"
        arguments = parser(doc, example)
        add_inputs(arguments, phases=phases)
        arguments.add_argument("--out", type=Path, required=True, metavar="STEM", help="writes STEM.csv and STEM.tex")
        options = arguments.parse_args(sys.argv[1:])
        table = build(read_study(options.plan, options.comparisons, options.results, getattr(options, "phases", None)))
        write_text(options.out.with_suffix(".csv"), to_csv(table))
        write_text(options.out.with_suffix(".tex"), to_latex(table, f"analysis.tables.{name}"))

    run_stage(main)


def to_csv(table: Table) -> str:
    """The table's data as CSV, full precision."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if table.data is not None:
        writer.writerow(table.data_columns)
        writer.writerows(table.data)
    else:
        writer.writerow(["group", *table.columns])
        for group in table.groups:
            writer.writerows([group.heading, *(_plain(cell) for cell in row)] for row in group.rows)
    return file.getvalue()


def to_latex(table: Table, made_by: str) -> str:
    """The table as a booktabs tabular, or a longtable* with a repeated head, with its notes below."""
    head = " & ".join(rf"\textbf{{{formats.latex(column)}}}" for column in table.columns) + r" \\"
    # Many columns need less air between them to fit the page.
    narrow = r"\setlength{\tabcolsep}{3.2pt}" if len(table.columns) > 8 else ""
    lines = [f"% Made by {made_by}; do not edit.", r"{\tablesize" + narrow]
    if table.long:
        lines += [rf"\begin{{longtable*}}{{{table.align}}}", r"\toprule", head, r"\midrule", r"\endhead"]
        lines += [r"\bottomrule", r"\endfoot"]
    else:
        lines += [rf"\begin{{tabular}}{{{table.align}}}", r"\toprule", head, r"\midrule"]
    for i, group in enumerate(table.groups):
        if i:
            lines.append(r"\addlinespace")
        if group.heading:
            span = rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l}}"
            lines.append(rf"{span}{{\textit{{{formats.latex(group.heading)}}}}} \\*")
        for row in group.rows:
            lines.append(" & ".join(_latex(cell) for cell in row) + r" \\")
        if group.note:
            span = rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l}}"
            lines.append(rf"{span}{{\textit{{{formats.latex(group.note)}}}}} \\")
    if not any(group.rows for group in table.groups):
        lines.append(rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l}}{{none}} \\")
    lines += [r"\end{longtable*}"] if table.long else [r"\bottomrule", r"\end{tabular}"]
    lines += [r"\tablenote{" + note + "}" for note in table.notes]
    return "\n".join([*lines, "}"]) + "\n"


def overlong(groups: list[Group]) -> bool:
    """Whether a table has too many lines to float, and must break across pages."""
    return sum(len(group.rows) + bool(group.heading) + bool(group.note) for group in groups) > LINES


def difference(value: float | None, comparisons: list[Comparison]) -> Cell:
    """A difference in points, bold where each of its comparisons finds it; a dash where there is none."""
    if value is None:
        return formats.MISSING
    plain = formats.points(value)
    text = formats.latex(plain)
    if {c["verdict"] for c in comparisons} in ({"above"}, {"below"}):
        text = rf"\textbf{{{text}}}" if "$" not in text else rf"\boldmath\textbf{{{text}}}"
    return Text(plain, text)


def traced(cell: Cell, place: str) -> Cell:
    """A cell that links to a line of the paper's register (a stem of ids, such as that of a cell or comparison)."""
    if not any(letter.isdigit() for letter in _plain(cell)):
        return cell
    return Text(_plain(cell), formats.traced(place, _latex(cell)))


def evidence(comparisons: list[Comparison]) -> str:
    """Holm-adjusted p of one comparison; of several seeds, how many found it above / below: `4 / 0 of 5`."""
    if len(comparisons) == 1:
        return formats.p_value(comparisons[0]["p_holm"])
    verdicts = [c["verdict"] for c in comparisons]
    return f"{verdicts.count('above')} / {verdicts.count('below')} of {len(verdicts)}" if verdicts else formats.MISSING


def turned(comparisons: list[Comparison]) -> list[Comparison]:
    """The same comparisons seen from the other method: method minus reference."""
    sides = {"above": "below", "below": "above"}
    ends = (("difference", "difference"), ("low", "high"), ("high", "low"))
    return [
        c
        | {key: None if c[other] is None else -c[other] for key, other in ends}
        | {"verdict": sides.get(c["verdict"], c["verdict"])}
        for c in comparisons
    ]


def empty(value: object) -> object:
    """A CSV field: nothing where there is no value, several values separated by spaces."""
    if isinstance(value, (list, tuple)):
        return " ".join(str(one) for one in value)
    return "" if value is None else value


def _latex(cell: Cell) -> str:
    return cell.latex if isinstance(cell, Text) else formats.latex(cell)


def _plain(cell: Cell) -> str:
    return cell.plain if isinstance(cell, Text) else cell
