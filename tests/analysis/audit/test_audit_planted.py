import pytest
import variants
from clean import CLEAN
from planted import DEFECTS, NOTES, written

from analysis.audit import foreign
from analysis.audit.__main__ import audit
from analysis.audit.finding import Finding, Severity, findings
from analysis.audit.model import Document
from analysis.audit.rules import every


@pytest.mark.parametrize("case", range(len(DEFECTS)), ids=[f"{kind}-{i}" for i, (kind, _) in enumerate(DEFECTS)])
def test_a_planted_defect_is_found(case, tmp_path):
    kind, files = DEFECTS[case]
    found = audit(written(tmp_path, files)).findings
    severities = [one.severity for one in found if one.kind == kind]
    assert severities, [(one.kind, one.what) for one in found]
    assert max(severities) > Severity.NOTE or kind in NOTES


def test_every_kind_is_planted():
    elsewhere = {"claim_unsupported", "claim_n", "unclaimed_file", "unreadable_run", "repeated_configuration"}
    kinds = {each.kind for each in every()}
    assert {kind for kind, _ in DEFECTS} == kinds - elsewhere
    assert len(kinds) >= 25
    assert len({each.kind for each in every()}) == len(every())


@pytest.mark.parametrize("case", range(len(CLEAN)))
def test_clean_results_give_no_more_than_notes(case, tmp_path):
    found = audit(written(tmp_path, CLEAN[case])).findings
    assert [(one.kind, one.where, one.what) for one in found if one.severity > Severity.NOTE] == []


def test_there_are_twenty_clean_results_that_are_understood(tmp_path):
    assert len(CLEAN) >= 20
    for number, files in enumerate(CLEAN):
        found = audit(written(tmp_path / str(number), files))
        assert len(found.audit.strangers) < len(files), files


def in_memory(files: dict) -> list[Finding]:
    return findings(foreign.read([Document(f"{name}.json", content) for name, content in files.items()]), every())


@pytest.mark.parametrize("case", range(len(variants.DEFECTS)))
def test_a_defect_in_another_shape_is_found(case):
    kind, files = variants.DEFECTS[case]
    found = in_memory(files)
    assert kind in {one.kind for one in found if one.severity > Severity.NOTE}, [(one.kind, one.what) for one in found]


@pytest.mark.parametrize("case", range(len(variants.CLEAN)))
def test_other_clean_shapes_give_no_more_than_notes(case):
    found = in_memory(variants.CLEAN[case])
    assert [(one.kind, one.where, one.what) for one in found if one.severity > Severity.NOTE] == []
