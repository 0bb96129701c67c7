# `make` alone lists what there is to do.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
# Compiled code is kept, whatever the environment says: compiling everything anew triples the time of a start.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11

.PHONY: help run smoke simulate bench test test-fast lint types fmt contracts clean

help: ## List what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: .venv/.done ## Run the whole unit in one process, practice profile, until Ctrl-C
	@exec $(BIN)/digi up

smoke: .venv/.done ## Drive one journey through the unit that is running and print its events
	@$(BIN)/digi smoke

simulate: .venv/.done ## Replay a pilot unit's months through the real services
	@$(BIN)/digi simulate soite-pilot

bench: .venv/.done ## Measure; only ratios within one run count
	@$(BIN)/python -m bench

test: .venv/.done ## Run every test
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

test-fast: .venv/.done ## Run the tests that need no files, no server, no process and no browser
	@$(BIN)/pytest -n 2 -m "not disk and not live and not system and not browser"

lint: .venv/.done ## Check style, imports and the house rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/architecture

types: .venv/.done ## Check types
	@$(BIN)/mypy

fmt: .venv/.done ## Format the code and sort its imports
	@$(BIN)/ruff check --select I --fix --quiet
	@$(BIN)/ruff format

contracts: .venv/.done ## Write schemas, asyncapi.yaml, docs/events.md and docs/rules.md from what they describe
	@$(BIN)/digi contracts write
	@$(BIN)/python -m tests.rules

clean: ## Remove the environment and caches; what was typed in (.data/) stays
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment: exactly the lock, then the project itself. Nothing is fetched that the lock does not hash.
.venv/.done: pyproject.toml requirements.lock
	@python=; for each in $(PYTHONS); do \
	  if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$(command -v "$$each"); break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is needed; python3 here is: $$(python3 --version 2>&1 || true)" >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3 …" >&2; exit 1; \
	fi; \
	if command -v uv >/dev/null; then \
	  uv venv --quiet --allow-existing --no-python-downloads --python "$$python" .venv; \
	  uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock; \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$python has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	  "$$python" -m venv .venv; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@
