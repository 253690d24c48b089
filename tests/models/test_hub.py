"""Models by id and revision, through the real command line: from a cache without network, and from a real server."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from helpers import ROOT, one_clear_line
from hub_server import COMMIT, REFUSED, TOKEN, Hub, lay_out
from test_model_sources import TINY

from telepathy.config import load
from telepathy.config.load import presets
from telepathy.models.frozen import FrozenLM
from telepathy.models.prepare import prepare

CPU = torch.device("cpu")
REPO = "someone/model"


class Bench:
    """One place to prepare models in: its own HF_HOME; the pieces of its outcome."""

    def __init__(self, folder: Path, **environment: str):
        self.folder, self.home, self.out = folder, folder / "hf", folder / "out"
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = os.environ | {"HF_HOME": str(self.home), "HF_TOKEN": TOKEN} | environment

    def prepare(self, repo: str = REPO, revision: str = COMMIT) -> subprocess.CompletedProcess:
        spec = {"source": "hub", "repo": repo, "revision": revision, "depth": 2, "width": 32}
        (self.folder / "spec.json").write_text(json.dumps(spec))
        words = ["--spec", str(self.folder / "spec.json"), "--out", str(self.out)]
        done = subprocess.run(
            [sys.executable, "-m", "telepathy.models.prepare", *words],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert TOKEN not in done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model in three weight files, as large ones come; with a pickle, which must never be fetched."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("models")
    prepare(TINY, folder / "whole")
    shutil.copytree(folder / "whole", folder / "repo", ignore=shutil.ignore_patterns("model*"))
    model = AutoModelForCausalLM.from_pretrained(folder / "whole")
    model.save_pretrained(folder / "repo", max_shard_size="12KB")
    assert len(list((folder / "repo").glob("model-*.safetensors"))) > 2
    for name in ("pytorch_model.bin", "modeling_evil.py", "consolidated.safetensors", "original/params.json"):
        (folder / "repo" / name).parent.mkdir(exist_ok=True)
        (folder / "repo" / name).write_text("{}")
    return folder / "repo", folder / "whole"


def same_states(*folders: Path) -> bool:
    ids = torch.tensor([[4, 5, 6]])
    return torch.equal(*(FrozenLM(one, "float32", CPU).states(ids, torch.ones_like(ids), [2])[2] for one in folders))


@pytest.fixture(scope="module")
def outcomes(tiny, tmp_path_factory):
    """What each answer of the server leads to; all cases at once, since most of the time is start-up."""
    repo = tiny[0]
    spoil = {"models/someone/changed": "changed", "models/someone/cut": "cut"}
    repos = dict.fromkeys(("models/someone/model", *spoil), repo)
    hub = Hub(repos, spoil)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    root = tmp_path_factory.mktemp("server")
    # First those in which the client waits and tries again, for 25 seconds each.
    cases = {"no server": (REPO, nobody), "no internet": (REPO, "http://no-such-host.invalid")}
    cases |= {name: (name, hub.endpoint) for name in ("someone/server-down", "someone/cut", "someone/changed", REPO)}
    cases |= {name: (name, hub.endpoint) for name in REFUSED}

    def one(case: str) -> tuple[Bench, subprocess.CompletedProcess]:
        bench = Bench(root / case.replace("/", "-").replace(" ", "-"), HF_ENDPOINT=cases[case][1])
        return bench, bench.prepare(cases[case][0])

    with ThreadPoolExecutor(5) as pool:
        found = dict(zip(cases, pool.map(one, cases), strict=True))
    yield hub, found
    hub.close()


def test_download_takes_weights_and_no_code(outcomes, tiny):
    hub, found = outcomes
    bench, done = found[REPO]
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert same_states(bench.out, tiny[1])
    fetched = {path.rpartition("/")[2] for path, _ in hub.asked if f"{REPO}/resolve" in path}
    assert {"config.json", "tokenizer.json", "model.safetensors.index.json"} <= fetched
    assert not fetched & {"pytorch_model.bin", "modeling_evil.py", "consolidated.safetensors", "params.json"}
    assert all(given == f"Bearer {TOKEN}" for path, given in hub.asked if f"{REPO}/" in path)


def test_what_was_downloaded_is_there_without_network(outcomes, tiny, tmp_path):
    bench = Bench(tmp_path, HF_HUB_OFFLINE="1", HF_HOME=str(outcomes[1][REPO][0].home))
    assert bench.prepare().returncode == 0
    assert same_states(bench.out, tiny[1])


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ("gated/unknown-user", ["must be asked for", "/gated/unknown-user, then run `hf auth login` or set HF_TOKEN"]),
        ("gated/not-yet", ["must be asked for", "accept its licence at http://127.0.0.1", "/gated/not-yet"]),
        ("nobody/nothing", ["no such repository, or no access", "check `repo`, and set HF_TOKEN"]),
        ("nobody/old-token", ["the hub refuses the token", "renew HF_TOKEN"]),
        ("someone/other-commit", ["no such commit", "correct `revision`"]),
        ("someone/server-down", ["cannot be fetched", "503"]),
        ("someone/changed", [".safetensors: damaged", "delete", "blobs"]),
        ("someone/cut", ["cannot be fetched"]),
        ("no server", ["cannot be fetched", "refused", "HF_HOME"]),
        ("no internet", ["cannot be fetched", "HF_HOME"]),
    ],
)
def test_refusals_are_one_clear_line(outcomes, case, wanted):
    bench, done = outcomes[1][case]
    where = REPO if case.startswith("no ") else case
    one_clear_line(done, *wanted, *([] if "changed" in case else [f"model {where}@{COMMIT[:12]}: "]))
    assert not (bench.out / "model.json").exists()


def test_a_download_that_was_cut_is_completed_later(outcomes, tiny):
    hub, found = outcomes
    bench, _ = found["someone/cut"]
    hub.spoil.pop("models/someone/cut")
    done = bench.prepare("someone/cut")
    assert done.returncode == 0, done.stderr
    assert same_states(bench.out, tiny[1])


def test_a_cache_without_network(tiny, tmp_path):
    """As on a node without network: the pinned commit loads by id and revision; another commit does not."""
    bench = Bench(tmp_path, HF_HUB_OFFLINE="1")
    snapshot = lay_out(tiny[0], bench.home, REPO)
    assert (snapshot / "config.json").is_symlink()
    assert bench.prepare().returncode == 0
    assert same_states(bench.out, tiny[1])
    one_clear_line(bench.prepare(revision="b" * 40), f"model {REPO}@bbbbbbbbbbbb", "HF_HUB_OFFLINE is set", "HF_HOME")
    shutil.rmtree(bench.out)
    part = next(snapshot.glob("model-00002-*.safetensors"))
    blob = part.resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    one_clear_line(bench.prepare(), part.name, "damaged", f"delete {blob}")
    part.unlink()
    one_clear_line(bench.prepare(), "weight files", part.name, "run again")
    assert not bench.out.exists()


def test_revisions_are_commits():
    """A branch or a tag moves; every model and data set of the hub that we name is pinned."""
    config = load(presets()[0])
    pinned = [model.revision for model in config.models.values() if model.source == "hub"]
    pinned += [task.data.revision for task in config.tasks.values() if task.data.kind == "hub"]
    assert len(pinned) >= 11
    assert all(re.fullmatch("[0-9a-f]{40}", revision) for revision in pinned)
