PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
# A Python of that version, where a command of its name starts one.
python = $(or $(shell python$(1) -c 'import sys; print(sys.executable)' 2>/dev/null),$(PYTHON))
NBVAL := --nbval-lax --nbval-kernel-name=python3 --nbval-cell-timeout=600
# Three processes, each with its own Ray: of two cores one would often wait, for a server or a page.
SPLIT := --numprocesses 3 --dist loadfile --no-loadscope-reorder
COLAB := .venv-colab
COLAB_PYTHON ?= $(call python,3.13)
LOWEST := .venv-lowest
LOWEST_PYTHON ?= $(call python,3.10)
FRAMEWORKS := .venv-frameworks
# uv reads UV_FIND_LINKS only; what pip is set up with may have a torch without CUDA.
FIND_LINKS := $(addprefix --find-links ,$(PIP_FIND_LINKS))
export RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO := 0
# Images of containers set it. Then nothing that is installed here would ever be compiled for good,
# and every process of Ray would take three times as long to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test unit notebooks lint format docs dist binder-check lab app test-colab test-lowest
.PHONY: test-frameworks bench soak screenshots browser frontend frontend-test clean

demo: $(VENV)/.demo ## the demo notebook, and a page with what it shows
	$(BIN)/python tools/demo.py

test: $(VENV)/.test browser ## every test
	$(BIN)/python -m pytest $(SPLIT) $(NBVAL) tests notebooks

unit: $(VENV)/.test browser
	$(BIN)/python -m pytest $(SPLIT)

notebooks: $(VENV)/.test
	$(BIN)/python -m pytest $(NBVAL) notebooks

lint: $(VENV)/.test $(VENV)/.lint ## nothing is changed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

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

app: $(VENV)/.test ## the setup form as a web app
	$(BIN)/voila notebooks/widget_setup.ipynb --TagRemovePreprocessor.remove_cell_tags=not-in-app

test-colab: $(COLAB)/.colab browser ## unit tests, notebooks and Notebook 6 with Colab's versions
	$(COLAB)/bin/python -m pytest $(SPLIT) --ignore tests/browser
	$(COLAB)/bin/python -m pytest tests/browser/test_frontends.py -k notebook_6
	$(COLAB)/bin/python -m pytest $(NBVAL) notebooks

test-lowest: $(LOWEST)/.lowest ## unit tests, without the browser's, with the lowest versions allowed
	$(LOWEST)/bin/python -m pytest $(SPLIT) --ignore tests/browser

test-frameworks: $(FRAMEWORKS)/.frameworks ## the recipes of docs/frameworks.md with real frameworks
	$(FRAMEWORKS)/bin/python -m pytest -W default tests/frameworks

bench: $(VENV)/.test ## the tables of the README; about 25 minutes
	$(BIN)/python benchmarks/logger_overhead.py
	$(BIN)/python benchmarks/online.py
	$(BIN)/python benchmarks/dashboard_cost.py
	$(BIN)/python benchmarks/mixin_overhead.py

soak: $(VENV)/.test ## 2,000 trials against a server that fails one request in ten
	$(BIN)/python benchmarks/soak.py

screenshots: $(VENV)/.test browser frontend/node_modules/.package-lock.json ## the README's pictures
	cd frontend && npm run --silent dev
	$(BIN)/python tools/screenshots.py

frontend: frontend/node_modules/.package-lock.json ## the page of the dashboard, from TypeScript
	cd frontend && npm run --silent build

frontend-test: frontend/node_modules/.package-lock.json ## its lint, types and tests; the bundle is what is built
	cd frontend && npm run --silent lint && npm run --silent types && npm run --silent test
	cd frontend && npm run --silent check

frontend/node_modules/.package-lock.json: frontend/package.json frontend/package-lock.json
	cd frontend && npm ci

browser:
	tools/browser.sh $(BIN)/python

clean:
	rm -rf build dist $(VENV) $(COLAB) $(LOWEST) $(FRAMEWORKS)

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

# What Jupyter brings along, and jsonschema does without, takes every process of Ray most of its time
# to start: its grammar is compiled at import.
$(VENV)/.%: pyproject.toml $(BIN)/uv
	$(UV) --editable . --group $*
	$(BIN)/uv pip uninstall --quiet --python $(BIN)/python rfc3987-syntax
	@touch $@

# Colab's own packages come first; then ours, as a person there installs it.
$(COLAB)/.colab: pyproject.toml tests/colab/constraints.txt $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --seed --python $(COLAB_PYTHON) $(COLAB)
	$(BIN)/uv pip install --quiet --python $(COLAB)/bin/python --group unit \
		--requirement tests/colab/constraints.txt
	$(BIN)/uv build --quiet --wheel --out-dir build/colab
	$(COLAB)/bin/python tools/colab_install.py build/colab
	$(BIN)/uv pip install --quiet --python $(COLAB)/bin/python --no-deps --editable .
	@touch $@

$(LOWEST)/.lowest: pyproject.toml $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --seed --python $(LOWEST_PYTHON) $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		--editable . --group unit
	$(BIN)/uv pip uninstall --quiet --python $(LOWEST)/bin/python rfc3987-syntax
	@touch $@

# PyPI's torch for Linux brings CUDA along, some gigabytes. A smaller one is taken from where pip finds
# its wheels (PIP_FIND_LINKS), or with UV_TORCH_BACKEND=cpu from PyTorch's own index.
$(FRAMEWORKS)/.frameworks: pyproject.toml $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --seed --python $(PYTHON) $(FRAMEWORKS)
	$(BIN)/uv pip install --quiet --python $(FRAMEWORKS)/bin/python $(FIND_LINKS) \
		--editable . --group frameworks
	@touch $@
