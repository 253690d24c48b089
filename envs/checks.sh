#!/usr/bin/env bash
# The checkers of `make test-slow`: those that get on with our own packages go into .venv, the RO-Crate validator into
# .venv-crate. Safe to run again; each environment is marked last.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
install() { "$1/bin/python" -m pip --disable-pip-version-check --quiet --quiet install --no-deps --require-hashes -r "$2"; }
if [ envs/requirements-checks.txt -nt .venv/.checks ]; then
    echo "checks: installing the checkers into .venv"
    install .venv envs/requirements-checks.txt
    touch .venv/.checks
fi
if [ envs/requirements-crate.txt -nt .venv-crate/.complete ]; then
    echo "checks: installing the RO-Crate validator into .venv-crate"
    [ -x .venv-crate/bin/pip ] || "$python" -m venv .venv-crate
    install .venv-crate envs/requirements-crate.txt
    touch .venv-crate/.complete
fi
