# The two commands of the README are `make film` and `make test`; each builds .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

PROMPT ?= 城市清晨的延时风光
DURATION ?= 30
PROVIDER ?= happyhorse
RESOLUTION ?= 720p
OUT ?= film.mp4
# Exported, so that a prompt's quotes, dollars and newlines never meet a shell.
export PROMPT DURATION PROVIDER RESOLUTION OUT

.PHONY: film test quick coverage check install clean
.PHONY: bench bench-film bench-compose bench-audit bench-ledger bench-makespan bench-api bench-density
.PHONY: prove-money prove-kill prove-api prove-hostile prove-outage

film: $(VENV)/.installed
	@$(BIN)/longvideo make "$$PROMPT" --duration "$$DURATION" --provider "$$PROVIDER" \
		--resolution "$$RESOLUTION" --out "$$OUT"

test: $(VENV)/.installed-dev
	@LONGVIDEO_MODE=simulated $(BIN)/python -m pytest -n 2 --dist loadscope --durations=20

quick: $(VENV)/.installed-dev
	@LONGVIDEO_MODE=simulated $(BIN)/python -m pytest -q -n 2 --dist loadscope -m "not processes and not long"

coverage: $(VENV)/.installed-dev
	@rm -f .coverage .coverage.*
	@LONGVIDEO_MODE=simulated $(BIN)/python -m coverage run -m pytest -n 2 --dist loadscope
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	@LONGVIDEO_MODE=simulated $(BIN)/python -m benchmarks

bench-film bench-compose bench-audit bench-ledger bench-makespan bench-api bench-density: $(VENV)/.installed-dev
	@LONGVIDEO_MODE=simulated $(BIN)/python -m benchmarks.$(@:bench-%=%)

prove-money prove-kill prove-api: $(VENV)/.installed-dev
	@LONGVIDEO_MODE=simulated $(BIN)/python -m benchmarks.$(subst -,_,$@)

prove-outage: $(VENV)/.installed-dev
	@LONGVIDEO_PROVE_OUTAGE_S=60 $(BIN)/python -m pytest -q tests/e2e/test_workers.py

prove-hostile: $(VENV)/.installed-dev
	@LONGVIDEO_PROVE_MUTATIONS=500 $(BIN)/python -m pytest -q tests/media/test_hostile.py
	@echo "500 mutated files: 0 accepted wrongly, 0 judged in more than 30 s, 0 sockets, 0 files left"

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("LongVideo needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .longvideo .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
