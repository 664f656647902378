# Everything that is done to this repository by hand. Each target sets up what it needs, once, and notes that in a stamp
# file, so that a second run starts at once. Kept to GNU make 3.81, which macOS ships, and to POSIX sh.

TRUNK_VERSION         := 0.21.14
CARGO_DENY_VERSION    := 0.20.2
CARGO_MACHETE_VERSION := 0.9.2
# The last one that builds with the toolchain of rust-toolchain.toml.
S3S_FS_VERSION        := 0.14.1
# The command-line tool must be of exactly the version that the dashboard is linked with.
WASM_BINDGEN_VERSION  := $(shell awk -F '"' '/^name = "wasm-bindgen"$$/ { getline; print $$2 }' Cargo.lock 2>/dev/null)

# rustup's installer puts it into the PATH of the next shell only.
CARGO_BIN := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin

export CARGO_TARGET_DIR := $(abspath $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target))
export CRUNCHER_ROOT    := $(CURDIR)
export PATH             := $(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$(PATH):$(CARGO_BIN)
export TRUNK_SKIP_VERSION_CHECK := true

# make 3.81 looks programs up in the PATH it was started with: hence a path for each program that isn't in there.
CARGO  := $(or $(shell command -v cargo 2>/dev/null),$(CARGO_BIN)/cargo)
PYTHON := .venv/bin/python
WASM   := --target wasm32-unknown-unknown
WINDOWS := x86_64-pc-windows-gnu

# What the browser runs: the dashboard, and the tests that are compiled for it.
WASM_PACKAGES := -p cruncher-dashboard -p cruncher-browser -p cruncher-canvas -p cruncher-designer -p cruncher-explorer -p cruncher-fleet -p cruncher-dialogs -p cruncher-sign-in $(if $(wildcard crates/conformance/Cargo.toml),-p cruncher-conformance)

STAMPS        := .tools/stamps
PREREQUISITES := $(STAMPS)/prerequisites
ENVIRONMENT   := .venv/installed
RUST          := $(STAMPS)/rust
TRUNK         := $(STAMPS)/trunk-$(TRUNK_VERSION)
WASM_BINDGEN  := $(STAMPS)/wasm-bindgen-cli-$(WASM_BINDGEN_VERSION)
CARGO_DENY    := $(STAMPS)/cargo-deny-$(CARGO_DENY_VERSION)
CARGO_MACHETE := $(STAMPS)/cargo-machete-$(CARGO_MACHETE_VERSION)
S3S_FS        := $(STAMPS)/s3s-fs-$(S3S_FS_VERSION)

.PHONY: help demo test check bench chaos pictures dashboard requirements setup clean
.PHONY: chromium cargo-lock command-line check-rust check-windows check-supply check-python check-texts
.NOTPARALLEL:
.DEFAULT_GOAL := help

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

# ---- What it does ----

demo: $(ENVIRONMENT) dashboard command-line ## Show a study running in a browser, on this machine alone (ARGS="...": options of `cruncher demo`)
	@exec "$(CARGO_TARGET_DIR)/debug/cruncher" demo $(ARGS)

test: chromium $(ENVIRONMENT) $(S3S_FS) dashboard command-line ## Run every test
	$(CARGO) test --workspace
	CRUNCHER_CHROMIUM="$$(tools/chromium)" $(PYTHON) -m pytest

check: check-texts check-python check-rust check-windows check-supply ## Check format, lints, documentation, dependencies, spelling and types

bench: chromium $(ENVIRONMENT) dashboard command-line ## Measure what has a budget: a table, and target/bench.json
	$(CARGO) build --release -p cruncher-cli
	@CRUNCHER_CHROMIUM="$$(tools/chromium)" $(PYTHON) -m bench

chaos: chromium $(ENVIRONMENT) dashboard command-line ## Kill workers and senders, and disturb the rest: is anything lost? (ARGS="...": see chaos/)
	$(CARGO) build --release -p cruncher-cli
	@CRUNCHER_CHROMIUM="$$(tools/chromium)" CRUNCHER_BINARY=target/release/cruncher $(PYTHON) -m chaos $(ARGS)

pictures: chromium $(ENVIRONMENT) dashboard command-line ## Make the pictures of README and docs anew
	CRUNCHER_CHROMIUM="$$(tools/chromium)" $(PYTHON) -m pytest tools/pictures -n 0 -o python_files='*.py' -o python_functions='pictures_*'

# Panics name the line that they come from: without the folders of whoever built the page, which are nobody's business.
dashboard: export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS = \
	--remap-path-prefix=$(shell $(CARGO_BIN)/rustc --print sysroot)/lib/rustlib/src=std \
	--remap-path-prefix=$(abspath $(CARGO_BIN)/../registry/src)=crates
# Trunk builds one program after the other, and the last step of each takes one processor: so they are built before, side by side.
dashboard: $(TRUNK) $(WASM_BINDGEN) $(ENVIRONMENT) cargo-lock ## Build the page into dist/
	$(CARGO) build $(WASM) --profile wasm -p cruncher-designer -p cruncher-explorer -p cruncher-dashboard -p cruncher-fleet -p cruncher-dialogs -p cruncher-sign-in
	.tools/bin/trunk build

requirements: $(ENVIRONMENT) ## Make requirements.txt anew, of requirements.in: newer versions of what isn't named there
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
		--custom-compile-command "make requirements" --output-file requirements.txt requirements.in

setup: chromium $(ENVIRONMENT) $(RUST) $(TRUNK) $(WASM_BINDGEN) $(CARGO_DENY) $(CARGO_MACHETE) $(S3S_FS) ## Install everything that the other targets need
	@echo "set up"

clean: ## Remove what was built here; what was installed (.venv, .tools) stays
	rm -rf target dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# ---- Its parts ----

command-line: $(RUST)
	$(CARGO) build -p cruncher-cli

check-texts: $(ENVIRONMENT)
	.venv/bin/typos
	.venv/bin/cfn-lint stack/study.yaml stack/fleet.yaml

check-python: $(ENVIRONMENT)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/vermin --quiet --no-tips --violations --target=3.6- worker/attach.py worker/boot.py

check-rust: $(RUST)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy $(WASM_PACKAGES) $(WASM) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

# The command line as a program of Windows, where its C compiler and Rust's target are there: tools/other-systems installs both.
check-windows: $(RUST)
	@if command -v x86_64-w64-mingw32-gcc >/dev/null && rustup target list --installed | grep -qx $(WINDOWS); then \
		echo "$(CARGO) clippy -p cruncher-cli --target $(WINDOWS) -- -D warnings"; \
		$(CARGO) clippy -p cruncher-cli --target $(WINDOWS) -- -D warnings; \
	else \
		echo "not checked for Windows: x86_64-w64-mingw32-gcc or Rust's target $(WINDOWS) is missing (tools/other-systems)"; \
	fi

# Its last lines say what no advisory names, and what wasn't checked, and why.
check-supply: $(RUST) $(CARGO_DENY) $(CARGO_MACHETE) $(ENVIRONMENT)
	.tools/bin/cargo-machete
	.tools/bin/cargo-deny --workspace check bans licenses sources
	@$(PYTHON) tools/advisories.py

# ---- Set-up ----

$(PREREQUISITES): tools/prerequisites tools/find-python
	@tools/prerequisites
	@mkdir -p $(@D) && touch $@

# Missing, too, when it is a link to a Python that was upgraded away: then the environment is made again.
.venv/bin/python: | $(PREREQUISITES)
	@:

$(ENVIRONMENT): requirements.txt tools/python-environment .venv/bin/python | $(PREREQUISITES)
	@tools/python-environment
	@touch $@

$(RUST): rust-toolchain.toml tools/rust-toolchain | $(PREREQUISITES)
	@tools/rust-toolchain
	@touch $@

# Its features are downloads over TLS, which Trunk.toml forbids, and a look for newer versions.
$(TRUNK): | $(RUST)
	@tools/cargo-tool trunk $(TRUNK_VERSION) trunk --no-default-features
	@touch $@

$(WASM_BINDGEN): | $(RUST) cargo-lock
	@tools/cargo-tool wasm-bindgen-cli $(WASM_BINDGEN_VERSION) wasm-bindgen --bin wasm-bindgen
	@touch $@

$(CARGO_DENY): | $(RUST)
	@tools/cargo-tool cargo-deny $(CARGO_DENY_VERSION) cargo-deny
	@touch $@

$(CARGO_MACHETE): | $(RUST)
	@tools/cargo-tool cargo-machete $(CARGO_MACHETE_VERSION) cargo-machete
	@touch $@

# A second opinion on S3, for tests/test_conformance.py.
$(S3S_FS): | $(RUST)
	@tools/cargo-tool s3s-fs $(S3S_FS_VERSION) s3s-fs --features binary
	@touch $@

cargo-lock:
	@test -n "$(WASM_BINDGEN_VERSION)" || { echo "Cargo.lock names no wasm-bindgen: run cargo metadata once" >&2; exit 1; }

# Asked each time: it takes a moment, and a browser may have been removed since.
chromium: | $(PREREQUISITES)
	@tools/chromium >/dev/null
