# Stepwright. `make` alone lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The one tool the rest is installed with. A virtual environment of its own, so that nothing else is touched.
UV := $(shell command -v uv || echo .venv-uv/bin/uv)
RUN := $(UV) run --frozen
PARALLEL := --dist loadscope
# Two of three processes have a cluster each, and mostly wait.
WORKERS := 3

# Tests start hundreds of Pythons: where they may keep nothing compiled, each takes two seconds to compile all it imports.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.bytecode
endif

.PHONY: help setup check lint format types contracts unit coverage test conformance simulate fuzz demo console console-check console-format console-test pictures cluster cluster-down bench bench-check bench-record bench-interpreter verify generate sbom image clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "%-18s %s\n", $$1, $$2}'

$(UV):
	@command -v $(UV) >/dev/null || { python3 -m venv .venv-uv && .venv-uv/bin/pip install --quiet --require-hashes -r requirements-build.txt; }

setup: $(UV) ## Install the project and its tools into .venv, as locked
	@$(UV) sync --frozen --quiet

check: setup lint types contracts unit ## Lint, types, layers, unit tests: under two minutes

lint: setup ## Ruff: rules and format
	$(RUN) ruff check
	$(RUN) ruff format --check

format: setup ## Ruff: mend what can be mended
	$(RUN) ruff check --fix
	$(RUN) ruff format

types: setup ## mypy, strict
	$(RUN) mypy

contracts: setup ## import-linter: the layers
	$(RUN) lint-imports

unit: setup ## Tests that need no cluster and little time
	$(RUN) pytest -q -n 2 $(PARALLEL) -m "not cluster and not slow"

coverage: setup ## Which lines and branches the tests of `make unit` take, by package (TESTS="tests/controllers" for some of them)
	@rm -rf .coverage && mkdir .coverage
	@$(RUN) coverage run -m pytest -q -n 2 $(PARALLEL) -m "not cluster and not slow" $(TESTS) || test $$? = 1
	@$(RUN) coverage combine --quiet
	@$(RUN) coverage json --quiet -o .coverage/report.json
	@$(RUN) python -m tests.data.coverage_by_package < .coverage/report.json

test: setup console-check console-test ## Everything: the console, then a cluster (see tests/testcluster/README.md) and all tests on it
	$(RUN) pytest -n $(WORKERS) $(PARALLEL) --durations=20 $(if $(RECORD),--record-durations)

conformance: setup ## Replay recorded AWS interactions against stepwright dev, by category (CATEGORIES="base timeouts")
	@$(RUN) python -m tests.data.recorded_api $(CATEGORIES)

simulate: setup ## Executions under simulated faults: SEEDS=100000 of them (FIRST=0 PROCESSES=2), or SEED=17 replayed
	@$(RUN) python -m tests.simulation $(if $(SEED),--seed $(SEED) --trace,--seeds $(or $(SEEDS),100000) $(if $(FIRST),--first $(FIRST)) $(if $(PROCESSES),--processes $(PROCESSES)))

fuzz: setup ## Hostile input, led by coverage: MINUTES=10 for each TARGET="definition files jsonpath jsonata api"
	@$(RUN) --group fuzz python -m tests.fuzz $(TARGET) --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

demo: setup $(if $(OPEN),console) ## A cluster comes up and an order is processed before your eyes (OPEN=1: and stays, with its console in a browser)
	$(if $(OPEN),OPEN=1) $(RUN) python -m examples.demo

cluster: ## Start the test cluster and print its kubeconfig
	@python3 -m tests.testcluster up

cluster-down: ## Stop the test cluster
	@python3 -m tests.testcluster down

# Node.js builds and tests the console and nothing else: neither `make check` nor what runs needs it.
NPM := npm --prefix console --no-progress

console/node_modules/.installed: console/package.json console/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  || { echo "the console is built by Node.js 20.19 or later with npm: https://nodejs.org/en/download" >&2; exit 1; }
	@$(NPM) ci
	@touch $@

console: console/node_modules/.installed ## Build the console's pages, which Python serves (needs Node.js)
	@$(NPM) run --silent build

console-check: console/node_modules/.installed ## Of the console: lint, types, unit tests
	@$(NPM) run --silent check

console-format: console/node_modules/.installed ## Of the console: mend what can be mended
	@$(NPM) run --silent format

console-test: setup console ## The console in a real browser, before a real `stepwright dev`
	@CHROMIUM="$$($(RUN) python -m tests.processes.chromium)" PATH="$(CURDIR)/.venv/bin:$$PATH" $(NPM) run --silent browser -- $(FILES)

pictures: ## Take the pictures of README and docs anew, in docs/pictures
	@PICTURES="$(CURDIR)/docs/pictures" $(MAKE) --no-print-directory console-test FILES=pictures

BENCH := $(RUN) --group bench python -m bench

bench: setup ## Figures, each from one run (SUBJECTS="tasks waiting": some of them)
	$(BENCH) $(SUBJECTS)

bench-check: setup ## Fail where a ratio misses its goal or is worse than recorded
	$(BENCH) --check $(SUBJECTS)

bench-record: setup ## Figures, and their ratios as those to compare with from now on
	$(BENCH) --record $(SUBJECTS)

bench-interpreter: setup ## Transitions per second of the language alone, beside moto's; needs no cluster
	$(BENCH) interpreter

BUILD_TOOLS := $(UV) export --quiet --frozen --only-group build --no-emit-project --no-header

generate: setup ## Write CRDs, the chart's copies and docs, the pages of integrations, the console's types and fields, the kustomization, the build tools' hashes
	$(RUN) python -m stepwright.cluster.crds
	$(RUN) python charts/generate_docs.py
	$(RUN) python docs/generate_integrations.py
	$(RUN) python -m tests.data.graph_cases
	$(RUN) python -m stepwright.console.typescript
	$(RUN) python -m stepwright.console.fields
	$(RUN) python deploy/render.py --helm "$$(python3 -m tests.testcluster helm)"
	$(BUILD_TOOLS) --output-file requirements-build.txt >/dev/null

verify: setup ## Fail when what is generated differs from what is checked in
	$(RUN) python -m stepwright.cluster.crds --check
	$(RUN) python charts/generate_docs.py --check
	$(RUN) python docs/generate_integrations.py --check
	$(RUN) python -m tests.data.graph_cases --check
	$(RUN) python -m stepwright.console.typescript --check
	$(RUN) python -m stepwright.console.fields --check
	$(RUN) python deploy/render.py --check --helm "$$(python3 -m tests.testcluster helm)"
	$(BUILD_TOOLS) | diff requirements-build.txt -

sbom: setup ## Print what the operator's image has of Python packages, as CycloneDX; the image holds the same
	@$(UV) export --quiet --frozen --no-dev --extra sql --extra mail --extra nats --extra amqp --extra kafka --extra oidc --preview-features sbom-export --format cyclonedx1.5

image: setup ## Build the operator's image into an archive; prints its path
	@$(RUN) python -c "from pathlib import Path; from tests.testcluster.images import build_operator_image; print(build_operator_image(Path('.')))"

clean:
	rm -rf console/node_modules operator/stepwright/console/dist
	rm -rf .venv .venv-uv .bytecode .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
