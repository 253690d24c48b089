"""The search for what a cluster leaves behind finds it. Needs no cluster."""

import os
import subprocess
import sys

import pytest
from traces import files_in_places, left_behind


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "cluster"
    path.mkdir()
    return path


def test_nothing_is_found_where_nothing_was_left(folder, tmp_path):
    places = (str(tmp_path / "var"),)
    folder.rmdir()
    assert left_behind(folder, files_in_places(places), places) == []


def test_files_are_found_inside_and_outside(folder, tmp_path):
    place = tmp_path / "var"
    place.mkdir()
    before = files_in_places((str(place),))
    (folder / "state").touch()
    (place / "slurmd.pid").touch()
    found = left_behind(folder, before, (str(place),))
    assert [line.rsplit("/", 1)[1] for line in found] == ["state", "slurmd.pid"]


def sleeper(*words: str, **options) -> subprocess.Popen:
    wait = "import time; print(1, flush=True); time.sleep(60)"
    return subprocess.Popen([sys.executable, "-c", wait, *words], stdout=subprocess.PIPE, **options)


@pytest.mark.parametrize("how", ["word", "environment", "working folder", "open file"])
def test_a_process_is_found_by_whatever_names_the_folder(folder, how):
    with open(folder / "log", "w") as log:
        process = {
            "word": lambda: sleeper(f"{folder}/x"),
            "environment": lambda: sleeper(env=os.environ | {"SLURM_CONF": f"{folder}/x"}),
            "working folder": lambda: sleeper(cwd=folder),
            "open file": lambda: sleeper(stderr=log),
        }[how]()
    try:
        process.stdout.readline()
        assert any(f"process {process.pid}:" in line for line in left_behind(folder, set(), ()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert not any(line.startswith("process") for line in left_behind(folder, set(), ()))
