# The only commands; everything else is `.venv/bin/anlan …`.
#   make run    the house with demo data on http://127.0.0.1:8000 (ANLAN_PORT=… for another port)
#   make test   everything that is checked; on PostgreSQL as well when ANLAN_TEST_POSTGRES_URL names a server
#   make lint   style, types, order of the apps, migrations
#   make bench  the figures of the hot paths

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= anlan tests
POSTGRES ?= $(ANLAN_TEST_POSTGRES_URL)

.PHONY: run test lint bench
.DEFAULT_GOAL := run

run: $(VENV)/.run
	@ANLAN_DEMO=1 exec $(BIN)/anlan up --prepare

test: $(VENV)/.dev web/dist/static/icons.svg lint
	@deploy/check-tests
ifneq ($(strip $(POSTGRES)),)
	@echo "── SQLite"
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(TESTS)
	@echo "── PostgreSQL"
	@ANLAN_TEST_DATABASE_URL="$(POSTGRES)" $(BIN)/python -m pytest --ignore=tests/journeys -n auto --dist loadgroup $(TESTS)
else
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(TESTS)
endif

lint: $(VENV)/.dev
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/anlan makemigrations --check --dry-run -v 0 || $(BIN)/anlan makemigrations --check --dry-run
	@echo "lint: ok"

bench: $(VENV)/.dev web/dist/static/icons.svg
	@$(BIN)/python -m tests.load $(PATHS)

web/dist/static/icons.svg: web/package-lock.json web/icons.txt anlan/locale/en/LC_MESSAGES/django.po | $(VENV)/.python
	@echo "· front end …"
	@$(BIN)/anlan frontend > /dev/null

# A stamp per set of packages: the next run is instant.
$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/.python
	@deploy/install-packages $(VENV) requirements/dev.txt
	@touch $@ $(VENV)/.run

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.python
	@deploy/install-packages $(VENV) requirements/run.txt
	@touch $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
		{ echo "需要 Python 3.11 以上（Debian/Ubuntu：apt install python3 python3-venv），或指定：make PYTHON=/路径/python3.12 run"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "没有 venv 模块。Debian/Ubuntu 请执行：apt install python3-venv"; exit 1; }
	@touch $@
