# Two commands set everything up on a fresh machine: `make demo` and `make test`. Each target creates the environment it
# needs when it is missing and stamps it, so that the second call starts at once. Needs Python 3.11 or newer and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt

.PHONY: demo broken test lint bench schema clean

demo: $(VENV)/.demo  ## judge the example model; passes, and says what it would promote
	cd example_project && ../$(BIN)/python -m pytest --mlgate

broken: $(VENV)/.demo  ## the same on data and limits that do not hold, to see what red looks like
	cd example_project && ../$(BIN)/python -m pytest --mlgate broken || test $$? -eq 1

test: $(VENV)/.test  ## the whole test suite
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.lint  ## what CI checks besides the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry pytest_mlgate

bench: $(VENV)/.test  ## measure, against floors measured in the same run
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

schema: $(VENV)/.demo  ## rewrite the published JSON Schema of gate files
	$(BIN)/python -m pytest_mlgate.cli.published > pytest_mlgate/gatefile/gate-v1.schema.json.new
	mv pytest_mlgate/gatefile/gate-v1.schema.json.new pytest_mlgate/gatefile/gate-v1.schema.json

clean:  ## forget the environment and everything that was built
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis example_project/.pytest_cache

$(VENV)/.base: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[guardrails,llm,torch]'
	touch $@

$(VENV)/.demo: $(VENV)/.base example_project/pyproject.toml
	$(PIP) --editable example_project
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(PIP) $(shell $(PYTHON) .ci/group.py test) --editable tests/sample_plugin
	touch $@

$(VENV)/.lint: $(VENV)/.test
	$(PIP) $(shell $(PYTHON) .ci/group.py lint)
	touch $@
