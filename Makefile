# octroi: what a stranger needs is `make demo` and `make test`; `make help` tells the rest.

SHELL := /bin/bash
BUILT := $(or $(CARGO_TARGET_DIR),target)
OCTROI := $(BUILT)/release/octroi
MANIFEST ?= ../shared/vectors/MANIFEST.tsv
OUT ?= var/vectors.tsv

.DEFAULT_GOAL := help
.PHONY: help demo demo-check test bench floor vectors interop fuzz load scale clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: ## a gateway with made-up portals and publishers; 1 000 accesses; stays up to be clicked through
	@tests/prerequisites.sh demo
	@cargo build --release --locked --quiet
	@$(OCTROI) demo

demo-check: ## the same, and ends with one line of figures
	@tests/prerequisites.sh demo
	@cargo build --release --locked --quiet
	@$(OCTROI) demo --check

test: ## formats, lints, unit, property, integration, vectors, fuzz corpora, interop; seconds per step
	@tests/all.sh

bench: ## criterion benchmarks, and instruction counts of everything but the cryptography
	@tests/prerequisites.sh bench
	cargo bench --locked --workspace --exclude octroi-oracle --exclude octroi-vectors --benches
	benches/instructions.sh

floor: ## the cost of an access beside the bare cryptography
	@tests/prerequisites.sh build
	@cargo bench --locked --quiet --bench floor

vectors: ## MANIFEST=… OUT=…: drive the product over test vectors and grade what it did
	@tests/prerequisites.sh build
	@mkdir -p $(dir $(OUT))
	@cargo build --release --locked --quiet --package octroi-vectors
	$(BUILT)/release/octroi-vectors run --manifest $(MANIFEST) --out $(OUT)
	$(BUILT)/release/octroi-vectors grade --manifest $(MANIFEST) --out $(OUT) --argued tests/vectors/argued.tsv

interop: ## real portals and publishers from Debian, PyPI and npm, and a real browser
	@tests/prerequisites.sh build
	@tests/interop/run.sh

fuzz: ## SECONDS_EACH=… : every fuzz target in turn
	@tests/prerequisites.sh fuzz
	@fuzz/run $(or $(SECONDS_EACH),60)

load: ## the first figure under load: see loadtest/README.md
	@tests/prerequisites.sh build
	@cargo build --release --locked --quiet --package octroi --package octroi-loadtest
	@loadtest/run.sh

scale: ## PEOPLE=15000000 SCALE_DIR=var/scale: a nation made, imported, built, served and measured (docs/scale.md)
	@tests/prerequisites.sh build
	@cargo build --release --locked --quiet --package octroi --package octroi-scale
	@PEOPLE=$(or $(PEOPLE),20000) SCALE_DIR=$(or $(SCALE_DIR),var/scale) loadtest/scale.sh $(PHASE)

clean: ## what was built and what the demo left
	cargo clean
	rm -rf var
