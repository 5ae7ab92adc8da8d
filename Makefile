# Needs git, make and python3 >= 3.11; everything else comes into .venv, pinned and hashed.

PYTHON ?= python3
BIN := .venv/bin
# two at once: each has servers of its own, and waits for them half of the time; what is drawn from a set is the same too
TEST := PYTHONHASHSEED=0 $(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup
SEED := $(shell date +%s)
SEEDS := 1

.PHONY: install demo up test fuzz check audit sbom figures chaos bench

install: .venv/installed

.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: Python 3.11 or newer is needed, and $(PYTHON) is not; try make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: install
	$(BIN)/python starter.py demo

up: install
	$(BIN)/python starter.py stack up

test: install
	$(TEST)

# A longer search at random, from another seed each time; SEED=7 searches again as that one did. A storm may take hours.
fuzz: install
	$(TEST) -m hypothesis --hypothesis-profile=fuzz --hypothesis-seed=$(SEED) -o faulthandler_timeout=0
	$(BIN)/python -m tests.chaos --seed $(SEED)

# False claims and coverage of the report's intervals on a thousand ledgers of each population: half an hour.
figures: install
	$(BIN)/python -m tests.proof.populations 1000

# SEEDS=10 is ten storms of 24 kills in a row, each with the other faults too.
chaos: install
	$(BIN)/python -m tests.chaos --kills 24 --others 6 --seeds $(SEEDS)

# At most 20 minutes; BENCH=smoke a minute and a half, BENCH=full with 60,000 live cases and a million rows.
bench: install
	$(BIN)/python -m bench

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy .

# Passes only when every pinned package was looked up and none has a known flaw: needs the public package index itself, no mirror.
audit: .venv/audit/installed
	@.venv/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock \
		|| { echo "error: a pinned package has a known flaw, or could not be looked up in the public package index; see above" >&2; exit 1; }

# What a deployment consists of, in sbom.json (CycloneDX): every pinned package with its hashes. Looks nothing up.
sbom: .venv/audit/installed
	.venv/audit/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json requirements.lock

.venv/audit/installed: requirements-audit.lock
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@touch $@
