# Thin front door: `make paper` and `make test` are all that a newcomer needs.
# Everything real happens in the Snakefile and in the two packages, telepathy/ and analysis/.
SHELL  := /bin/bash
PYTHON ?= python3
PRESET ?= quick
CORES  ?= $(shell nproc)
PROFILE ?= workflow/profiles/slurm
RUN    := .venv/bin/python

.PHONY: paper replay archive report test test-slow test-slurm test-slurm-faults slurm-check lint setup checks lock clean help

paper: setup ## set up, train, evaluate, test and typeset: ends in results/$(PRESET)/paper.pdf
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET)

replay: PRESET = repeats
replay: setup ## the paper of the archived raw runs (PRESET=repeats): no training, no models, no network
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET) runs=archive

archive: setup ## pack the raw runs of results/$(PRESET) into results/archive/$(PRESET)
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET) -- archive

# Runs that were put back from the archive stay as they are: nothing is trained for a report of them.
REPLAYED = $(shell cd results/$(PRESET) 2>/dev/null && test -e logs/replay.log && \
	test -z "$$(find runs -name weights.safetensors -newer logs/replay.log -print -quit)" && echo runs=archive)

report: setup ## what is missing of the paper, then one file for a browser: results/$(PRESET)/report.html
	$(RUN) -m snakemake --cores $(CORES) --quiet host reason --config preset=$(PRESET) $(REPLAYED)
	$(RUN) -m snakemake --report results/$(PRESET)/report.html --quiet all --config preset=$(PRESET) $(REPLAYED)
	@echo "Done: results/$(PRESET)/report.html"

test: setup ## linters, then the fast tests with one whole smoke paper
	$(MAKE) --no-print-directory lint
	$(RUN) -m pytest -n $(CORES) --dist loadfile -m "not slow"

test-slow: setup checks ## the tests that need minutes or the real weights
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n $(CORES) --dist loadfile -m slow

test-slurm: setup ## starts a throw-away SLURM here: the smoke paper through sbatch, byte-equal to a local one
	OMP_NUM_THREADS=1 $(RUN) -m pytest -s tests/slurm/check_site.py tests/slurm/check_smoke.py

test-slurm-faults: setup ## the same: jobs killed, preempted or lost in six ways, no controller, no Snakemake; all end in the same rows
	OMP_NUM_THREADS=1 $(RUN) -m pytest -s tests/slurm/check_faults.py tests/slurm/check_launcher.py

slurm-check: PRESET = paper
slurm-check: setup ## would your cluster take the jobs? (PROFILE=..., PRESET=paper)
	@$(RUN) workflow/slurm_check.py --profile $(PROFILE) --preset $(PRESET)

lint: setup ## ruff, import arrows, Snakemake format and lint
	$(RUN) -m ruff check .
	.venv/bin/lint-imports
	.venv/bin/snakefmt --check Snakefile workflow/rules
	$(RUN) workflow/lint.py

setup: .venv/.complete ## the virtual environment, and LaTeX where we may install it
	@bash envs/latex.sh

.venv/.complete: envs/requirements.txt envs/requirements-cuda.txt envs/weights-and-data.txt envs/setup.sh \
	envs/pandas_when_used.py pyproject.toml
	PYTHON=$(PYTHON) bash envs/setup.sh

checks: setup ## what `make test-slow` needs beside: validators of the exports, a browser's driver
	@PYTHON=$(PYTHON) bash envs/checks.sh
	@bash envs/browser.sh

lock: ## rewrite envs/requirements*.txt from pyproject.toml (needs uv)
	$(PYTHON) envs/lock.py

clean: ## remove everything built, keep the archive
	rm -rf .snakemake $(filter-out results/archive results/README.md,$(wildcard results/*))

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'
