import csv
import io
import json
import shutil
import subprocess
import sys
from argparse import Namespace
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from fabricate import fabricate, tiny_plan
from rich.console import Console

from analysis import diff
from analysis.comparisons import compare
from analysis.snapshots import read_snapshot
from analysis.study import Study, read_study
from analysis.tables import differences, main, runs
from analysis.tables._common import to_csv
from analysis.values import registry
from telepathy.errors import UserError
from telepathy.files import write_json
from telepathy.record import read_run, write_run

ROOT = Path(__file__).parents[2]


def build(folder: Path, seed: int = 0, tasks: int = 2, other: str | None = None) -> Path:
    """Results with values, comparisons and tables; `other` is a run that got more rows right."""
    plan = tiny_plan(tasks=tasks)
    path = fabricate(plan, folder, seed)
    if other:
        raw = read_run(folder / plan["runs"][other]["folder"])
        rows = [replace(row, prediction=row.gold) if i < 20 else row for i, row in enumerate(raw.rows)]
        write_run(raw.folder, {key: raw.record[key] for key in ("spec", "resolved", "inputs")}, rows, {})
    read = read_study(path)
    study = Study(read.plan, read.results, compare(read))
    write_json(folder / "statistics" / "comparisons.json", study.comparisons)
    write_json(folder / "values.json", [asdict(value) for value in registry(study).values()])
    (folder / "tables").mkdir()
    for module in (main, differences, runs):
        name = module.__name__.rpartition(".")[2]
        (folder / "tables" / f"{name}.csv").write_text(to_csv(module.build(study)))
    (folder / "tables" / "speed.csv").write_text(f"run,seconds\na,{seed}.5\n")
    return folder


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("diff") / "old")


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("diff") / "new", other="task_0_receiver_zero_shot")


def compared(a: Path | str, b: Path | str) -> diff.Changes:
    return diff.difference(read_snapshot(str(a)), read_snapshot(str(b)))


def shown(a: Path | str, b: Path | str, width: int = 200, **options: bool) -> tuple[int, str]:
    out = io.StringIO()
    given = Namespace(old=str(a), new=str(b), **({"json": False, "all": False} | options))
    status = diff.show(given, Console(file=out, width=width, highlight=False))
    return status, out.getvalue()


@pytest.fixture
def copy(old, tmp_path) -> Path:
    return Path(shutil.copytree(old, tmp_path / "copy"))


def edit(folder: Path, name: str, value: object, text: str) -> None:
    path = folder / "values.json"
    values = json.loads(path.read_text())
    next(v for v in values if v["id"] == name).update(value=value, text=text)
    path.write_text(json.dumps(values))


def test_the_same_results_built_twice_do_not_differ(old, tmp_path):
    again = build(tmp_path / "again")
    (again / "tables" / "speed.csv").write_text("run,seconds\na,99\n")
    assert compared(old, again)["same"]
    status, text = shown(old, again)
    assert status == 0
    assert "no difference" in text


def test_another_run_shows_in_runs_values_and_tables(old, new):
    found = compared(old, new)
    assert not found["same"]
    (run,) = found["runs"]["changed"]
    assert run["id"] == "task_0_receiver_zero_shot"
    assert run["path"].endswith("task_0_receiver_zero_shot/rows.jsonl.gz")
    assert run["old"] != run["new"]
    assert found["runs"]["added"] == found["runs"]["removed"] == []
    changed = {c["id"] for c in found["values"]["changed"]}
    assert changed
    assert all("task_1" not in name for name in changed)
    assert "main.task_0.bridge.accuracy" not in changed
    assert {"main.task_0.receiver_zero_shot.accuracy", "main.task_0.bridge_vs_receiver_zero_shot.p"} <= changed
    tables = {change["table"]: change for change in found["tables"]["changed"]}
    assert {cell["column"] for cell in tables["runs"]["cells"]} == {"Rows (sha256)"}
    assert "speed" not in tables


def test_a_changed_value_comes_with_its_intervals(old, copy):
    name = "main.task_0.bridge.accuracy"
    values = {v["id"]: v for v in json.loads((old / "values.json").read_text())}
    low, high = values["main.task_0.bridge.interval"]["value"]
    for value, within in (((low + high) / 2, True), (low - 0.01, False), (high, True)):
        edit(copy, name, value, "new")
        (change,) = compared(old, copy)["values"]["changed"]
        assert (change["old"], change["new"]) == (values[name]["value"], value)
        assert change["old_interval"] == change["new_interval"] == [low, high]
        assert change["within_old_interval"] is within
    status, text = shown(old, copy)
    assert status == 1
    assert name in text
    edit(copy, name, low - 0.01, "new")
    wide, narrow = shown(old, copy)[1], shown(old, copy, width=80)[1]
    assert "NO" in wide
    assert "NO" in narrow
    assert "Old interval" in wide
    assert "Old interval" not in narrow
    assert "1 of them to outside their old interval" in shown(old, copy)[1]


def test_what_left_its_interval_comes_first(old, copy):
    edit(copy, "main.task_0.bridge.accuracy", 0.8, "80.0%")
    edit(copy, "main.task_1.majority.accuracy", 0.99, "99.0%")
    text = shown(old, copy)[1]
    assert text.index("main.task_1.majority.accuracy") < text.index("main.task_0.bridge.accuracy")


def test_values_without_an_interval_and_in_the_last_digit(old, copy):
    name = "main.task_0.bridge_vs_majority.p_raw"
    before = next(v for v in json.loads((old / "values.json").read_text()) if v["id"] == name)
    edit(copy, name, before["value"] + 1e-15, before["text"])
    (change,) = compared(old, copy)["values"]["changed"]
    assert change["within_old_interval"] is None
    assert repr(change["new"]) in shown(old, copy)[1]  # the printed text is the same, so the number is shown


def test_flipped_verdicts_stand_first(old, copy):
    name = "main.task_1.bridge_vs_majority.verdict"
    edit(copy, name, "flipped", "flipped [over]")
    found = compared(old, copy)
    assert [change["id"] for change in found["verdicts"]] == [name]
    text = shown(old, copy)[1]
    assert "Verdicts that changed: 1" in text
    assert "flipped [over]" in text
    assert "0 values changed" in text


def test_added_and_removed_values_and_runs(old, tmp_path):
    more = build(tmp_path / "more", tasks=3)
    there, back = compared(old, more), compared(more, old)
    assert "main.task_2.bridge.accuracy" in there["values"]["added"]
    assert there["values"]["added"] == back["values"]["removed"]
    assert [run["id"] for run in there["runs"]["added"]] == [run["id"] for run in back["runs"]["removed"]]
    assert any(run["id"] == "task_2_bridge_0" for run in there["runs"]["added"])
    table = next(change for change in there["tables"]["changed"] if change["table"] == "main")
    assert any("task_2" in line for line in table["added"])
    text = shown(old, more, all=True)[1]
    assert "Runs added: " in text
    assert "Values added: " in text
    short = shown(old, more)[1]
    assert "more (--all)" in short
    assert len(short) < len(text)


def rewrite(path: Path, change) -> None:
    lines = list(csv.reader(path.open()))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(change(lines))


def test_cells_are_named_by_line_and_column_however_lines_move(old, copy):
    def change(lines):
        lines[-1][lines[0].index("accuracy")] = "0.123"
        return [lines[0], *reversed(lines[1:])]

    rewrite(copy / "tables" / "main.csv", change)
    (table,) = compared(old, copy)["tables"]["changed"]
    (cell,) = table["cells"]
    assert cell["column"] == "accuracy"
    assert cell["new"] == "0.123"
    assert cell["line"] == "text / open / receiver_zero_shot"
    assert table["added"] == table["removed"] == []
    rewrite(copy / "tables" / "main.csv", lambda lines: [[*line, str(i)] for i, line in enumerate(lines)])
    (table,) = compared(old, copy)["tables"]["changed"]
    assert {c["column"] for c in table["cells"]} == {"accuracy", "0"}  # a new column does not move the others
    assert any(c["old"] is None for c in table["cells"])


def test_other_order_alone_and_whole_tables(old, copy):
    rewrite(copy / "tables" / "main.csv", lambda lines: [lines[0], *reversed(lines[1:])])
    (copy / "tables" / "runs.csv").rename(copy / "tables" / "renamed.csv")
    found = compared(old, copy)
    assert found["tables"]["added"] == ["renamed"]
    assert found["tables"]["removed"] == ["runs"]
    text = shown(old, copy)[1]
    assert "lines are in another order: 1" in text
    assert "renamed" in text


def test_raw_runs_alone_are_compared_by_their_rows(old, new, tmp_path):
    for name, folder in (("a", old), ("b", new)):
        shutil.copytree(folder / "runs", tmp_path / name / "runs")
    found = compared(tmp_path / "a", tmp_path / "b")
    assert [run["id"] for run in found["runs"]["changed"]] == ["task_0_receiver_zero_shot"]
    assert found["runs"]["changed"] == compared(old, new)["runs"]["changed"]
    assert found["raw"] == [str(tmp_path / "a"), str(tmp_path / "b")]
    mixed = compared(old, tmp_path / "b")
    assert mixed["runs"] == found["runs"]
    assert mixed["raw"] == [str(tmp_path / "b")]
    assert not any(mixed[kind][how] for kind in ("values", "tables") for how in ("added", "removed", "changed"))
    assert compared(new, tmp_path / "b")["same"]
    status, text = shown(new, tmp_path / "b")
    assert status == 0
    assert "holds raw runs only, so that nothing but the rows of runs is compared" in text
    assert "raw runs only" not in shown(old, new)[1]


@pytest.fixture
def repository(old, new, tmp_path, monkeypatch) -> Path:
    """Two commits of an archive folder; the second changes a run."""
    top = tmp_path / "repository"
    place = top / "results" / "archive" / "tiny"

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(top), *who, *arguments], check=True, capture_output=True)

    top.mkdir()
    git("init", "-q")
    for folder in (old, new):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place)
        (place / "link").symlink_to("/etc/passwd")
        (top / ".git" / "index").unlink(missing_ok=True)  # files of one size and second look unchanged to git
        git("add", "-A")
        git("commit", "-q", "-m", "x")
    (top / "inner").mkdir()
    monkeypatch.chdir(top / "inner")
    return top


def test_commits_read_as_their_folders_do(old, new, repository):
    archive = "results/archive/tiny"
    by_commit = compared(f"HEAD~1:{archive}", f"HEAD:{archive}/")
    by_folder = compared(old, new)
    assert {**by_commit, "old": "", "new": ""} == {**by_folder, "old": "", "new": ""}
    assert compared(f"HEAD:{archive}", new)["same"]
    assert compared(f"HEAD:./{archive}", f"HEAD:{archive}")["same"]
    assert subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout == b""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere", "no such folder; name a results folder"),
        ("HEAD:/etc", "not a path from the top"),
        ("HEAD:results/../../x", "not a path from the top"),
        ("HEAD:", "not a path from the top"),
        (":results/archive/tiny", "not a revision"),
        ("--output=x:results/archive/tiny", "not a revision"),
        ("nosuch:results/archive/tiny", "no such revision"),
        ("HEAD:results/archive/other", "no such folder in this commit"),
        ("HEAD::(top)results", "no such folder in this commit"),
        ("HEAD:results/archive/tiny/tables", "neither values.json nor raw runs"),
    ],
)
def test_bad_names_are_one_clear_line(repository, name, words):
    with pytest.raises(UserError, match=words.replace("(", r"\(")) as caught:
        read_snapshot(name)
    assert "\n" not in str(caught.value)


def test_outside_a_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="not a git repository"):
        read_snapshot("HEAD:results")


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("values.json", "[{]", r"values\.json: not readable as JSON"),
        ("values.json", '[{"id": "a"}]', "is not as it should be"),
        ("values.json", "7", "is not as it should be"),
        ("statistics/comparisons.json", "{}", "is not as it should be"),
        ("statistics/comparisons.json", None, "no such file, but values.json is there"),
        ("tables/main.csv", "", "an empty table"),
        ("tables/main.csv", 'a,"b', "not readable as a table"),
    ],
)
def test_damaged_results_are_refused(copy, path, content, words):
    if content is None:
        (copy / path).unlink()
    else:
        (copy / path).write_text(content)
    with pytest.raises(UserError, match=words):
        read_snapshot(str(copy))


def test_command_line_and_exit_statuses(old, new, tmp_path):
    def ran(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "analysis.diff", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    found = ran(old, new, "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["runs"] == compared(old, new)["runs"]
    assert ran(old, old).returncode == 0
    bad = ran(old, tmp_path / "nowhere")
    assert bad.returncode == 2
    assert bad.stderr.startswith("error: ")
    assert bad.stderr.count("\n") == 1
