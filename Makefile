.DEFAULT_GOAL := help
.PHONY: help setup demo dev test acceptance acceptance-k8s check charts bench conformance quality dashboards triton vllm lock clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# everything that is made or fetched stays in this folder
export DOCMILL_HOME ?= $(CURDIR)/.docmill
export DAGSTER_HOME ?= $(DOCMILL_HOME)/dagster
CHARTS := $(DOCMILL_HOME)/charts
# a conformance kit of docling's own runs, for `conformance` and the tests; else a small one of our own
ifdef KIT
export DOCMILL_CONFORMANCE := $(abspath $(KIT))
endif
KIT ?= tests/kit
# a folder of corpora, for `quality` and its test
ifdef QUALITY
export DOCMILL_QUALITY := $(abspath $(QUALITY))
endif

help: ## Show this help.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

# Without bytecode every process compiles Dagster and docling anew: ten seconds of one. uv writes none unless told,
# and PYTHONDONTWRITEBYTECODE is set on many machines.
setup: $(VENV)/.ready ## Install docmill and the locked versions of what it needs into .venv.
	@$(BIN)/python -m compileall -q pipeline resources benchmarks

$(VENV)/.ready: requirements.lock pyproject.toml hatch_build.py $(wildcard pipeline/convert/pdf/native/*.c)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

demo: setup ## Convert the sample PDFs, good and bad, and say where to look.
	$(BIN)/docmill convert tests/samples --out out/demo --format md,html,json,chunks || test $$? -eq 1
	@echo
	@echo "The documents are in out/demo: open out/demo/two_column_paper.html, or annual_report.md."
	@echo "Files that could not be converted are meant to fail; the table says why and what to do."
	@echo "make dev shows this batch in Dagster's UI. The home of both is $(DOCMILL_HOME); the command by itself has"
	@echo "~/.docmill, where it has not the models yet: DOCMILL_HOME=$(DOCMILL_HOME) $(BIN)/docmill ..."

dev: setup ## Dagster's UI and daemon at http://127.0.0.1:3000
	$(BIN)/docmill ui

test: setup ## The tests, on real parts; minutes. KIT=folder
	$(BIN)/pytest -m "not acceptance and not charts and not k8s"

acceptance: setup $(DOCMILL_HOME)/charts/custom.json ## Tests that take longer.
	$(BIN)/pytest -m "acceptance and not k8s"

# as root on Debian 12, on its first run with minutes of building: docs/kubernetes-tests.md
acceptance-k8s: setup $(CHARTS)/custom.json ## docmill on a Kubernetes control plane, which is built of Debian's source.
	$(BIN)/pytest tests/cluster -m k8s

# an instance of its own, with the shipped settings: telemetry is off in them
check: export DAGSTER_HOME := $(DOCMILL_HOME)/check
check: setup charts ## Lint, formatting, types, definitions, charts.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	mkdir -p $(DAGSTER_HOME) && cp deploy/dagster.yaml $(DAGSTER_HOME)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg check defs

# Helm as a library and Kubernetes' schemas, 400 MB, in an environment of their own
$(CHARTS)/custom.json: deploy/helm/requirements.lock tests/charts/helm/crd_schemas.py | setup
	mkdir -p $(CHARTS)
	test -x $(CHARTS)/venv/bin/python || $(PYTHON) -m venv --without-pip $(CHARTS)/venv
	$(BIN)/uv pip sync --quiet --python $(CHARTS)/venv/bin/python --require-hashes deploy/helm/requirements.lock
	$(CHARTS)/venv/bin/python tests/charts/helm/crd_schemas.py $@

charts: setup $(CHARTS)/custom.json ## The Helm charts, against Kubernetes' schemas and checks of our own.
	$(BIN)/pytest -m charts tests/charts

# options for it in BENCH: BENCH=--anyway on a busy machine
bench: setup ## The chosen benchmarks in 15 minutes; writes benchmarks/REPORT.md. QUALITY=folder of corpora
	$(BIN)/python -m benchmarks run $(if $(QUALITY),--with quality=$(QUALITY)) $(BENCH)

conformance: setup ## Documents of recorded model outputs beside docling's own. KIT=folder
	$(BIN)/python -m benchmarks.conformance --kit $(KIT) --floor benchmarks/floors/recorded.json
	$(BIN)/python -m benchmarks.conformance --kit $(KIT) --tables rematch --floor benchmarks/floors/recorded.json
	$(BIN)/python -m benchmarks.conformance --kit $(KIT) --text pdfium --tables rematch --floor benchmarks/floors/pdfium.json

quality: setup ## Documents of other people's PDFs beside the right answers. QUALITY=folder of corpora
	$(BIN)/python -m benchmarks.quality --floor benchmarks/floors/quality.json \
	  $(foreach corpus,$(wildcard $(QUALITY)/*/),--corpus $(corpus))

triton: setup ## A Triton server on this machine, with the embedded models.
	$(BIN)/docmill triton serve

vllm: setup ## A vLLM server on this machine's CPU, with a tiny model.
	$(BIN)/docmill vllm serve

dashboards: setup ## Write Grafana's dashboards anew.
	$(BIN)/python -m docmill.pipeline.instance.dashboards.grafana deploy/monitoring/grafana

lock: export UV_CUSTOM_COMPILE_COMMAND := make lock
lock: setup ## Resolve the locks anew: docmill's own, the images', servers', exporters', charts', setters', other converters'.
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --extra dev --python-version 3.11 pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --constraints requirements.lock \
	  --extra chunks --extra kubernetes --extra postgres --extra tracing \
	  --python-version 3.11 pyproject.toml --output-file deploy/image/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 deploy/image/build.in --output-file deploy/image/build.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade --no-deps \
	  --python-version 3.10 deploy/triton/container.in --output-file deploy/triton/container.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade --no-deps \
	  --python-version 3.11 deploy/triton/requirements.in --output-file deploy/triton/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 deploy/export/requirements.in --output-file deploy/export/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 deploy/helm/requirements.in --output-file deploy/helm/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade --no-deps \
	  --python-version 3.11 deploy/export/reference.in --output-file deploy/export/reference.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 benchmarks/pages/setters/requirements.in \
	  --output-file benchmarks/pages/setters/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade --no-deps \
	  --python-version 3.11 deploy/vllm/requirements.in --output-file deploy/vllm/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 deploy/ray/requirements.in --output-file deploy/ray/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 benchmarks/quality/peers/requirements.in \
	  --output-file benchmarks/quality/peers/requirements.lock

clean: ## Remove what was made; the environment and the models stay.
	rm -rf out $(DOCMILL_HOME)/store $(DOCMILL_HOME)/dagster $(DOCMILL_HOME)/check $(DOCMILL_HOME)/sources
