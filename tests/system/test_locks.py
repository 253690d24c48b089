"""The locked requirements: all hashed, in agreement with each other and with pyproject.toml."""

import re
import tomllib

import pytest
from helpers import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
FILES = ("requirements", "requirements-cuda", "requirements-checks", "requirements-crate")


def locked(name: str) -> dict[str, set[str]]:
    """Versions of each package of a lock file; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^(\S+?)==(\S+)", (ROOT / "envs" / f"{name}.txt").read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_package_is_hashed_and_no_index_is_named(name):
    text = (ROOT / "envs" / f"{name}.txt").read_text()
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == sum(len(versions) for versions in locked(name).values()) > 0
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (PROJECT["project"]["dependencies"] + EXTRAS["dev"] + EXTRAS["slurm"], ["requirements"]),
        (EXTRAS["quantized"], ["requirements-cuda"]),
        (EXTRAS["checks"], ["requirements", "requirements-checks"]),
        (PROJECT["dependency-groups"]["crate"], ["requirements-crate"]),
    ],
)
def test_what_pyproject_asks_for_is_locked(wanted, names):
    versions = {package: found for name in names for package, found in locked(name).items()}
    for requirement in map(Requirement, wanted):
        if requirement.name != "torch":  # no one hash fits all of its builds
            assert all(requirement.specifier.contains(v) for v in versions[canonicalize_name(requirement.name)])


def test_the_checkers_change_no_version_of_the_main_packages():
    """A package in both is one that the main lock names for some platforms only."""
    main = locked("requirements") | locked("requirements-cuda")
    for package, versions in locked("requirements-checks").items():
        assert versions == main.get(package, versions)
