"""Find result-like numbers and verdict words that were typed into the paper, and inputs that nothing makes.

Every number of the paper is a `\\result{...}` macro or part of a generated table. Numbers that are no results,
such as those of a definition, are listed with a reason in constants.yaml. Generated sentences (--text) may hold verdict
words, which follow the tests, but no number of their own. Exit status 1 and one line `file:line: ...` for each finding.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexCommentNode,
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexMathNode,
    LatexSpecialsNode,
    LatexWalker,
    get_default_latex_context_db,
)
from pylatexenc.macrospec import MacroSpec

from analysis.prose import FRAGMENTS
from analysis.study import parser
from telepathy.errors import fail, run_stage

EXAMPLE = "python -m analysis.literals paper --text results/quick/text"
HERE = Path(__file__).parent

# Macros whose arguments are names, lengths or ids, with their argument specification.
OPAQUE = {
    "result": "{", "cref": "{", "Cref": "{", "crefrange": "{{", "ref": "{", "eqref": "{", "pageref": "{",
    "autoref": "{", "label": "{", "cite": "*[[{", "citet": "*[[{", "citep": "*[[{", "citealp": "*[[{",
    "citeauthor": "*{", "citeyear": "*{", "nocite": "{", "input": "{",
    "include": "{", "includegraphics": "[{",
    "bibliography": "{", "bibliographystyle": "{", "url": "{", "vspace": "*{",
    "hspace": "*{", "setlength": "{{",
    "setcounter": "{{", "usepackage": "[{", "documentclass": "[{", "definecolor": "{{{", "pagestyle": "{",
    "thispagestyle": "{", "captionsetup": "[{", "hypersetup": "{",
    "fontsize": "{{", "needspace": "{", "rule": "[{{", "registered": "{{{", "registerkind": "{{",
}  # fmt: skip
TRANSPARENT = {"method": "{", "captionof": "{{", "href": "{{", "texorpdfstring": "{{"}
VERBATIM = {"verbatim", "lstlisting", "Verbatim"}
WORDS = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety|hundred|half"
)
UNITS = r"(?:%|percent|percentage|points?|steps?|rows?|examples?|tokens?|seeds?|epochs?|times|fold)\b|%"
NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)(?:\d[\d,]*\d|\d)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d+)?(?![\w]|\.\d)")
NAME = re.compile(r"\\method\{[^{}]*\}")
SPELLED = re.compile(rf"\b(?:{WORDS})(?:[- ](?:{WORDS}))*\s+(?:percent|points?)\b", re.I)
VERDICT = re.compile(r"\b(?:significantly|outperform\w*|surpass\w*|beats?|state[- ]of[- ]the[- ]art)\b", re.I)


@dataclass(frozen=True)
class Finding:
    """Something that does not belong into a source file of the paper."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument(
        "paper",
        type=Path,
        metavar="FOLDER",
        help="folder with main.tex, and constants.yaml with the exceptions",
    )
    arguments.add_argument("--text", type=Path, metavar="FOLDER", help="generated sentences (results/<preset>/text)")
    options = arguments.parse_args()
    findings = inspect(options.paper)
    if options.text is not None:
        findings += generated(options.text)
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        raise SystemExit(1)


def inspect(paper: Path) -> list[Finding]:
    """All findings below a paper's folder, in the order of files and lines.

    Raises:
        UserError: the folder has no .tex file, or constants.yaml is not a list of `text` and `reason`.
    """
    sources = sorted(paper.rglob("*.tex"))
    if not sources:
        raise fail(paper, "no .tex file below it", "name the folder of main.tex")
    allowed = _allowed(paper / "constants.yaml")
    used: set[str] = set()
    findings = []
    for path in sources:
        source = path.read_text(encoding="utf-8")
        nodes = parse(source)
        spans = [(text, m.span()) for text in allowed for m in _pattern(text).finditer(source)]
        visible = mask(source, nodes)
        for start, end, what in literals(visible):
            cover = [text for text, (a, b) in spans if a <= start and end <= b]
            used.update(cover)
            if not cover:
                findings.append(Finding(path, _line(source, start), what))
        findings += _inputs(paper, path, source, nodes)
    stale = [text for text in allowed if text not in used]
    where = paper / "constants.yaml"
    findings += [Finding(where, 1, f"the exception `{text}` covers nothing; remove it") for text in stale]
    return findings


def generated(folder: Path) -> list[Finding]:
    """Numbers in generated sentences that are no registered value.

    Raises:
        UserError: the folder has no .tex file.
    """
    sources = sorted(folder.glob("*.tex"))
    if not sources:
        raise fail(folder, "no .tex file in it", "make it with `snakemake`")
    found = []
    for path in sources:
        # A method's name may hold a number, such as the axes of a quantiser.
        source = NAME.sub(lambda match: " " * len(match.group()), path.read_text(encoding="utf-8"))
        for start, _, what in numbers(mask(source, parse(source))):
            found.append(Finding(path, _line(source, start), what))
    return found


@lru_cache(maxsize=128)
def parse(source: str) -> Sequence[Any]:
    """Nodes of a LaTeX source; macros whose arguments must not be read as text are known to the parser."""
    context = get_default_latex_context_db()
    specs = [MacroSpec(name, arguments) for name, arguments in (OPAQUE | TRANSPARENT).items()]
    context.add_context_category("paper", macros=specs, prepend=True)
    nodes, _, _ = LatexWalker(source, latex_context=context, tolerant_parsing=True).get_latex_nodes()
    return nodes


def mask(source: str, nodes: Sequence[Any]) -> str:
    """The source with everything blanked that a reader does not see as text; same length and line breaks."""
    visible = [c if c == "\n" else " " for c in source]
    body = next((n for n in nodes if n.isNodeType(LatexEnvironmentNode) and n.environmentname == "document"), None)
    for start, end in _texts(nodes if body is None else body.nodelist):
        visible[start:end] = source[start:end]
    return "".join(visible)


def literals(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and description of each typed number, spelled percentage and verdict word in masked text."""
    yield from numbers(text)
    for match in VERDICT.finditer(text):
        yield *match.span(), f"the verdict `{match.group()}` is typed; verdicts are computed (analysis.prose)"


def numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and description of each typed number and spelled percentage in masked text."""
    for match in NUMBER.finditer(text):
        number = match.group()
        unit = re.match(rf"[\s~-]*(?:{UNITS})", text[match.end() : match.end() + 24], re.I)
        if unit or len(re.sub(r"\D", "", number)) > 1:
            shown = number + (unit.group().strip("~ \n") if unit and "%" in unit.group() else "")
            yield match.start(), match.end(), f"the number `{shown}` is typed; use \\result or constants.yaml"
    for match in SPELLED.finditer(text):
        yield *match.span(), f"the number `{' '.join(match.group().split())}` is typed; use \\result"


def built_outputs() -> set[str]:
    """Names under `results/<preset>/` that the paper may input or include."""
    modules = {kind: sorted((HERE / kind).glob("[a-z]*.py")) for kind in ("tables", "figures")}
    names = {f"{kind}/{path.stem}" for kind, paths in modules.items() for path in paths}
    return names | {"values"} | {f"text/{name}" for name in FRAGMENTS}


def _texts(nodes: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Spans of visible text; `\\%` counts as text, as it belongs to a number."""
    for node in nodes or ():
        if node is None or node.isNodeType(LatexCommentNode):
            continue
        if node.isNodeType(LatexCharsNode) or node.isNodeType(LatexSpecialsNode):
            yield node.pos, node.pos + node.len
        elif node.isNodeType(LatexMacroNode):
            if node.macroname in ("%", ",", "-"):
                yield node.pos + 1, node.pos + 2
            elif node.macroname not in OPAQUE and node.macroname not in ("verb", "newcommand", "\\"):
                arguments = node.nodeargd.argnlist if node.nodeargd else []
                yield from _texts(arguments[1:] if node.macroname == "href" else arguments)
        elif node.isNodeType(LatexEnvironmentNode):
            if node.environmentname not in VERBATIM:
                yield from _texts(node.nodelist)
        elif node.isNodeType(LatexGroupNode) or node.isNodeType(LatexMathNode):
            yield from _texts(node.nodelist)


def _macros(nodes: Sequence[Any]) -> Iterator[Any]:
    for node in nodes or ():
        if node is None:
            continue
        if node.isNodeType(LatexMacroNode):
            yield node
            yield from _macros(node.nodeargd.argnlist if node.nodeargd else [])
        elif not node.isNodeType(LatexCharsNode) and hasattr(node, "nodelist"):
            yield from _macros(node.nodelist)


def _inputs(paper: Path, path: Path, source: str, nodes: Sequence[Any]) -> Iterator[Finding]:
    endings = {"input": "tex", "include": "tex", "includegraphics": "pdf", "bibliography": "bib"}
    known = built_outputs()
    for node in _macros(nodes):
        if node.macroname in endings:
            argument = node.nodeargd.argnlist[-1]
            name = argument.latex_verbatim().strip("{} \n")
            ending = endings[node.macroname]
            is_file = (paper / name).is_file() or (paper / f"{name}.{ending}").is_file()
            if not is_file and name.removesuffix(f".{ending}") not in known:
                what = f"\\{node.macroname}{{{name}}} is neither a file of the paper nor made by any stage"
                yield Finding(path, _line(source, node.pos), what)


def _allowed(path: Path) -> list[str]:
    """Texts of constants.yaml."""
    if not path.exists():
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise fail(path, f"not readable as YAML ({error})", "mend it") from None
    if not isinstance(content, list):
        raise fail(path, "not a list", "write entries of `text` and `reason`")
    for number, entry in enumerate(content, start=1):
        if not isinstance(entry, dict) or set(entry) != {"text", "reason"} or not all(entry.values()):
            raise fail(path, f"entry {number} is not a pair of `text` and `reason`", "write both")
    return [str(entry["text"]) for entry in content]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1


if __name__ == "__main__":
    run_stage(main)
