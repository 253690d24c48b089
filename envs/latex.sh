#!/usr/bin/env bash
# Make sure that latexmk and the styles of the paper are there. Never fails: without LaTeX everything but the
# PDF is still built, and one line says what to install.
packages="texlive-latex-extra texlive-science lmodern latexmk"
if command -v latexmk >/dev/null && command -v kpsewhich >/dev/null &&
    kpsewhich siunitx.sty cleveref.sty lmodern.sty microtype.sty >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing LaTeX from Debian packages (about a minute, once)"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends $packages >/dev/null; then
        exit 0
    fi
fi
echo "setup: no LaTeX: everything but the PDF will be built. For the PDF, install: $packages" >&2
