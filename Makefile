# Herald on this machine. `make` alone lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup up down fresh status check test test-platforms lock

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
INPUTS := requirements-dev.lock layers/common/requirements.txt pyproject.toml

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 24

setup: $(STAMP) ## own .venv with everything, from the lock

# A name on the PATH may be a shim that answers nothing, so each candidate is run. A .venv whose making was interrupted
# has a Python and no pip: it is made anew.
$(STAMP): $(INPUTS)
	@set -eu; \
	if ! $(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  python=; \
	  for candidate in python3.13 python3.12 python3.11 python3 python; do \
	    if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "make setup: no Python 3.11 or later that runs and has venv; install one (Debian: apt install python3-venv) and put it on the PATH" >&2; exit 1; \
	  fi; \
	  echo "making $(VENV) with $$($$python --version)"; \
	  rm -rf $(VENV); $$python -m venv $(VENV); \
	fi; \
	begun=$$SECONDS; log=$(VENV)/setup.log; \
	echo "installing what requirements-dev.lock names"; \
	if ! { $(PY) -m pip install --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock \
	    && $(PY) -m pip install --disable-pip-version-check --no-deps --no-build-isolation --quiet -e .; } >$$log 2>&1; then \
	  if grep -qiE 'connection|resolve|timed out|network|No matching distribution|Temporary failure' $$log; then \
	    echo "make setup: the package index cannot be reached; connect this machine or set PIP_INDEX_URL, then run it again (details: $$log)" >&2; \
	  else \
	    echo "make setup: $$(grep -m1 -E 'ERROR|error' $$log || tail -n 1 $$log) (details: $$log)" >&2; \
	  fi; exit 1; \
	fi; \
	touch $@; echo "set up in $$((SECONDS - begun)) s"

up: setup ## the whole system on 127.0.0.1: embedded AWS, simulated Facebook, dashboard, demo
	@$(PY) -m local.up up

down: ## stop it; data is kept
	@if [ -x $(PY) ]; then $(PY) -m local.up down; else echo "nothing was running"; fi

fresh: setup ## throw the local data away and start anew
	@$(PY) -m local.up fresh

status: setup ## what runs, where
	@$(PY) -m local.up status

check: setup ## style, types, imports, template
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m local.stack --check

test: setup ## every test but those of the next line
	$(PY) -m pytest -n 2 --dist loadfile

test-platforms: setup ## against real servers (Bluesky's PDS, a Mastodon stand-in): minutes the first time, then cached
	@$(PY) -m tests.servers.cache
	$(PY) -m pytest tests/platforms

lock: setup ## requirements-dev.lock and dashboard/requirements.lock anew
	$(PY) -m pip install --disable-pip-version-check --quiet uv
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade requirements-dev.in -o requirements-dev.lock
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade -c requirements-dev.lock dashboard/requirements.in -o dashboard/requirements.lock
