"""The check of a site's settings where there is no SLURM, and of profiles that cannot be read."""

import os
import subprocess
import sys

import pytest
import yaml
from helpers import ROOT, one_clear_line

CHECK = ROOT / "workflow" / "slurm_check.py"


def check(tmp_path, profile=None, path=""):
    words = [sys.executable, CHECK]
    if profile is not None:
        (tmp_path / "config.yaml").write_text(profile if isinstance(profile, str) else yaml.safe_dump(profile))
        words += ["--profile", tmp_path]
    environment = os.environ | {"PATH": path or str(tmp_path)}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)


def test_without_slurm_every_missing_command_has_its_line(tmp_path):
    done = check(tmp_path)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert done.stderr == ""
    assert [line.split(":")[0] for line in lines] == [
        f"FAILED  command {name}" for name in ("sbatch", "srun", "squeue", "scancel", "sinfo")
    ]
    assert all("not on PATH" in line for line in lines)


@pytest.mark.parametrize(
    ("profile", "wanted"),
    [
        ({"executor": "local"}, "config.yaml: executor: is not `slurm`"),
        ("a: [", "config.yaml: not readable as YAML"),
    ],
)
def test_a_profile_that_cannot_be_read_is_one_clear_line(tmp_path, profile, wanted):
    one_clear_line(check(tmp_path, profile), wanted)


def test_a_profile_that_is_not_there(tmp_path):
    words = [sys.executable, CHECK, "--profile", tmp_path / "none"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    one_clear_line(done, "none: not readable (No such file or directory)")


def test_what_sbatch_would_be_given(monkeypatch):
    """Each resource of a profile becomes the option that the executor makes of it."""
    monkeypatch.syspath_prepend(str(CHECK.parent))
    import slurm_check
    from asked import Job

    size = {"mem_mb": 26500, "runtime": 100}
    site = {"slurm_partition": "big", "slurm_account": "me", "qos": "long", "slurm_extra": "--signal=USR1@120 -x n1"}
    train = Job("train", False, 2, site | size | {"gpu": 2})
    asked = ["--time=100", "--mem=26500", "--cpus-per-task=2"]
    assert slurm_check.arguments(train) == [
        "--partition=big", "--account=me", "--qos=long", "--gpus=2", *asked, "--signal=USR1@120", "-x", "n1"
    ]  # fmt: skip
    assert slurm_check.arguments(Job("", False, 2, size | {"gres": "gpu:a100:2", "gpu": 2}))[0] == "--gres=gpu:a100:2"
    assert slurm_check.arguments(Job("", False, 2, size | {"gpu_model": "a100", "gpu": 1}))[0] == "--gpus=a100:1"
    small = Job("train", False, 1, site | {"mem_mb": 30000, "runtime": 10, "gpu": 1})
    here = Job("values", True, 9, size)
    found = slurm_check.largest([train, small, here])
    assert found == [Job("train", False, 2, site | {"mem_mb": 30000, "runtime": 100, "gpu": 2})]
