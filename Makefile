# `make demo` runs one whole night on the sample company, `make test` passes the tests.
# Both build what they need first and are quick the second time.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := .tools/uv/bin/uv
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
COMPILE := $(UV) pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup setup-crm demo up down test test-fast lint format messages lock docs answers clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' \
		| awk -F'|' '{printf "make %-10s %s\n", $$1, $$2}'

setup: .venv/.installed  ## build the Python environment (.venv)

setup-crm: setup  ## build the demo CRM's own environment and its web client
	@$(RUN) UV="$(CURDIR)/$(UV)" reifegrad setup-crm

demo: setup  ## one whole night on the sample company, in the real scheduler
	@$(RUN) UV="$(CURDIR)/$(UV)" reifegrad demo

up: setup  ## start CRM, MLflow and Airflow and keep them running
	@$(RUN) UV="$(CURDIR)/$(UV)" reifegrad up

down: setup  ## stop them
	@$(RUN) reifegrad down

test: setup-crm  ## all tests: functions, stages, whole nights (twenty minutes on two cores)
	@$(RUN) python -m pytest --numprocesses 2 --dist loadfile

test-fast: setup  ## tests of functions and stages only
	@$(RUN) python -m pytest -m "not night"

lint: setup  ## ruff, mypy, the catalogue of messages and sqlfluff
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) python -m reifegrad.catalogue --check
	@$(RUN) sqlfluff lint --processes 0 dbt_project/models

format: setup  ## put code and SQL into shape
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .
	@$(RUN) sqlfluff fix dbt_project/models

docs: setup  ## tables, columns and lineage of the warehouse as one page
	@$(RUN) reifegrad docs

answers: setup  ## ask the questions of docs/analysts.md anew and write the answers there
	@$(RUN) python -m tests.warehouse.analysts_page

messages: setup  ## take new messages of the code over into config/de.po, to be translated there
	@$(RUN) python -m reifegrad.catalogue

lock: $(UV)  ## resolve requirements/*.in anew, with hashes
	@cd requirements && for name in uv runtime dev containers crm; do \
		$(subst $(UV),../$(UV),$(COMPILE)) $$name.in --output-file $$name.txt || exit 1; done

clean:  ## remove environments and caches; the data stay
	rm -rf .venv .venv-crm .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV): requirements/uv.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@"$(PYTHON)" -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/uv.txt
	@touch $@

.venv/.installed: $(UV) requirements/runtime.txt requirements/dev.txt pyproject.toml
	@echo "Building the Python environment (.venv) …"
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .venv
	@$(UV) pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes \
		requirements/runtime.txt requirements/dev.txt
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@
