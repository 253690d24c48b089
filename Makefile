# Thin front door: `make paper` and `make test` are all that a newcomer needs.
# Everything real happens in the Snakefile and in the two packages, telepathy/ and analysis/.
SHELL  := /bin/bash
PYTHON ?= python3
PRESET ?= quick
CORES  ?= $(shell nproc)
RUN    := .venv/bin/python

.PHONY: paper replay archive test test-slow lint setup lock clean help

paper: setup ## set up, train, evaluate, test and typeset: ends in results/$(PRESET)/paper.pdf
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET)

replay: setup ## the same paper from the archived raw runs of results/archive/$(PRESET): no training, no models
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET) runs=archive

archive: setup ## pack the raw runs of results/$(PRESET) into results/archive/$(PRESET)
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET) -- archive

test: setup ## linters, then the fast tests with one whole smoke paper
	$(MAKE) --no-print-directory lint
	$(RUN) -m pytest -n $(CORES) --dist loadfile -m "not slow"

test-slow: setup ## the tests that need minutes or the real weights
	$(RUN) -m pytest -m slow

lint: setup ## ruff, import arrows, Snakemake format and lint
	$(RUN) -m ruff check .
	.venv/bin/lint-imports
	.venv/bin/snakefmt --check Snakefile workflow/rules
	$(RUN) workflow/lint.py

setup: .venv/.complete ## the virtual environment, and LaTeX where we may install it
	@bash envs/latex.sh

.venv/.complete: envs/requirements.txt envs/requirements-cuda.txt envs/weights-and-data.txt envs/setup.sh pyproject.toml
	PYTHON=$(PYTHON) bash envs/setup.sh

lock: ## rewrite envs/requirements*.txt from pyproject.toml (needs uv)
	$(PYTHON) envs/lock.py

clean: ## remove everything built, keep the archive
	rm -rf .snakemake results/cache $(wildcard results/smoke results/quick results/small results/paper)

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'
