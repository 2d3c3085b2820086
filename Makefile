# `make demo` runs one whole night on the sample company, `make test` passes the tests.
# Both build what they need first and are quick the second time.
# The newest Python that is there and complete: Debian has `venv` and `ensurepip` in a package apart.
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c '$(USABLE)' 2>/dev/null && command -v $$python && break; done)
VENV ?= .venv
UV := .tools/uv/bin/uv
# Airflow takes the shape of the nightly DAG from it; made anew when a file or folder changed.
MANIFEST := .tools/dbt/manifest.json
DBT_FILES := $(shell find dbt_project -mindepth 1 \( -name target -o -name logs -o -name dbt_packages \
	-o -name .user.yml \) -prune -o -print)
RUN := PATH="$(abspath $(VENV))/bin:$$PATH"
COMPILE := $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup setup-crm setup-benchmarks demo up down test test-fast test-pythons lint format messages lock vocabulary docs reference answers clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' \
		| awk -F'|' '{printf "make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.installed $(MANIFEST)  ## build the Python environment (.venv), of the newest Python here

setup-crm: setup  ## build the demo CRM's own environment and its web client
	@$(RUN) UV="$(CURDIR)/$(UV)" reifegrad setup-crm

setup-benchmarks: setup  ## add the peers that only the benchmarks need
	@$(UV) pip install --quiet --python $(VENV)/bin/python --require-hashes \
		--requirement requirements/benchmarks.txt

demo: setup  ## one whole night on the sample company, in the real scheduler
	@$(RUN) UV="$(CURDIR)/$(UV)" reifegrad demo

up: setup  ## start CRM, MLflow and Airflow and keep them running
	@$(RUN) UV="$(CURDIR)/$(UV)" reifegrad up

down: setup  ## stop them
	@$(RUN) reifegrad down

test: setup-crm  ## all tests: functions, stages, whole nights (ten minutes on two cores)
	@# In the order of the folders: by count, files of one long test would come last, on one core.
	@$(RUN) python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-fast: setup  ## tests of functions and stages only
	@$(RUN) python -m pytest -m "not night"

test-pythons:  ## the same on each Python from 3.11 to 3.13 here, in environments of their own
	@for version in 3.11 3.12 3.13; do \
		for python in python$$version $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin/python; do \
			if $$python -c '$(USABLE)' 2>/dev/null; then \
				echo "Python $$version: $$python"; \
				$(MAKE) --no-print-directory test-fast PYTHON=$$python VENV=.tools/python$$version || exit 1; \
				continue 2; \
			fi; \
		done; \
		echo "Python $$version: not here"; \
	done

lint: setup  ## ruff, mypy, walls between rooms, catalogue of messages, vocabulary, reference, sqlfluff
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports --no-logo --no-cache
	@$(RUN) python -m reifegrad.catalogue --check
	@$(RUN) python -m vocabulary.seeds --check
	@$(RUN) python -m reifegrad.reference --check
	@$(RUN) sqlfluff lint --processes 0 dbt_project/models

format: setup  ## put code and SQL into shape
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .
	@$(RUN) sqlfluff fix dbt_project/models

docs: setup  ## tables, columns and lineage of the warehouse as one page
	@$(RUN) reifegrad docs

reference: setup  ## make the pages of docs/reference anew, of code and YAML
	@$(RUN) python -m reifegrad.reference

answers: setup  ## ask the questions of docs/how-to/analysts.md anew and write the answers there
	@$(RUN) python -m tests.warehouse.analysts_page

messages: setup  ## take new messages of the code over into config/de.po, to be translated there
	@$(RUN) python -m reifegrad.catalogue

vocabulary: setup  ## make dbt's seeds and macro of vocabulary/words.yml
	@$(RUN) python -m vocabulary.seeds

lock: $(UV)  ## resolve requirements/*.in anew, with hashes
	@cd requirements && for name in uv runtime fetch dev benchmarks containers crm; do \
		$(subst $(UV),../$(UV),$(COMPILE)) $$name.in --output-file $$name.txt || exit 1; done

clean:  ## remove environments and caches; the data stay
	rm -rf .venv .venv-crm .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV): requirements/uv.txt
	@"$(PYTHON)" -c '$(USABLE)' 2>/dev/null || { echo "Python 3.11, 3.12 or 3.13 with its venv module\
 is needed (Debian, Ubuntu: apt install python3 python3-venv), or: make PYTHON=/path/to/python …"; exit 1; }
	@"$(PYTHON)" -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/uv.txt
	@touch $@

$(VENV)/.installed: $(UV) requirements/runtime.txt requirements/fetch.txt requirements/dev.txt pyproject.toml
	@echo "Building the Python environment ($(VENV), $$("$(PYTHON)" --version)) …"
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" $(VENV)
	@$(UV) pip sync --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes \
		requirements/runtime.txt requirements/fetch.txt requirements/dev.txt
	@$(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@bin/link-command
	@touch $@

$(MANIFEST): $(VENV)/.installed $(DBT_FILES)
	@$(VENV)/bin/python -m nights.manifest
