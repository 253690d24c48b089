"""Four sources of models; each mistake is one clear line, nothing half-made stays behind."""

import json
import shutil

import pytest
import torch
from helpers import command, one_clear_line

from telepathy.errors import UserError
from telepathy.models.frozen import FrozenLM
from telepathy.models.prepare import prepare
from telepathy.models.wheel import find_part, join

CPU = torch.device("cpu")
TINY = {
    "source": "tiny", "model_type": "llama", "seed": 0, "depth": 2, "width": 32,
    "settings": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    prepare(TINY, folder)
    return folder


def test_tiny_is_seeded(tiny, tmp_path):
    prepare(TINY, tmp_path / "same")
    prepare(TINY | {"seed": 1}, tmp_path / "other")
    files = [json.loads((folder / "model.json").read_text())["files"]["model.safetensors"]
             for folder in (tiny, tmp_path / "same", tmp_path / "other")]  # fmt: skip
    assert files[0] == files[1] != files[2]


def test_local_folder(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "mine")
    spec = {"source": "local", "path": str(tmp_path / "mine"), "sha256": {}, "depth": 2, "width": 32}
    prepare(spec, tmp_path / "out")
    ids = torch.tensor([[4, 5, 6]])
    states = [FrozenLM(folder, "float32", CPU).states(ids, torch.ones_like(ids), [2])[2] for folder in
              (tiny, tmp_path / "out")]  # fmt: skip
    assert torch.equal(*states)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"source": "local", "path": "/nowhere", "sha256": {}}, ["/nowhere", "not a model folder"]),
        ({"model_type": "no_such_type"}, ["no_such_type"]),
        ({"width": 31}, ["width is 32, the configuration says 31"]),
        ({"source": "wheel", "parts": [{"distribution": "no-such-dist", "path": "x"}], "sha256": "0" * 64},
         ["distribution no-such-dist", "not installed"]),
        ({"source": "wheel", "parts": [{"distribution": "pytest", "path": "pytest/__init__.py"}], "sha256": "0" * 64},
         ["sha256 is", "not " + "0" * 64]),
    ],
)  # fmt: skip
def test_bad_sources_by_command_line(change, wanted, tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps(TINY | change))
    done = command("telepathy.models.prepare", "--spec", tmp_path / "spec.json", "--out", tmp_path / "deep" / "out")
    one_clear_line(done, *wanted)
    assert not (tmp_path / "deep" / "out" / "model.json").exists()
    left = [path.name for path in (tmp_path / "deep").iterdir() if path.name.startswith(".") and path.suffix != ".lock"]
    assert left == []


def test_local_sha256_and_pickles(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "mine")
    spec = {"source": "local", "path": str(tmp_path / "mine"), "depth": 2, "width": 32}
    with pytest.raises(UserError, match=r"config\.json: sha256 is .*, not 0000"):
        prepare(spec | {"sha256": {"config.json": "0" * 64}}, tmp_path / "out")
    (tmp_path / "mine" / "model.safetensors").rename(tmp_path / "mine" / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"no \.safetensors weights; .*pickled weights are never loaded"):
        prepare(spec | {"sha256": {}}, tmp_path / "out")


def test_changed_weights_are_refused(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "mine")
    path = tmp_path / "mine" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors: missing or changed \(wrong sha256\)"):
        FrozenLM(tmp_path / "mine", "float32", CPU)


def test_parts_are_joined_in_order(tmp_path):
    import hashlib

    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    join([tmp_path / "a", tmp_path / "b"], hashlib.sha256(b"onetwo").hexdigest(), tmp_path / "whole")
    assert (tmp_path / "whole").read_bytes() == b"onetwo"
    with pytest.raises(UserError):
        join([tmp_path / "b", tmp_path / "a"], hashlib.sha256(b"onetwo").hexdigest(), tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()


def test_a_path_that_is_not_in_the_wheel():
    with pytest.raises(UserError, match="not in distribution pytest"):
        find_part("pytest", "pytest/no_such_file.gguf")
