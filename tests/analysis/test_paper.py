import random
import re
import shutil
from pathlib import Path

import pytest

from analysis.latexlog import problems
from analysis.literals import generated, inspect, literals, mask, parse
from analysis.prose import FRAGMENTS
from analysis.values import check, registry
from telepathy.errors import UserError

PAPER = Path(__file__).parents[2] / "paper"
PLAIN = "\\begin{document}\n%s\n\\end{document}\n"


def scan(text: str) -> list[str]:
    source = PLAIN % text
    return [what for _, _, what in literals(mask(source, parse(source)))]


@pytest.mark.parametrize(
    "text",
    [
        r"an accuracy of 81.3\%",
        "$p < 0.05$",
        "p below .05",
        "93 percent",
        "after 200 steps",
        "1,500 rows",
        "over 2 seeds",
        "about ninety percent",
        "$K = 16$ tokens",
        r"\caption{Accuracy of 77}",
        r"\emph{12.5}",
        r"\begin{tabular}{ll} a & 45.5 \\ \end{tabular}",
        r"\method{x 99}",
        "it outperforms all",
        "significantly above",
        r"gains 5\% more",
        r"\begin{equation} x = 0.1 \end{equation}",
        "rate 1e-4",
    ],
)
def test_planted_numbers_and_verdicts_are_found(text):
    assert scan(text)


@pytest.mark.parametrize(
    "text",
    [
        r"\includegraphics[width=0.9\linewidth]{figures/a12}",
        r"\citep[p. 33]{foo2021} and \cref{tab:m11}",
        r"\result{plan.x.12}",
        "% 33.3 in a comment",
        "Gemma 3 270M, GSM8K, Llama-3.1-8B, phase 1, one of 2",
        r"\begin{tabular}{lp{0.6\linewidth}} a \\[2.5ex] b \end{tabular}",
        r"\vspace{-12pt}\setlength{\tabcolsep}{14pt}",
        "$x_1 + y^2$",
        r"\url{https://example.org/2024/11}",
        r"\begin{verbatim} 99.9 \end{verbatim}",
    ],
)
def test_harmless_numbers_are_left_alone(text):
    assert scan(text) == []


def test_the_preamble_is_no_prose():
    source = r"\documentclass[10pt]{article}\geometry{margin=2.15cm} 99.9" + PLAIN % "fine"
    assert list(literals(mask(source, parse(source)))) == []


def test_the_real_paper_is_clean():
    assert inspect(PAPER) == []


def planted(paper: Path, seed: int) -> tuple[Path, int, str]:
    """Type one result into a copy of the paper, at a place and in a form that the seed chooses: file, line, text."""
    rng = random.Random(seed)
    x = rng.uniform(0.5, 99)
    number = rng.choice(
        [rf"{x:.1f}\%", f"{x:.1f}", f"{x / 100:.3f}", f"{x:.0f} percent", f"+{x:.1f} points", f"$p={x / 1000:.4f}$"]
    )
    sources = sorted(paper.rglob("*.tex"))
    kind = ("prose", "caption", "table")[seed % 3]
    if kind == "caption":
        places = [
            (path, match.end())
            for path in sources
            for match in re.finditer(r"\\(?:caption|captionof\{\w+\})\{[^{}\n]* (?=\w)", path.read_text())
        ]
    else:
        places = []
        for path in sources:
            seen = mask(path.read_text(), parse(path.read_text()))
            places += [(path, match.end()) for match in re.finditer(r"[a-z]{3,} (?=[a-z]{3,})", seen)]
    path, at = rng.choice(places)
    source = path.read_text()
    text = f"{number} "
    if kind == "table":
        text = rf"\begin{{tabular}}{{lr}} Bridge & {number} \\ \end{{tabular}} "
    path.write_text(source[:at] + text + source[at:])
    return path, source.count("\n", 0, at) + 1, text


@pytest.mark.parametrize("seed", range(30))
def test_a_result_typed_anywhere_is_found_with_file_and_line(tmp_path, seed):
    paper = shutil.copytree(PAPER, tmp_path / "paper")
    path, line, text = planted(paper, seed)
    found = [(one.path, one.line) for one in inspect(paper)]
    assert (path, line) in found, text


def test_generated_sentences_hold_no_number_of_their_own(study, tmp_path):
    for name, compose in FRAGMENTS.items():
        (tmp_path / f"{name}.tex").write_text(compose(study))
    assert generated(tmp_path) == []
    (tmp_path / "results.tex").write_text("One line.\nIt beats chance by 31.0 points.")
    (one,) = generated(tmp_path)
    assert (one.path.name, one.line) == ("results.tex", 2)


def test_the_real_paper_uses_only_ids_that_every_plan_has(study):
    check(registry(study), [PAPER])


def test_findings_name_file_and_line_and_exceptions_need_a_use(tmp_path):
    (tmp_path / "main.tex").write_text(PLAIN % "One line.\nWe got 81.3\\%.\nA right angle has 90 degrees.")
    (tmp_path / "constants.yaml").write_text("- {text: right angle has 90 degrees, reason: geometry}\n")
    found = inspect(tmp_path)
    assert [str(f).split(": ")[0] for f in found] == [f"{tmp_path / 'main.tex'}:3"]
    (tmp_path / "main.tex").write_text(PLAIN % "Nothing.")
    assert "covers nothing" in str(inspect(tmp_path)[0])
    (tmp_path / "constants.yaml").write_text("- {text: no reason given}\n")
    with pytest.raises(UserError, match="entry 1"):
        inspect(tmp_path)


def test_inputs_that_nothing_makes_are_found(tmp_path):
    lines = r"\input{values} \input{tables/main} \includegraphics{figures/accuracy} \input{text/results}"
    (tmp_path / "main.tex").write_text(PLAIN % f"{lines}\n\\input{{tables/typed_by_hand}}\\includegraphics{{me.png}}")
    found = [str(f) for f in inspect(tmp_path)]
    assert len(found) == 2
    assert all(f"{tmp_path / 'main.tex'}:3" in f for f in found)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no \.tex"):
        inspect(tmp_path)


def test_latex_log(tmp_path):
    log = tmp_path / "main.log"
    long = "LaTeX Warning: Reference `tab:" + "x" * 60 + "' on page 1 undefined on input line 5."
    log.write_text(
        long[:79] + "\n" + long[79:] + "\n\n"
        "Package natbib Warning: Citation `foo' on page 2 undefined on input line 7.\n"
        "LaTeX Warning: Label `a' multiply defined.\n"
        "Overfull \\hbox (3.2pt too wide) in paragraph at lines 1--2\n"
        "Overfull \\hbox (13.2pt too wide) in paragraph at lines 3--4\n"
    )
    assert len(problems(log, 5.0)) == 4
    assert len(problems(log, 20.0)) == 3
    log.write_text("all is well\n")
    assert problems(log, 5.0) == []
    with pytest.raises(UserError, match="no such file"):
        problems(tmp_path / "none.log", 5.0)
