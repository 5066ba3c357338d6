# The two commands a newcomer needs: `make demo` and `make test`. Everything else is listed by `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BOOT := .venv-boot
UV := UV_PYTHON_DOWNLOADS=never $(BOOT)/bin/uv
RUN := .venv/bin/

.PHONY: help setup demo test lint types contracts schemas clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# uv comes from the package index by pip, with whichever Python there is; it then finds a Python 3.12 or newer by itself.
$(BOOT)/bin/uv:
	@python3 -m venv $(BOOT) 2>/dev/null || /usr/bin/python3 -m venv $(BOOT)
	@$(BOOT)/bin/pip install --quiet 'uv>=0.5'

.venv/.made: pyproject.toml uv.lock | $(BOOT)/bin/uv
	@$(UV) sync --quiet --frozen
	@touch $@

setup: .venv/.made ## make the virtual environment, from uv.lock

demo: setup ## run the proxy under a site that closes tiers, and show what each denial breaks
	@$(RUN)tierwall demo

test: setup ## the whole test suite
	@$(RUN)pytest

lint: setup
	@$(RUN)ruff check . && $(RUN)ruff format --check .

types: setup
	@$(RUN)mypy

contracts: setup
	@PYTHONPATH=addon $(RUN)lint-imports

clean:
	rm -rf .venv $(BOOT) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
