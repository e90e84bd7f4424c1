# The one face of the tools. `make demo` and `make test` need nothing before them but Debian, git and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3.11
UV ?= uv
# Twice the cores of a small machine: tests that start processes mostly wait.
WORKERS ?= 4
PURE := tests/architecture tests/unit tests/properties tests/contract tests/vectors tests/fuzz
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
SOURCES := gateway adapters broker schemas tests docs bench
COMPILE := pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --exclude-newer "$$(date -u -d -7days +%F)"

FUZZ_SECONDS ?= 20

# Each program compiles a thousand modules where it may not keep what it compiled: 4 s instead of 1.7 s to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test quick check format docs screenshots fuzz lock bench clean

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: $(VENV)/.complete ## install everything, once; leaves .venv/bin/gateway

$(VENV)/.complete: requirements-dev.lock pyproject.toml .ci/system-packages
	.ci/system-packages
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## the whole story, on private nodes, in under a minute
	$(BIN)/gateway demo

# While the checks take one core, the other compiles the tests, once for all workers; what is wrong with them the run says.
test: setup ## everything that CI runs
	$(BIN)/python -m pytest --collect-only -q tests >/dev/null 2>&1 & $(MAKE) --no-print-directory check; wait
	$(PYTEST) tests

quick: setup ## the pure rings: no service needed
	$(PYTEST) -m "not rabbitmq and not postgresql and not slow" $(wildcard $(PURE))

check: setup ## format, lint, types, the law, duplicates
	$(BIN)/ruff format --check --quiet $(SOURCES)
	$(BIN)/ruff check --quiet $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/architecture/duplicates.py

format: setup ## put the sources in order
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

docs: setup ## write the generated pages and schemas again
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.published

screenshots: setup ## pictures of the console for its pages in docs/console, over the demo's made-up world; look at them
	$(BIN)/python -m docs.pictures

fuzz: setup ## coverage-guided fuzzing, twenty seconds a target; FUZZ_SECONDS=600 for longer
	for target in jws wss dialects parcel; do $(BIN)/python -m tests.fuzz.atheris_$$target -max_total_time=$(FUZZ_SECONDS); done

lock: ## choose versions again, none younger than a week; needs uv
	$(UV) $(COMPILE) --output-file requirements.lock
	$(UV) $(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

bench: setup ## messages a second, partner to partner; what the language costs; what the console reads
	$(BIN)/gateway bench --json
	$(BIN)/python -m bench.language
	$(BIN)/python -m bench.isolation
	$(BIN)/python -m bench.console --messages 50000 --rounds 20

clean: ## remove what was built; var/ keeps its data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
