# The two commands of the README, and what developers use beside them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo serve test bench peers lock lint clean

demo: $(VENV)/.core
	$(BIN)/inspection demo --out build/demo

# The demonstration's pages: what the public sees at /open; people sign in with accounts (docs/web.md).
serve: $(VENV)/.web
	$(BIN)/inspection serve --workspace build/demo/workspace

test: $(VENV)/.dev
	.ci/system-packages
	$(BIN)/lint-imports
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/run.py

# What a user would pick instead, on the same instance; MATCHER=FOLDER of openreview-matcher, which PyPI does not have.
peers: $(VENV)/.dev
	$(PYTHON) -m venv build/peers
	build/peers/bin/pip install --quiet --require-hashes -r benchmarks/peers/requirements.lock
	$(BIN)/python benchmarks/peers/run.py --python build/peers/bin/python $(if $(MATCHER),--matcher $(MATCHER))

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The project itself is installed without its dependencies: those come, hashed, from the lock file alone.
$(VENV)/.core: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.web: requirements-web.lock $(VENV)/.core
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-web.lock
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.core
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# uv writes lock files without addresses; DuckDB 2 is young (shared/DEPENDENCIES), so 1.5 is locked and 2 is tested by hand.
LOCK := uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--python-version 3.11 --constraint .ci/constraints.txt --extra build
lock:
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra web --output-file requirements-web.lock
	$(LOCK) --extra dev --output-file requirements-dev.lock
	uv pip compile benchmarks/peers/requirements.in --quiet --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --python-version 3.11 --output-file benchmarks/peers/requirements.lock

clean:
	rm -rf build $(VENV)
