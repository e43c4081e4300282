# flowc: everything a person does with this checkout. `make` lists it.
#
# Nothing needs to be installed first but make and Python 3.11 or newer: the environment is made in .venv, and on Debian
# or Ubuntu what is missing comes through apt (with sudo when you are not root). A second run finds its stamps in .venv.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
FLOWC   := $(BIN)/flowc
EXAMPLE := examples/tenant-eip.flow

# Tools run as modules: a script's first line holds the path the environment was made at.
LINT_IMPORTS := from importlinter.cli import lint_imports_command; lint_imports_command()

# A command that speaks only when it fails: $(call quietly,COMMAND)
quietly = { $(1); } > $(VENV)/quiet.log 2>&1 || { cat $(VENV)/quiet.log >&2; exit 1; }

# Tests start flowc hundreds of times, and emulated kernels read what is compiled here.
unexport PYTHONDONTWRITEBYTECODE

.SILENT:
.DELETE_ON_ERROR:
.PHONY: help demo test quick soak lint format golden clean

help:  ## list these targets
	sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile

# --- The environment -----------------------------------------------------------------------------------

# Debian keeps what `python3 -m venv` needs in a package of its own.
$(BIN)/pip:
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "flowc needs Python 3.11 or newer, and $(PYTHON) is not: try 'make PYTHON=python3.11'" >&2; exit 1; }
	if ! "$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null; then \
	    echo "==> $(PYTHON) cannot make virtual environments yet: installing Debian's python3-venv" >&2; \
	    if ! command -v apt-get > /dev/null; then \
	        echo "this is not Debian or Ubuntu: install your system's package for Python's venv module" >&2; exit 1; fi; \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get"; \
	    log=$$(mktemp); \
	    { $$apt update -q && $$apt install -qy --no-install-recommends python3-venv; } > "$$log" 2>&1 \
	        || { cat "$$log" >&2; exit 1; }; \
	    rm -f "$$log"; \
	fi
	mkdir -p $(VENV)
	$(call quietly,"$(PYTHON)" -m venv $(VENV))

# The stamps know the checkout's path: an environment that was copied along with its checkout would run the old one.
# Editable, because a regular install would shadow the three source roots with a stale copy.
HERE       := $(shell printf %s '$(CURDIR)' | cksum | cut -d ' ' -f 1)
RUN_STAMP  := $(VENV)/stamp-run-$(HERE)
TEST_STAMP := $(VENV)/stamp-test-$(HERE)

$(RUN_STAMP): pyproject.toml | $(BIN)/pip
	echo "==> installing flowc into $(VENV)" >&2
	$(call quietly,$(BIN)/python -m pip install -e .)
	touch $@

$(TEST_STAMP): pyproject.toml | $(BIN)/pip
	echo "==> installing flowc and its test tools into $(VENV)" >&2
	$(call quietly,$(BIN)/python -m pip install -e '.[test]')
	touch $@ $(RUN_STAMP)

# --- What people run -----------------------------------------------------------------------------------

demo: $(RUN_STAMP)  ## install flowc into .venv, compile examples/tenant-eip.flow, print the three scripts
	[ -t 1 ] && [ -z "$$NO_COLOR" ] && { bold=$$(printf '\033[1m'); dim=$$(printf '\033[2m'); off=$$(printf '\033[0m'); }; \
	show() { \
	    printf '\n%s══ %s%s %s%s%s\n' "$$bold" "$$1" "$$off" "$$dim" "$$2" "$$off"; \
	    printf '%s$$ flowc compile %s --backend %s%s\n\n' "$$dim" "$(EXAMPLE)" "$$1" "$$off"; \
	    $(FLOWC) compile $(EXAMPLE) --backend "$$1"; \
	}; \
	show nft      'zones, NAT, EIPs and the flowtable, loaded in one transaction' && \
	show iproute2 'VRFs, tunnels, addresses, routes and neighbours' && \
	show tc       "keys of shared tunnels: this file has none" && \
	printf '\n%sThree scripts from one file: %s. Next: README.md, docs/language.md, `make test`.%s\n' "$$dim" "$(EXAMPLE)" "$$off"

test: $(TEST_STAMP)  ## everything: Debian packages, lint, types, import contract, all tests, packets on a real kernel
	sh tests/lab/install.sh
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest tests/quick -n auto
	$(BIN)/python -m pytest tests/packets

quick: $(TEST_STAMP) lint  ## what needs no kernel and no apt: lint, types, import contract, quick tests
	$(BIN)/python -m pytest tests/quick -n auto -m 'not slow'

# Files of another seed each day: with SEED=N those of a day that has found something.
FILES ?= 2000
SEED  ?= $(shell date +%Y%m%d)

soak: $(TEST_STAMP)  ## load thousands of generated files on a real kernel: FILES=2000, SEED=today
	sh tests/lab/install.sh
	FLOWC_SOAK=1 $(BIN)/python -m pytest tests/quick -n auto -m slow
	echo "==> $(FILES) files of seed $(SEED)" >&2
	FLOWC_AGREEMENT_FILES=$(FILES) FLOWC_AGREEMENT_PACKETS=10 FLOWC_AGREEMENT_SEED=$(SEED) \
	FLOWC_GENERATED_FILES=$(FILES) FLOWC_GENERATED_SEED=$(SEED) FLOWC_EACH_FAULT=1 \
	FLOWC_SOAK=1 FLOWC_LIVE_FILES=300 FLOWC_LIVE_SEED=$(SEED) \
	    $(BIN)/python -m pytest -rP tests/packets/test_agreement.py \
	    tests/packets/test_seeded_faults.py tests/packets/test_generated_load.py tests/packets/test_live*.py tests/packets/test_backends_load.py

lint: $(TEST_STAMP)  ## ruff, mypy --strict, the import contract
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(call quietly,PYTHONPATH=grammar:compiler:backends $(BIN)/python -c '$(LINT_IMPORTS)' --no-cache)
	echo 'Import contract: kept'

format: $(TEST_STAMP)  ## format the Python code and repair what ruff can
	$(BIN)/python -m ruff check --fix-only
	$(BIN)/python -m ruff format

golden: $(TEST_STAMP)  ## rewrite the golden files from what flowc prints now; read the diff before you commit it
	$(BIN)/python -m pytest tests/quick -n auto -m 'not slow' --update-golden
	git --no-pager diff --stat

clean:  ## remove .venv and everything tools left behind
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find grammar compiler backends tests -name __pycache__ -prune -exec rm -rf {} +
