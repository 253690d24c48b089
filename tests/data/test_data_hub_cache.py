"""Data sets by id and revision, through the real command line: from a cache without network, and from a real server."""

import json
import os
import subprocess
import sys

import pytest
from helpers import ROOT, one_clear_line
from hub_server import COMMIT, TOKEN, Hub, lay_out
from test_data_hub import SHAPES, publish

TASKS = ("gsm8k", "sst2", "banking77")
"""One with named configurations, one with a test split that is not read, one in JSON lines."""

CARD = """---
configs:
- config_name: another
  data_files: another/train-*
- config_name: main
  data_files:
  - {split: train, path: main/train-*}
  - {split: test, path: main/test-*}
---
"""


@pytest.fixture
def prepare(planned, tmp_path):
    """Run the stage on a declared task, whose `repo` and `revision` may be others, in a process of its own."""

    def run(task, out="out", environment=None, **data):
        rows = {"train": 12, "validation": 6, "test": 10} | ({"train": 120, "test": 77} if task == "banking77" else {})
        spec = planned(task, rows, **({"revision": COMMIT} | data))
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        words = ["--spec", tmp_path / "spec.json", "--out", tmp_path / out]
        done = subprocess.run(
            [sys.executable, "-m", "telepathy.data.prepare", *words],
            env=os.environ | {"HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": TOKEN} | (environment or {}),
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert TOKEN not in done.stdout + done.stderr
        return done, {path.name: path.read_bytes() for path in (tmp_path / out).glob("*.json*")}

    return run


def repository(folder, task):
    publish(folder, task)
    if task == "gsm8k":
        (folder / "README.md").write_text(CARD)
    (folder / "evil.py").write_text("raise SystemExit('ran')\n")
    return folder


@pytest.mark.parametrize("task", TASKS)
def test_cache_without_network_gives_the_rows_of_a_local_copy(prepare, planned, tmp_path, task):
    folder = repository(tmp_path / "repo", task)
    repo = planned(task, {"train": 12, "validation": 6, "test": 10})["data"]["repo"]
    lay_out(folder, tmp_path / "hf", repo, "datasets")
    done, found = prepare(task, environment={"HF_HUB_OFFLINE": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(found["task.json"])["source"] == {
        "kind": "hub", "name": "main" if task == "gsm8k" else None, "repo": repo, "revision": COMMIT,
    }  # fmt: skip
    local = prepare(task, "local", repo=str(folder))[1]
    splits = [name for name in found if name.endswith(".jsonl")]
    assert len(splits) == 3
    assert all(found[name] == local[name] for name in splits)
    assert set(SHAPES) >= set(TASKS)


def test_another_revision_is_never_taken_instead(prepare, planned, tmp_path):
    """`datasets` by itself takes the version that it read last where the wanted one cannot be reached."""
    folder = repository(tmp_path / "repo", "sst2")
    repo = planned("sst2", {"train": 12, "validation": 6, "test": 10})["data"]["repo"]
    lay_out(folder, tmp_path / "hf", repo, "datasets")
    assert prepare("sst2", environment={"HF_HUB_OFFLINE": "1"})[0].returncode == 0
    done, found = prepare("sst2", "other", environment={"HF_HUB_OFFLINE": "1"}, revision="b" * 40)
    one_clear_line(done, f"dataset {repo}@bbbbbbbbbbbb", "not in the cache, and HF_HUB_OFFLINE is set", "HF_HOME")
    assert not found


def test_download_then_offline_then_damaged(prepare, tmp_path):
    folder = repository(tmp_path / "repo", "gsm8k")
    hub = Hub({"datasets/someone/gsm8k": folder}, {})
    try:
        there = {"HF_ENDPOINT": hub.endpoint}
        done, found = prepare("gsm8k", environment=there, repo="someone/gsm8k")
        assert (done.returncode, done.stderr) == (0, "")
        assert any(path.endswith("main/test-00000-of-00001.parquet") for path, _ in hub.asked)
        assert not any(path.endswith(".py") for path, _ in hub.asked)
        one_clear_line(
            prepare("gsm8k", "gated", there, repo="gated/unknown-user")[0],
            "dataset gated/unknown-user@", "/datasets/gated/unknown-user, then run `hf auth login` or set HF_TOKEN",
        )  # fmt: skip
        one_clear_line(prepare("gsm8k", "gone", there, repo="nobody/nothing")[0], "no such repository")
    finally:
        hub.close()
    again = prepare("gsm8k", "again", {"HF_HUB_OFFLINE": "1"}, repo="someone/gsm8k")[1]
    assert again == found
    file = next((tmp_path / "hf").rglob("main/test-*.parquet"))
    content = bytearray(file.resolve().read_bytes())
    content[len(content) // 2] ^= 1
    file.resolve().write_bytes(content)
    one_clear_line(prepare("gsm8k", "bad", {"HF_HUB_OFFLINE": "1"}, repo="someone/gsm8k")[0], file.name, "damaged")
