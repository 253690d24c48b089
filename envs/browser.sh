#!/usr/bin/env bash
# Make sure that a browser is there for the tests that open the report in one. Never fails: without a browser those
# tests are skipped (in CI they fail), and one line says what to install.
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "checks: installing Chromium from Debian packages (about a minute, once)"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium >/dev/null; then
        exit 0
    fi
fi
echo "checks: no browser: the report is not opened in one. For these tests, install: chromium" >&2
