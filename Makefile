# Everything a newcomer needs: `make talk`, `make transcribe FILE=talk.mp4`, `make serve`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
NODE_FOLDER := .node
NODE_STAMP := $(NODE_FOLDER)/.ready

.PHONY: setup check check-page test test-slow test-all fuzz transcribe serve talk docs bench bench-page bench-live-page bench-talk-page clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $(STAMP)

check: setup check-page
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check

# The page has no build; node only checks its types and runs the tests of what is pure in it.
check-page: $(NODE_STAMP)
	$(NODE_FOLDER)/node_modules/.bin/tsc --noEmit -p tsconfig.json
	node --test --test-reporter=spec tests/page/*.test.js

$(NODE_STAMP): package.json package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || \
		{ echo "Checking the page takes Node 20 or newer with npm (https://nodejs.org); running Parley does not."; exit 1; }
	mkdir -p $(NODE_FOLDER)
	cp package.json package-lock.json $(NODE_FOLDER)/
	cd $(NODE_FOLDER) && npm ci --silent --no-audit --no-fund
	touch $(NODE_STAMP)

test: check
	$(BIN)/python -m pytest -m "not slow"

# The soak takes ten minutes and little else, so it runs beside the others.
test-slow: setup
	$(BIN)/python -m pytest -p no:cacheprovider -m soak > .soak.log 2>&1 & soak=$$!; \
	$(BIN)/python -m pytest -m "slow and not soak"; others=$$?; \
	wait $$soak; soaked=$$?; cat .soak.log; rm -f .soak.log; \
	test $$others -eq 0 && test $$soaked -eq 0

# Looks for new examples instead of repeating the known ones; what it finds becomes a test.
fuzz: setup
	HYPOTHESIS_SEARCH=1 $(BIN)/python -m pytest tests/unit

test-all: test test-slow

transcribe: setup
	@$(BIN)/parley transcribe "$(FILE)" $(ARGS)

serve: setup
	@$(BIN)/parley serve $(ARGS)

# The page in a window of its own, with a voice (espeak-ng) and, where LLM_API_KEY is set, a language model.
talk: setup
	@$(BIN)/parley app $(ARGS)

docs: setup
	$(BIN)/python docs/generate.py

bench: setup
	@$(BIN)/python -m tests.bench

# The first part of docs/benchmarks.md: ten minutes, best on a machine that does nothing else.
bench-page: setup
	$(BIN)/parley bench --corpus "$${PARLEY_TEST_AUDIO:-../shared/audio}" --only 'joined/en_*' --workers 1,2 \
		--per-role --markdown docs/benchmarks.md

# Its part on live speech: twelve minutes at most, only on a machine that does nothing else.
bench-live-page: setup
	$(BIN)/parley bench live --corpus "$${PARLEY_TEST_AUDIO:-../shared/audio}" --only 'librispeech/test-other/*' \
		--words 'fsdd/*' --wer --step-seconds 20 --trials 7 --markdown docs/benchmarks.md

# Its part on conversations: three minutes, only on a machine that does nothing else.
bench-talk-page: setup
	$(BIN)/parley bench talk --corpus "$${PARLEY_TEST_AUDIO:-../shared/audio}" --only 'librispeech/test-other/*' \
		--turns 30 --markdown docs/benchmarks.md

clean:
	rm -rf $(VENV) $(NODE_FOLDER) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
