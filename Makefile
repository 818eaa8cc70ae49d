# make run: start the daemon. make test: check everything. make bench: measure.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
TWISTD = $(BIN)/twistd --nodaemon --pidfile= sc

.PHONY: run test check lint format bench

run: $(VENV)/run.stamp
	$(TWISTD) $(ARGS)

# Everything: what the tests need, then all checks and tests.
test: $(VENV)/test.stamp
	tests/install-peers
	$(MAKE) check

# Format, lint, types, layers, then the tests with their coverage.
check: lint
	$(BIN)/coverage run -m pytest $(TESTS)
	$(BIN)/coverage report

lint: $(VENV)/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/run.stamp: setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip setuptools
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/test.stamp: setup.py $(VENV)/run.stamp
	$(BIN)/python -m pip install -q -e '.[test]'
	touch $@

bench: $(VENV)/test.stamp
	$(BIN)/python -m bench.check
	$(BIN)/python -m bench.scan
	$(BIN)/python -m bench.built_in
	$(BIN)/python -m bench.evidence
	$(BIN)/python -m bench.recall
	$(BIN)/python -m bench.contacts
