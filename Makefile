# Sets up, builds, runs and tests Yett. A recipe of more than a few lines is a program: it belongs in tools/.
# Assumes Python 3.11, Rust 1.95 with clippy and rustfmt, a C compiler and make (`fuzz`: and a C++ compiler); everything
# else is set up here.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 60

# One target folder for every clone, so that a fresh clone builds only what changed.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/yett/target
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(BIN):$(PATH)

# What the compiled engine is made of; the reasons of the catalogue are compiled in.
ENGINE := Cargo.toml Cargo.lock pyproject.toml $(wildcard */Cargo.toml */build.rs) \
	$(shell find engine/src gateway/src binding/src src/yett/catalogue -type f -name '*.rs' -o -name '*.toml' 2>/dev/null)
# What a wheel is made of besides.
PACKAGE := README.md LICENSE $(shell find src -type f -not -name '*.so' -not -name '*.pyc' 2>/dev/null)

.PHONY: help run test check lint lint-rust lint-python rust python bench control pages fuzz lock setup wheel format clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: setup ## the vulnerable demo API, the gateway before it, every attack against both; serves until Ctrl-C
	@trap 'exit 0' INT; $(BIN)/yett demo --serve

test: lint rust python ## everything that must hold; what .ci/run calls

check: lint-python $(VENV)/.engine-dev ## the fast inner loop: lint, the engine's own tests, pytest without the slow marks
	cargo clippy --locked --workspace -- -D warnings
	cargo test --locked --quiet -p yett-engine
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m 'not slow' -x

lint: lint-python lint-rust

lint-python: $(VENV)/.packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

lint-rust: $(VENV)/.packages
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

# The binding has no tests of its own in Rust: it is a Python module, and pytest runs the vectors through it.
rust:
	cargo test --locked --workspace --exclude yett-binding

python: setup wheel
	$(BIN)/pytest -n $(JOBS) --dist loadfile

bench: setup ## CPU µs a request beside nginx, HAProxy and Envoy; writes bench/RESULTS.md
	$(BIN)/python -m bench --rounds 5 --seconds 2 --results bench/RESULTS.md

control: $(VENV)/.packages ## NAME=x [KIND=guard or method]: the faces of a new control, all of them
	@test -n "$(NAME)" || { echo "usage: make control NAME=x" >&2; exit 2; }
	$(BIN)/python -m tools.control "$(NAME)" $(if $(KIND),--kind $(KIND))

pages: $(VENV)/.packages ## docs/controls/ from the catalogue
	$(BIN)/python -m tools.pages

fuzz: ## every fuzz target for FUZZ_SECONDS (60) from the committed corpus
	tools/fuzz.sh $(FUZZ_SECONDS)

lock: $(VENV)/.packages ## compiles requirements.lock from pyproject.toml, with hashes; refreshes Cargo.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --all-extras --no-emit-index-url --python-version 3.11 \
		--custom-compile-command 'make lock' pyproject.toml -o requirements.lock
	cargo update --workspace
	cargo update --workspace --manifest-path fuzz/Cargo.toml

format: $(VENV)/.packages ## formats both languages
	cargo fmt --all
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .

clean: ## removes what make made in this folder; the shared cargo target stays
	rm -rf $(VENV) dist src/yett/_engine*.so

setup: $(VENV)/.packages $(VENV)/.engine-release

$(VENV)/.packages: requirements.lock
	@echo '── Python packages, from requirements.lock'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --progress-bar off --require-hashes -r requirements.lock | { grep -v 'already satisfied' || true; }
	@touch $@

# One engine is installed at a time, so making one profile's stamp removes the other's.
$(VENV)/.engine-%: $(VENV)/.packages $(ENGINE)
	@echo '── the engine ($*); a cold build takes some minutes'
	@rm -f $(VENV)/.engine-*
	$(BIN)/maturin develop --locked --profile $*
	@touch $@

wheel: $(VENV)/.wheel ## dist/yett-*.whl, as `pip install .` builds it

$(VENV)/.wheel: $(VENV)/.engine-release $(PACKAGE)
	rm -rf dist
	$(BIN)/maturin build --locked --release --out dist
	@touch $@
