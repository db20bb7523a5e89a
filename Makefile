PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
export RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO := 0

.PHONY: demo test unit notebooks lint format docs dist binder-check lab bench screenshots browser clean

demo: $(VENV)/.demo ## the demo notebook, and a page with what it shows
	$(BIN)/python tools/demo.py

test: unit notebooks ## every test

unit: $(VENV)/.test browser
	$(BIN)/python -m pytest

notebooks: $(VENV)/.test
	$(BIN)/python -m pytest --nbval-lax --nbval-kernel-name=python3 --nbval-cell-timeout=600 notebooks

lint: $(VENV)/.test $(VENV)/.lint ## nothing is changed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.docs ## the documentation into build/docs; a warning is an error
	$(BIN)/mkdocs build --strict

dist: $(BIN)/uv ## sdist and wheel into dist, looked into, installed elsewhere and tried
	$(BIN)/python tools/dist.py

binder-check: $(BIN)/uv ## what Binder would find, install and start
	$(BIN)/python tools/binder.py

lab: $(VENV)/.demo ## JupyterLab with the notebooks
	$(BIN)/jupyter lab --notebook-dir=notebooks

bench: $(VENV)/.test ## the tables of the README; about 15 minutes
	$(BIN)/python benchmarks/logger_overhead.py
	$(BIN)/python benchmarks/dashboard_cost.py
	$(BIN)/python benchmarks/mixin_overhead.py

screenshots: $(VENV)/.test browser ## the pictures of the README
	$(BIN)/python tools/screenshots.py

browser:
	tools/browser.sh $(BIN)/python

clean:
	rm -rf build dist $(VENV)

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

$(VENV)/.%: pyproject.toml $(BIN)/uv
	$(UV) --editable . --group $*
	@touch $@
