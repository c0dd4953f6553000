# Two commands for a newcomer: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test lint unit local browser bench-deploy bench-edge lock clean help

help:            ## Show this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Make .venv with the pinned dependencies, and .venv/bin/decant

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Decant needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

demo: $(READY)   ## See Decant work on this machine (ONCE=1: leave after the checks)
	@$(BIN)/python -m decant.demo $(if $(ONCE),--once)

test: lint unit local  ## Everything that must hold, but for the browser

lint: $(READY)   ## Formatting, lint, strict types, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.lint_templates

unit: $(READY)   ## Tests that touch nothing: seconds
	$(BIN)/pytest tests/unit

local: $(READY)  ## Tests on local AWS, with IAM enforced
	$(BIN)/pytest tests/local

browser: $(READY) ## Tests in Chromium, on local AWS; needs chromium, node and npm, or skips
	$(BIN)/pytest tests/browser

bench-deploy: $(READY) .venv-bench/.ready  ## How fast a deploy is, against the AWS CLI; needs nginx, some 20 minutes
	$(BIN)/python -m bench.deploy $(BENCH)

bench-edge: $(READY)  ## What a request costs at the edge, against a peer's function; needs njs, a minute
	$(BIN)/python -m bench.edge $(BENCH)

.venv-bench/.ready: requirements-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

lock: $(READY)   ## Pin every dependency anew, from the two .in files
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean:           ## Remove what setup, demo and tests have made
	rm -rf .venv .venv-bench .decant .chalice/config.json .chalice/deployed .chalice/deployments .mypy_cache .ruff_cache .pytest_cache .hypothesis
