"""Raw runs: what is written is read back; what is damaged is refused."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepathy.data.answers import final_answer
from telepathy.errors import UserError
from telepathy.files import write_atomic
from telepathy.record import Row, read_run, write_run


def row(name: str, gold: str = "a", prediction: str | None = "a") -> Row:
    return Row(name, "t" + name, "p", gold, prediction, prediction is not None, {"a": -0.1, "b": -2.4}, None)


def written(folder):
    write_run(folder, {"spec": {"x": 1}}, [row("1"), row("2", "b"), row("3", "a", None)], {"host": "h"})
    return folder


def test_round_trip(tmp_path):
    run = read_run(written(tmp_path))
    assert [one.correct for one in run.rows] == [True, False, False]
    assert run.record["summary"] == {"n": 3, "correct": 1, "accuracy": 1 / 3, "unparsed": 1}


def test_same_rows_same_bytes(tmp_path):
    a, b = written(tmp_path / "a"), written(tmp_path / "b")
    assert (a / "rows.jsonl.gz").read_bytes() == (b / "rows.jsonl.gz").read_bytes()


@pytest.mark.parametrize("cut", [1, 20, -1, -9])
def test_truncated_rows_are_refused(tmp_path, cut):
    path = written(tmp_path) / "rows.jsonl.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"rows\.jsonl\.gz"):
        read_run(tmp_path)


def test_rows_that_contradict_the_summary_are_refused(tmp_path):
    path = written(tmp_path) / "rows.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    changed = json.loads(lines[0]) | {"prediction": "b"}
    path.write_bytes(gzip.compress("\n".join([json.dumps(changed), *lines[1:]]).encode()))
    with pytest.raises(UserError, match="contradict the summary"):
        read_run(tmp_path)


def test_another_schema_and_missing_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_run(tmp_path)
    written(tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"schema_version": 99}))
    with pytest.raises(UserError, match="schema version"):
        read_run(tmp_path)


def test_no_rows_and_double_rows_are_refused(tmp_path):
    with pytest.raises(UserError, match="without rows"):
        write_run(tmp_path, {}, [], {})
    with pytest.raises(UserError, match="appears twice"):
        write_run(tmp_path, {}, [row("1"), row("1")], {})


def test_a_failing_write_leaves_nothing(tmp_path):
    def fails(part):
        part.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomic(tmp_path / "file", fails)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("385,000", "385000"),
        ("so it costs $1,250.50 in all", "1250.5"),
        ("3 + 4 = 7\n#### 7\n\nQuestion: 12 + 1 =", "7"),
        ("#### 5\n#### 9", "5"),
        ("nothing here", None),
        ("", None),
        ("a1b", "1"),
    ],
)
def test_final_numbers(text, wanted):
    assert final_answer(text, "number", stop=["\n\n"]) == wanted


@given(st.integers(0, 10**9), st.sampled_from(["", "so ", "The answer is "]))
def test_any_number_survives_with_or_without_commas(value, before):
    assert final_answer(f"{before}{value:,}", "number") == str(value)
    assert final_answer(f"7 apples\n#### {value}", "number") == str(value)


def test_strings_by_pattern():
    assert final_answer(" 12345. Remember 99999", "string", r"\d{5}") == "12345"
    assert final_answer("1234", "string", r"\d{5}") is None
