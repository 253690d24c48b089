"""Rows that are on no page are found, whatever LaTeX's log says."""

import shutil
import subprocess

import pytest

from analysis.pdfcheck import letters, starts
from telepathy.errors import UserError

ROWS = r"""\begin{tabular}{ll}
\textbf{Run} & \textbf{Method} \\
\texttt{0123456789ab} & Bridge \\
p07, rep. & $-$1.5 \\
\multicolumn{2}{l}{none} \\
\end{tabular}
"""


def test_rows_are_known_by_their_first_cells(tmp_path):
    (tmp_path / "t.tex").write_text(ROWS)
    assert starts(tmp_path / "t.tex") == ["0123456789ab", "p07,rep.-1.5"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
@pytest.mark.parametrize("height", [0, 1500])
def test_text_off_the_page_does_not_count(tmp_path, height):
    (tmp_path / "t.tex").write_text(ROWS)
    body = rf"\documentclass{{article}}\begin{{document}}x\raisebox{{{height}pt}}[0pt]{{\input{{t}}}}\end{{document}}"
    (tmp_path / "main.tex").write_text(body)
    words = ["pdflatex", "-interaction=nonstopmode", "main.tex"]
    subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
    found = letters(tmp_path / "main.pdf")
    assert all((row in found) == (height == 0) for row in starts(tmp_path / "t.tex"))


def test_no_pdf_is_one_clear_line(tmp_path):
    (tmp_path / "main.pdf").write_text("not a PDF")
    with pytest.raises(UserError, match=r"main\.pdf: not readable as PDF"):
        letters(tmp_path / "main.pdf")
