import json
import math
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted import written

from analysis.audit import foreign, keys
from analysis.audit.__main__ import audit, main
from analysis.audit.finding import findings
from analysis.audit.model import Document
from analysis.audit.output import Outcome, as_json, page
from analysis.audit.rules import every
from telepathy.errors import UserError, run_stage

GOOD = {"r.json": {"accuracy": 0.915, "correct": 183, "total": 200}}
BAD = {"r.json": {"accuracy": 0.925, "correct": 183, "total": 200}}
DOUBTFUL = {"r.json": {"accuracy": 0.3, "correct": 60, "total": 200, "num_classes": 2}}


def status(monkeypatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["audit", *map(str, arguments)])
    try:
        run_stage(main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_exit_status(tmp_path, monkeypatch, capsys):
    good, bad = written(tmp_path / "good", GOOD), written(tmp_path / "bad", BAD)
    doubtful = written(tmp_path / "doubtful", DOUBTFUL)
    assert status(monkeypatch, good) == 0
    assert "0 errors" in capsys.readouterr().out
    assert status(monkeypatch, bad) == 1
    assert "r.json" in (shown := capsys.readouterr().out)
    assert "accuracy 0.925 is not 183 of 200" in shown
    assert status(monkeypatch, bad, "--fail-on", "never") == 0
    assert status(monkeypatch, doubtful) == 0
    assert status(monkeypatch, doubtful, "--fail-on", "warning") == 1


@pytest.mark.parametrize("case", ["absent", "empty", "claims"])
def test_bad_input_is_one_line(case, tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    extra = ["--claims", tmp_path / "none.yaml"] if case == "claims" else []
    folder = written(tmp_path / "good", GOOD) if case == "claims" else tmp_path / case
    assert status(monkeypatch, folder, *extra) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_json_and_html_are_the_same_bytes_again(tmp_path, monkeypatch):
    folder = written(tmp_path / "bad", BAD | {"odd <b>.json": {"x": 1}})
    for name in ("1", "2"):
        out = tmp_path / name
        assert status(monkeypatch, folder, "--json", out / "a.json", "--html", out / "a.html") == 1
    assert (tmp_path / "1/a.json").read_bytes() == (tmp_path / "2/a.json").read_bytes()
    text = (tmp_path / "1/a.html").read_text()
    assert text == (tmp_path / "2/a.html").read_text()
    assert "accuracy counts" in text
    assert "<b>" not in text
    assert "http" not in text
    content = json.loads((tmp_path / "1/a.json").read_text())
    assert content["schema_version"] == 1
    assert content["counts"] == {"error": 1, "warning": 0, "note": 1}
    assert content["not_understood"] == ["odd <b>.json"]
    keys_of_a_finding = {"kind", "severity", "file", "path", "what", "advice", "evidence"}
    assert all(set(one) == keys_of_a_finding for one in content["findings"])
    assert str(tmp_path) not in (tmp_path / "1/a.json").read_text()


def test_damaged_files_are_notes(tmp_path):
    folder = written(tmp_path, GOOD)
    (folder / "broken.json").write_text('{"accuracy": ')
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "packed.json.gz").write_bytes(b"\x1f\x8bnothing")
    (folder / "latin.json").write_bytes(b'{"a": "\xe9"}')
    found = audit(folder)
    assert {one.file for one in found.findings} == {"broken.json", "deep.json", "packed.json.gz", "latin.json"}
    assert {one.kind for one in found.findings} == {"not_understood"}


def test_every_rule_says_why(tmp_path):
    for rule in every():
        assert rule.find.__doc__
        assert rule.advice.endswith(".")


def test_the_declared_names_are_plain():
    for concept, names in keys._synonyms().items():
        for name in names:
            assert isinstance(name, str), (concept, name)
            assert keys.plain(name) == name, (concept, name)


WORDS = sorted({name for names in keys._synonyms().values() for name in names})
SPECIAL = st.sampled_from(
    ["sst2", "bridge", "by_class", "seed42", "latents_8", "a_vs_b", "p_value", "ci_low", "ci_high"]
)
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.integers(0, 100), st.floats(0, 1), st.sampled_from([10**400, -1, 1e308, math.inf])
)
LEAVES = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(max_size=8), st.sampled_from(["", "91.5%", "\ud800", "inf"])
)
KEYS = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), SPECIAL, st.text(max_size=6))
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(KEYS, inner, max_size=7)),
    max_leaves=40,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(JSON, min_size=1, max_size=3))
def test_no_json_makes_it_fall(contents):
    found = foreign.read([Document(f"f{number}.json", content) for number, content in enumerate(contents)])
    found.claims = []
    outcome = Outcome("any", len(contents), found, findings(found, every()))
    json.dumps(as_json(outcome), allow_nan=False, ensure_ascii=False).encode()
    page(outcome).encode()


ROW = ("id", "gold", "prediction", "output", "right", "text")
ROWS = st.dictionaries(st.sampled_from([name for field in ROW for name in keys.names(field)]), LEAVES, max_size=5)
FIELDS = (
    "accuracy",
    "correct",
    "n",
    "chance",
    "classes",
    "mean",
    "deviation",
    "values",
    "losses",
    "throughput",
    "latency",
)
NAMED = st.dictionaries(st.sampled_from([name for field in FIELDS for name in keys.names(field)]), NUMBERS, max_size=6)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NAMED, st.lists(ROWS, max_size=12), st.dictionaries(KEYS, NAMED, max_size=4), st.lists(NUMBERS, max_size=5))
def test_no_result_makes_it_fall(numbers, examples, parts, values):
    content = numbers | {"details": examples, "by_class": parts, "ci_95": values, "scores": values, "config": numbers}
    found = foreign.read([Document("f.json", {"x": content, "y": [content, numbers]})])
    json.dumps(as_json(Outcome("any", 1, found, findings(found, every()))), allow_nan=False)


def test_no_such_folder(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        audit(tmp_path / "none")
