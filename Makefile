# `make` lists what there is. A bare machine needs Python 3.11+, Rust, a C compiler, git and make.

PYTHON ?= python3
CARGO ?= cargo
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WHEEL := dist/.wheel
# Tests run in the profile that the wheel is built in: each crate is compiled once.
CARGO_FLAGS := --release --locked
# What maturin sets: without it clippy and maturin would take turns at recompiling pyo3.
export PYO3_BUILD_EXTENSION_MODULE := 1

SOURCES := $(shell find rust python Cargo.toml Cargo.lock pyproject.toml -type f \
	-not -name '*.pyc' -not -path '*/tests/*')

# `make demo`: the tree to index, and three questions.
DIR ?=
# `make benchmarks-table`: clones of five repositories (benches/published.py names them), and rivals as `rcm bench` takes them.
AGAINST ?= semble,ripgrep
BENCHMARKS_FLAGS ?=
# `make quality`, `make tokens`: annotations, checked-out repositories and their list; by default the project's own questions
# (`QUALITY_FLAGS=--clone` fetches their repositories).
ANNOTATIONS ?= benches/questions
REPOSITORIES ?=
LIST ?= benches/questions/repositories.json
QUALITY_FLAGS ?=
# `make label-free`: source trees; git clones are also asked about their commits.
TREES ?=
LABEL_FREE_FLAGS ?=
BENCH_FLAGS ?=
# `make fuzz`: seconds for each parser.
FUZZ_SECONDS ?= 60
# `make model`: where downloads and intermediate files lie, and where the table goes.
MODEL_DATA ?= target/model-data
MODEL_OUT ?= python/rcm/model

# The steps share one environment and one cargo lock, and they use both cores by themselves.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo benchmarks-table test test-programs screenshots lint types stubs cargo-test rustdoc docs-check pytest wheel-test bench \
	reliability soak fuzz bench-baseline quality tokens label-free model format clean check-tools deny

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	while IFS="$$(printf '\t')" read -r name text; do printf '  %-17s %s\n' "$$name" "$$text"; done

demo: $(VENV)/.installed ## Build, install, index a real tree (DIR=... for yours) and ask it three questions
	@sh benches/demo.sh $(BIN) "$(DIR)"

# Continuous integration starts from a bare machine.
test: $(if $(CI),test-programs) lint types stubs cargo-test rustdoc pytest wheel-test ## Everything that must hold before a change lands
	@echo "all checks passed"

lint: $(VENV)/.dev ## Formatting, clippy, ruff, direction of dependence
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports

types: $(VENV)/.dev ## mypy, strict
	$(BIN)/mypy

stubs: $(VENV)/.dev ## The stub of the extension against the binary
	$(BIN)/python -m mypy.stubtest rcm._rcm --allowlist tests/stubtest-allowlist.txt

cargo-test: check-tools ## Tests of the Rust crates
	PROPTEST_RNG_SEED=7 $(CARGO) test $(CARGO_FLAGS) --workspace --exclude rcm-py

fuzz: $(VENV)/.dev ## Random input that no run before has seen, to every parser and every property (FUZZ_SECONDS=60 each)
	RCM_FUZZ_SECONDS=$(FUZZ_SECONDS) RCM_TEST_SEED=$$(date +%s) PROPTEST_CASES=5000 \
		$(CARGO) test $(CARGO_FLAGS) --workspace --exclude rcm-py
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fuzz

rustdoc: check-tools ## Documentation of the crates: no broken link, nothing undocumented
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(CARGO_FLAGS) --no-deps -p rcm-arena -p rcm-core -p rcm-vectors

# Each is wanted by tests that skip without it: the shells by those of completions, Chromium by those of the page.
test-programs: ## Install zsh, fish and Chromium for the tests that need them, where this is root on Debian
	@missing="$$(for program in zsh fish chromium; do command -v $$program >/dev/null || echo $$program; done)"; \
	if command -v google-chrome >/dev/null; then missing="$$(echo "$$missing" | grep -vx chromium)"; fi; \
	missing="$$(echo $$missing)"; \
	if [ -z "$$missing" ]; then echo "test-programs: all are there"; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "test-programs: installing $$missing by apt-get"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null \
		|| echo "test-programs: apt-get failed; tests that need $$missing are skipped"; \
	else echo "test-programs: no $$missing, and not root with apt-get; tests that need them are skipped"; fi

screenshots: $(VENV)/.dev ## Take the pictures of docs/images anew, of rcm's own sources
	$(BIN)/python benches/screenshots.py

docs-check: rustdoc $(VENV)/.dev ## Options, names, links and examples in the documentation
	$(BIN)/python -m pytest tests/test_docs.py

pytest: $(VENV)/.dev ## Tests of the Python half, on the installed release wheel
	$(BIN)/python -m pytest

deny: check-tools ## Licences, sources and bans of what is compiled in, by cargo-deny (ADVISORIES=1: also known weaknesses)
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --locked check bans licenses sources $(if $(ADVISORIES),advisories)

reliability: $(VENV)/.dev ## Kills, power cuts, full disks, damage, faults: one table of what held
	$(BIN)/python -m pytest tests/reliability

soak: $(VENV)/.dev ## The long form of `make reliability` (an hour)
	RCM_TEST_SIZE=full $(BIN)/python -m pytest tests/reliability

wheel-test: $(WHEEL) ## Install the wheel in an empty environment elsewhere and use it, also without network
	$(BIN)/python tests/wheel/use_installed_wheel.py dist/*.whl

bench: $(VENV)/.dev ## Time the stages, the modes and searching; fail where a ratio got worse
	@mkdir -p target
	$(BIN)/python -m pytest benches -p no:cacheprovider --benchmark-json=target/bench.json $(BENCH_FLAGS)
	$(BIN)/python benches/ratios.py --against benches/results/baseline.json

bench-baseline: $(VENV)/.dev ## Run the benchmarks and keep their ratios as the new baseline
	@mkdir -p target
	$(BIN)/python -m pytest benches -p no:cacheprovider --benchmark-json=target/bench.json $(BENCH_FLAGS)
	$(BIN)/python benches/ratios.py --write benches/results/baseline.json

benchmarks-table: $(VENV)/.dev ## Measure five public repositories and write docs/benchmarks.md (REPOSITORIES=dir AGAINST=tools)
	@if [ -z "$(REPOSITORIES)" ]; then echo "make benchmarks-table needs REPOSITORIES=dir" >&2; exit 2; fi
	$(BIN)/python benches/published.py --repositories "$(REPOSITORIES)" --against "$(AGAINST)" $(BENCHMARKS_FLAGS)

quality: $(VENV)/.dev ## Search quality (REPOSITORIES=dir, other labels by ANNOTATIONS=dir LIST=repos.json)
	@if [ -z "$(REPOSITORIES)" ]; then echo "make quality needs REPOSITORIES=dir" >&2; exit 2; fi
	$(BIN)/python benches/quality.py --annotations "$(ANNOTATIONS)" --repositories "$(REPOSITORIES)" \
		--list "$(LIST)" $(QUALITY_FLAGS)

tokens: $(VENV)/.dev ## Tokens until an agent has the answer, rcm and grep (REPOSITORIES=dir, ANNOTATIONS=dir LIST=repos.json)
	@if [ -z "$(REPOSITORIES)" ]; then echo "make tokens needs REPOSITORIES=dir" >&2; exit 2; fi
	@command -v rg >/dev/null || { echo "error: make tokens compares with ripgrep, and there is no rg" >&2; exit 2; }
	$(BIN)/python benches/tokens.py --annotations "$(ANNOTATIONS)" --repositories "$(REPOSITORIES)" \
		--list "$(LIST)" $(QUALITY_FLAGS)

label-free: $(VENV)/.dev ## Search quality by documentation and commits, on any trees or clones (TREES="[name=]dir ...")
	@if [ -z "$(TREES)" ]; then echo 'make label-free needs TREES="dir ..."' >&2; exit 2; fi
	$(BIN)/python benches/label_free.py $(TREES) $(LABEL_FREE_FLAGS)

# The table is trained on what the registries serve: cargo, pip, go, npm, mvn, apt-get and dpkg-deb are asked.
model: $(VENV)/.installed ## Rebuild the embedding table from nothing (MODEL_DATA=dir for downloads, 4 GB)
	$(PIP) install "$$(ls dist/*.whl)[train]"
	$(BIN)/python -m rcm.train all --data "$(MODEL_DATA)" --out "$(MODEL_OUT)" --workspace .

format: $(VENV)/.dev ## Write Rust and Python as the formatters want them
	$(CARGO) fmt --all
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean: ## Remove everything that was built
	rm -rf $(VENV) dist target .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks \
		.import_linter_cache
	find python benches tests -name __pycache__ -type d -prune -exec rm -rf {} +

check-tools:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; hint: make PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: rcm needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V); hint: make PYTHON=python3.12" >&2; exit 2; }
	@for tool in $(CARGO) cc git; do command -v $$tool >/dev/null || { \
		echo "error: $$tool not found; rcm is built from Rust and C sources" >&2; exit 2; }; done

$(VENV)/.created: | check-tools
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $$($(BIN)/python -c 'import tomllib; \
		print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])')
	@touch $@

$(WHEEL): $(SOURCES) $(VENV)/.created
	@mkdir -p dist && rm -f dist/*.whl
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist
	@touch $@

# Twice: pip leaves a wheel of the same version alone unless forced, and forcing reinstalls every dependency.
$(VENV)/.installed: $(WHEEL)
	$(PIP) install dist/*.whl
	$(PIP) install --force-reinstall --no-deps dist/*.whl
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.installed
	$(PIP) install "$$(ls dist/*.whl)[dev]"
	@touch $@
