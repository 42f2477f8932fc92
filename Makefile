# The only commands; everything else is `.venv/bin/anlan …`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint bench
run: $(VENV)/.installed
	@ANLAN_DEMO=1 $(BIN)/anlan up --prepare

test: $(VENV)/.dev-installed lint
	@$(BIN)/python -m pytest -n 2

lint: $(VENV)/.dev-installed
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache && $(BIN)/mypy && $(BIN)/anlan makemigrations --check --dry-run

bench: $(VENV)/.dev-installed
	@$(BIN)/python -m tests.load
