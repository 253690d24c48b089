import pytest
from planted import written

from analysis.audit import claims
from analysis.audit.__main__ import audit
from analysis.claims import FILE
from telepathy.errors import UserError

FILES = {
    "a.json": {"sst2": {"bridge": {"accuracy": 94.72, "correct": 826, "total": 872}}},
    "b.json": {"trec": {"bridge": {"accuracy": 0.945, "n": 200}}},
    "unused.json": {"accuracy": 0.123},
}


def found(tmp_path, text: str) -> list[tuple[str, str]]:
    folder = written(tmp_path / "results", FILES)
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    kinds = ("claim_unsupported", "claim_n", "unclaimed_file")
    return [(one.kind, one.path or one.file) for one in audit(folder, path).findings if one.kind in kinds]


def test_supported_claims_leave_only_the_unused_file(tmp_path):
    text = """claims:
- {id: a, value: 94.7, unit: percent, n: 872}
- {id: b, value: 0.945, unit: fraction, file: results/b.json, key: trec.bridge.accuracy, n: 200}
- {id: c, value: 94.5, unit: percent}
- {id: d, value: 94.5, unit: percent, file: b.json, key: trec/bridge}
"""
    assert found(tmp_path, text) == [("unclaimed_file", "unused.json")]


def test_numbers_that_no_file_gives(tmp_path):
    text = """claims:
- {id: gone, value: 96.7, unit: percent}
- {id: other, value: 94.9, unit: percent, file: b.json, key: trec.bridge.accuracy}
- {id: nowhere, value: 94.5, unit: percent, file: c.json, key: x}
- {id: nokey, value: 94.5, unit: percent, file: b.json, key: trec.relay}
- {id: counts, value: 94.72, unit: percent, correct: 800, n: 872}
"""
    unsupported = [name for kind, name in found(tmp_path, text) if kind == "claim_unsupported"]
    assert unsupported == ["counts", "gone", "nokey", "nowhere", "other"]


def test_another_n(tmp_path):
    text = "claims: [{id: a, value: 94.7, unit: percent, n: 200}, {id: b, value: 94.5, unit: percent, n: 500}]"
    assert [name for kind, name in found(tmp_path, text) if kind == "claim_n"] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    ["claims: 3", "- {id: a}", "claims: [{value: 3}]", "claims: [{id: a, value: x}]", "claims: [3]", "{", "",
     "claims: [{id: a, value: 1}, {id: a, value: 2}]", "claims: [{id: a, value: .nan}]"],
)  # fmt: skip
def test_bad_claims_are_one_line(tmp_path, text):
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(UserError):
        claims.load(path)


def test_the_paper_s_claims_can_be_read():
    read = claims.load(FILE)
    assert len(read) > 20
    assert any(one.stated for one in read)
    assert any(one.n and one.correct is not None and one.percent for one in read)
