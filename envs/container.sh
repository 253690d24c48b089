#!/usr/bin/env bash
# The steps of both container recipes, envs/Dockerfile and envs/telepathy.def.
#   container.sh build            inside a bare Debian 12, as root: Python, LaTeX, the locked packages, weights and data
#   container.sh run [WORDS...]   snakemake with these words (default: the smoke paper) in the current folder
set -euo pipefail
home=$(cd "$(dirname "$0")/.." && pwd)

build() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv >/dev/null
    bash "$home/envs/latex.sh"
    command -v latexmk >/dev/null # latex.sh only warns; an image without LaTeX would be a trap
    apt-get clean
    rm -rf /var/lib/apt/lists/*
    # An empty variable is what a recipe passes when nobody set it.
    [ -n "${PIP_EXTRA_INDEX_URL:-}" ] || unset PIP_EXTRA_INDEX_URL
    PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore bash "$home/envs/setup.sh"
}

run() {
    if [ ! -e Snakefile ]; then
        # An empty folder gets the project; a checkout is used as it is, with its own edits.
        tar -C "$home" --exclude=./.venv --exclude=__pycache__ --exclude='*.egg-info' -c . | tar -x
    fi
    # The image may be read-only, and the user without a home and a name: caches go beside the results.
    export HOME=$PWD/.container-home USER=${USER:-user$(id -u)} LOGNAME=${LOGNAME:-${USER:-user$(id -u)}}
    mkdir -p "$HOME"
    [ $# -gt 0 ] || set -- --config preset=smoke
    exec "$home/.venv/bin/python" -m snakemake --cores "${CORES:-all}" --quiet host reason "$@"
}

case "${1:-}" in
    build) build ;;
    run) shift && run "$@" ;;
    *) sed -n '2,4s/^# *//p' "$0" >&2 && exit 2 ;;
esac
