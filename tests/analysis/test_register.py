"""Every printed number leads to a line of the register, and every line leads to runs that are listed."""

import re

from analysis.prose import FRAGMENTS
from analysis.register import register
from analysis.tables import (
    claims,
    contradictions,
    controls,
    differences,
    main,
    pairs,
    phases,
    runs,
    superadditivity,
    sweeps,
    transfer,
    variants,
)
from analysis.tables._common import to_latex
from analysis.values import macros, registry

GRIDS = (main, differences, controls, sweeps, variants, pairs, transfer, superadditivity)
TABLES = (*GRIDS, claims, contradictions, phases)


def places(text: str) -> set[str]:
    return set(re.findall(r"\\registered\{([^{}]*)\}", text))


def links(text: str) -> set[str]:
    return set(re.findall(r"\\traced\{([^{}]*)\}", text))


def test_each_value_and_each_result_of_a_table_has_a_line(grids, series):
    for one in (grids, series):
        known = places(register(one))
        assert links(macros(registry(one))) == known
        for table in TABLES:
            found = links(to_latex(table.build(one), "test"))
            assert found <= known, table.__name__
    for table in GRIDS:
        assert links(to_latex(table.build(grids), "test")), f"{table.__name__} links nothing"


def test_lines_are_unique_and_name_listed_runs(study):
    text = register(study)
    stems = re.findall(r"\\registered\{([^{}]*)\}", text)
    assert len(stems) == len(set(stems))
    # Real ids are hexadecimal; those of the fabricated study have signs that LaTeX needs escaped where it prints them.
    printed = to_latex(runs.build(study), "test").replace("\\_", "_")
    listed = set(re.findall(r"\\runid\{([^{}]*)\}", printed))
    assert set(re.findall(r"\\torun\{([^{}]*)\}", text)) <= listed
    assert listed


def test_the_paper_reads_the_register(study):
    assert "register" in FRAGMENTS
    assert FRAGMENTS["register"](study) == register(study)
