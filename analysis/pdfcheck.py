"""Read the finished PDF and fail if rows of a printed table are on no page.

A long table that meets a float can be set far off the page without a word in LaTeX's log. So the start of every row
of the given tables must be found in the text that lies on the PDF's pages. Exit status 1 and one line for each table
that lost some.
"""

import re
import sys
from pathlib import Path
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text
from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

from analysis.study import parser
from telepathy.errors import fail, run_stage

EXAMPLE = "python -m analysis.pdfcheck results/quick/paper.pdf results/quick/tables/runs.tex"
FONT = re.compile(r"\\(?:text(?:tt|bf|it|sf)|runid)\{([^{}]*)\}")
LINK = re.compile(r"\\traced\{[^{}]*\}")
ENOUGH = 12
"""Letters of a first cell (such as a run's id) that stand nowhere else; a shorter one is sought with the second."""


def main() -> None:
    """Command line of the check."""
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("pdf", type=Path, help="the finished paper")
    arguments.add_argument("table", type=Path, nargs="+", help="tables as the paper reads them (.tex)")
    options = arguments.parse_args()
    text = letters(options.pdf)
    found = {table: [row for row in starts(table) if row not in text] for table in options.table}
    for table, missing in found.items():
        if missing:
            print(f"{options.pdf}: {len(missing)} rows of {table} are on no page, first {missing[0]}", file=sys.stderr)
    if any(found.values()):
        raise SystemExit(1)


def plain(text: str) -> str:
    """Text without white space and with one kind of minus: an extraction may break words."""
    # A minus and an apostrophe are set as signs of their own.
    return "".join(text.split()).replace("\u2212", "-").replace("\u2019", "'")


def letters(pdf: Path) -> str:
    """All text of a PDF, as `plain` gives it.

    Raises:
        UserError: missing or no PDF.
    """
    try:
        return "".join(visible(page) for page in PdfReader(pdf).pages)
    except (OSError, PyPdfError) as error:
        raise fail(pdf, f"not readable as PDF ({error})", "build the paper first") from None


def visible(page: PageObject) -> str:
    """The text that lies between a page's upper and lower edge, as `plain` gives it."""
    parts: list[str] = []

    def visit(text: str, outer: list[float], inner: list[float], *_: Any) -> None:
        height = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
        if page.mediabox.bottom <= height <= page.mediabox.top:
            parts.append(text)

    page.extract_text(visitor_text=visit)
    return plain(" ".join(parts))


def starts(table: Path) -> list[str]:
    """The first cells of each row of a tabular, without headings.

    Raises:
        UserError: no such file.
    """
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise fail(table, f"not readable ({error})", "build the tables first") from None
    rows = [line for line in lines if " & " in line and not line.startswith((r"\textbf", r"\multicolumn"))]
    convert = LatexNodes2Text().latex_to_text
    cells = [
        [plain(convert(FONT.sub(r"\1", LINK.sub("", cell)))) for cell in row.removesuffix(r" \\").split(" & ")]
        for row in rows
    ]
    return [row[0] if len(row[0]) >= ENOUGH else row[0] + row[1] for row in cells]


if __name__ == "__main__":
    run_stage(main)
