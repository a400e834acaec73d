# make run     install what Relata needs into .venv (once) and start it
# make test    everything that CI runs
# make lint    the part of it that needs no test run
# make format  let ruff rewrite the layout of the code
# make bench   measure speed; prints a table and JSON
# make torture kill the program 200 times in a storm of edits; nothing may be damaged, at most a second lost
# make pictures  photograph every workspace in every size, light and dark, and README's pictures
# make clean   remove .venv and every cache
#
# PYTHON=/path/to/python3.12 make run      choose the interpreter (3.11 or newer)

MODERN := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python $(MODERN) 2>/dev/null && echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

# With these two files unchanged an installation is up to date.
PINS := pyproject.toml constraints.txt
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

.PHONY: run test lint format bench torture pictures clean

run: $(INSTALLED)
	$(BIN)/python -P -m app

test: export QT_QPA_PLATFORM ?= offscreen
test: lint
	$(BIN)/python -m $(if $(ARGS),pytest $(ARGS),tests.halves)

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(INSTALLED_DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: export QT_QPA_PLATFORM ?= offscreen
bench: $(INSTALLED_DEV)
	$(BIN)/python tests/bench $(ARGS)

torture: export QT_QPA_PLATFORM ?= offscreen
torture: $(INSTALLED_DEV)
	$(BIN)/python -m pytest -m slow -s tests/end_to_end/test_torture.py

pictures: $(INSTALLED_DEV)
	$(BIN)/python -m tests.pictures

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(INSTALLED): $(PINS)
	@$(ENSURE_VENV)
	@echo "Installing Relata into $(VENV) (the first time this takes some minutes)"
	$(PIP) --editable '.[film]'
	@touch $@

$(INSTALLED_DEV): $(PINS)
	@$(ENSURE_VENV)
	@echo "Installing Relata and its development tools into $(VENV) (the first time this takes some minutes)"
	$(PIP) --editable '.[dev]'
	@touch $(INSTALLED) $@

# A venv that failed half-way has no pip, and is made again.
define ENSURE_VENV
if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	if ! "$(PYTHON)" $(MODERN); then \
		echo "Relata needs Python 3.11 or newer. Install it, or say: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	"$(PYTHON)" -m venv --clear $(VENV) || exit 1; \
fi
endef
