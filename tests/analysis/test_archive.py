"""The archive: packing, finding every change, refusing what has no place in it, restoring the same bytes."""

import json
import random
import shutil
from pathlib import Path

import pytest
from fabricate import fabricate, tiny_plan

from analysis import archive
from telepathy.errors import UserError
from telepathy.files import file_sha256, read_json, write_json, write_text


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> Path:
    """Results of a small plan whose runs have real-looking ids, and their archive."""
    folder = tmp_path_factory.mktemp("packed")
    plan = tiny_plan(1)
    names = {old: f"{number:012x}" for number, old in enumerate(plan["runs"])}
    for run in plan["runs"].values():
        run["folder"] = f"{run['folder'].rsplit('/', 1)[0]}/{names[run['folder'].rsplit('/', 1)[1]]}"
    plan["runs"] = {names[old]: run for old, run in plan["runs"].items()}
    for cell in plan["cells"]:
        cell["run"] = names[cell["run"]]
    fabricate(plan, folder / "tiny")
    archive.pack(folder / "tiny", folder / "archive" / "tiny")
    return folder


@pytest.fixture
def mine(packed, tmp_path) -> Path:
    shutil.copytree(packed / "archive" / "tiny", tmp_path / "archive")
    return tmp_path / "archive"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_round_trip_gives_the_same_bytes(packed, tmp_path):
    plan = read_json(packed / "tiny" / archive.PLAN, "-")
    names = archive.wanted(plan)
    assert archive.restore(packed / "archive" / "tiny", plan, tmp_path) == len(names) > 5
    for name in names:
        assert (tmp_path / name).read_bytes() == (packed / "tiny" / name).read_bytes()
    assert archive.restore(packed / "archive" / "tiny", plan, tmp_path) == 0


def test_packing_twice_gives_the_same_bytes(packed, mine):
    archive.pack(packed / "tiny", mine)
    for path in files(mine):
        assert path.read_bytes() == (packed / "archive" / "tiny" / path.relative_to(mine)).read_bytes()
    assert archive.verify(mine)


def test_what_is_built_is_held_against_what_had_been_built(packed, tmp_path):
    own = shutil.copytree(packed / "tiny", tmp_path / "tiny")
    with pytest.raises(UserError, match="packed without values"):
        archive.compare(packed / "archive" / "tiny", own)
    value = {"id": "main.t.bridge.accuracy", "value": 0.5, "text": "50.0%"}
    write_json(own / "values.json", [value])
    write_text(own / "tables" / "main.csv", "a,b\n")
    archive.pack(own, tmp_path / "archive")
    assert archive.compare(tmp_path / "archive", own) == []
    write_json(own / "values.json", [value | {"value": 0.5000000001}])
    assert archive.compare(tmp_path / "archive", own) == ["values.json"]
    write_json(own / "values.json", [value | {"text": "50.1%"}])
    (own / "tables" / "main.csv").unlink()
    write_text(own / "figures" / "new.csv", "a\n")
    changed = ["figures/new.csv", "tables/main.csv", archive.PRINTED, "values.json"]
    assert archive.compare(tmp_path / "archive", own) == changed


def test_weights_are_not_packed(packed):
    assert not [path for path in files(packed / "archive") if path.suffix == ".safetensors"]


@pytest.mark.parametrize("part", range(10))
def test_every_flipped_byte_is_found_and_named(mine, part):
    """100 flips a part, 1,000 in all, anywhere in any file."""
    chance = random.Random(part)
    everything = files(mine)
    for _ in range(100):
        path = chance.choice(everything)
        before = path.read_bytes()
        at, bit = chance.randrange(len(before)), 1 << chance.randrange(8)
        path.write_bytes(before[:at] + bytes([before[at] ^ bit]) + before[at + 1 :])
        with pytest.raises(UserError) as caught:
            archive.verify(mine)
        if path.name in (archive.SEAL, archive.MANIFEST):  # if they disagree, nobody knows which of them is wrong
            assert archive.SEAL in str(caught.value) or archive.MANIFEST in str(caught.value)
        else:
            assert path.relative_to(mine).as_posix() in str(caught.value)
        path.write_bytes(before)
    assert archive.verify(mine)


def forge(mine: Path, name: str) -> None:
    """An archive whose manifest lists another name, with valid hashes and seal."""
    manifest = json.loads((mine / archive.MANIFEST).read_text())
    manifest["sha256"][name] = "0" * 64
    write_json(mine / archive.MANIFEST, manifest)
    write_text(mine / archive.SEAL, file_sha256(mine / archive.MANIFEST) + "\n")


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../outside", "runs/../../outside", "runs/a/b/../../../x", "runs\\a", "runs/a/b/000000000000/../x",
     "notes.txt", "runs/a/b/000000000000/weights.safetensors", ""],
)  # fmt: skip
def test_unsafe_or_strange_names_are_refused(mine, name):
    forge(mine, name)
    with pytest.raises(UserError, match="is no name of a file in an archive"):
        archive.verify(mine)


def test_links_missing_and_unlisted_files_are_refused(mine):
    victim = next(path for path in files(mine) if path.name == "rows.jsonl.gz")
    kept = victim.read_bytes()
    victim.unlink()
    with pytest.raises(UserError, match=r"rows\.jsonl\.gz: missing"):
        archive.verify(mine)
    victim.symlink_to(victim.with_name("run.json"))
    with pytest.raises(UserError, match="a link has no place"):
        archive.verify(mine)
    victim.unlink()
    victim.write_bytes(kept)
    (mine / "more.txt").write_text("x")
    with pytest.raises(UserError, match=r"more\.txt: not listed"):
        archive.verify(mine)


def test_a_plan_that_wants_more_is_refused(packed, tmp_path):
    plan = read_json(packed / "tiny" / archive.PLAN, "-")
    run = next(iter(plan["runs"].values()))
    plan["runs"]["ffffffffffff"] = run | {"folder": "runs/task_0/bridge/ffffffffffff"}
    with pytest.raises(UserError, match="holds no run ffffffffffff"):
        archive.restore(packed / "archive" / "tiny", plan, tmp_path)
    assert not files(tmp_path)


def test_a_damaged_run_is_not_packed(packed, tmp_path):
    shutil.copytree(packed / "tiny", tmp_path / "tiny")
    victim = next((tmp_path / "tiny").rglob("rows.jsonl.gz"))
    victim.write_bytes(victim.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"rows\.jsonl\.gz"):
        archive.pack(tmp_path / "tiny", tmp_path / "archive")
    assert not (tmp_path / "archive").exists()
    assert not list(tmp_path.glob(".archive*"))
