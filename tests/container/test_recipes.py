"""The two container recipes are one: same base, same script, nothing of their own that could drift."""

import re
import subprocess

import pytest
from helpers import ROOT

DOCKER = (ROOT / "envs" / "Dockerfile").read_text()
APPTAINER = (ROOT / "envs" / "telepathy.def").read_text()


def test_same_base_and_same_steps():
    (docker,) = re.findall(r"^FROM (\S+)$", DOCKER, re.MULTILINE)
    (apptainer,) = re.findall(r"^From: (\S+)$", APPTAINER, re.MULTILINE)
    assert docker == apptainer
    assert re.fullmatch(r"debian:bookworm-\d{8}-slim|debian@sha256:[0-9a-f]{64}", docker)
    for verb in ("build", "run"):
        assert f"/opt/telepathy/envs/container.sh {verb}" in DOCKER.replace('", "', " ")
        assert f"/opt/telepathy/envs/container.sh {verb}" in APPTAINER


@pytest.mark.parametrize("script", ["envs/container.sh", "tests/container/in-chroot"])
def test_scripts_parse_and_explain_themselves(script):
    subprocess.run(["bash", "-n", ROOT / script], check=True)
    if script.startswith("envs"):
        done = subprocess.run(["bash", ROOT / script], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "container.sh build" in done.stderr
        assert "container.sh run" in done.stderr


def test_what_is_in_git_is_enough_to_set_up():
    """The build's context is `git archive`: all that the scripts and pyproject.toml name must be tracked."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    needed = {"envs/setup.sh", "envs/latex.sh", "envs/container.sh", "envs/requirements.txt", "pyproject.toml"}
    needed |= {"envs/weights-and-data.txt", "envs/requirements-cuda.txt", "README.md", "LICENSE", "Snakefile"}
    assert needed <= set(listed)
