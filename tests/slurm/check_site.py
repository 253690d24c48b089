"""The check of a site's settings, against a real cluster: good ones pass, and each bad one is found."""

import subprocess
import sys

import pytest
import yaml
from cluster import Cluster
from helpers import ROOT

GOOD = {"executor": "slurm", "default-resources": {"slurm_partition": "cpu"}}


def check(cluster: Cluster, folder, profile, preset="smoke"):
    (folder / "config.yaml").write_text(yaml.safe_dump(profile))
    words = [sys.executable, ROOT / "workflow/slurm_check.py", "--profile", folder, "--preset", preset, "--wait", "240"]
    done = subprocess.run(words, env=cluster.environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_good_settings_pass(cluster, tmp_path):
    status, lines = check(cluster, tmp_path, GOOD)
    assert status == 0, lines
    assert all(line.startswith("ok ") for line in lines)
    assert "ok      partition cpu" in lines
    assert any(line.startswith("ok      a job finds this folder and its Python: on ") for line in lines)
    assert not list((ROOT / "results").glob(".slurm-check-*"))


@pytest.mark.parametrize(
    ("site", "preset", "wanted"),
    [
        (
            {"slurm_partition": "gpus"},
            "smoke",
            "FAILED  partition gpus: no such partition; set slurm_partition to one of: ",
        ),
        ({"slurm_partition": "short"}, "smoke", "; change the profile's resources for "),
        ({"slurm_partition": "cpu"}, "paper", "; change the profile's resources for train"),
        ({"slurm_partition": "gpu"}, "shapes", "; change the profile's resources for runs"),
    ],
    ids=["partition", "time", "GPU", "memory"],
)
def test_bad_settings_are_found_before_anything_is_submitted(cluster, tmp_path, site, preset, wanted):
    before = len(cluster.jobs())
    status, lines = check(cluster, tmp_path, GOOD | {"default-resources": site}, preset)
    assert status == 1
    assert any(line.startswith("FAILED") and wanted in line for line in lines), lines
    if "partition" in wanted:
        assert len(cluster.jobs()) == before
