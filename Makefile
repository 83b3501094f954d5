# The commands a newcomer types. Everything is set up in .venv on first use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN ?= runs/demo
SEED ?= 0
PORT ?= 8000
SERVE ?= 1
# One process a core, and one thread in each: torch's threads would fight over the same cores.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal

.PHONY: help demo serve test test-slow check bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo       set up, run the whole chain on a drawn scenario, then serve the study"
	@echo "                (SERVE=0 stops before serving; SEED=1 draws other images; PORT=8080)"
	@echo "make serve      serve the demo's study again"
	@echo "make test       set up, a browser included, and run all tests but the slow ones"
	@echo "make test-slow  run the slow ones: simulations"
	@echo "make check      lint, types, formatting"
	@echo "make bench      measure, beside plain references"

$(VENV)/.installed: pyproject.toml
	@PYTHON="$(PYTHON)" sh scripts/set_up.sh "$(VENV)"
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/.installed
	@$(BIN)/pip install --quiet --editable ".[test,check]"
	@touch $@

demo: $(VENV)/.installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh "$(RUN)" "$(SEED)" "$(SERVE)" "$(PORT)"

serve: $(VENV)/.installed
	@$(BIN)/craft-study serve "$(RUN)/bundle" --database "$(RUN)/study.sqlite" --port "$(PORT)"

test: $(VENV)/.installed-test
	@$(BIN)/python scripts/set_up_browser.py
	@$(PYTEST) -m "not slow" $(ARGS)

test-slow: $(VENV)/.installed-test
	@$(BIN)/python scripts/set_up_browser.py
	@$(PYTEST) -m slow $(ARGS)

check: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pydoclint --quiet craft_core stimuli_builder study_app analysis

bench: $(VENV)/.installed-test
	@$(BIN)/python -m benchmarks

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
