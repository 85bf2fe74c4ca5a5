# SPDX-License-Identifier: MIT
# The front door. CMake does the work; see CMakePresets.json.
JOBS   ?= $(shell nproc)
SHARED ?= ../shared
TOOL    = build/release/cdpi
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install what is missing (Debian packages)
	@tools/setup.sh build

build: setup ## build/release/cdpi, the libraries and the modules
	@tools/build.sh release $(JOBS)

run: build ## classify a bundled capture
	$(TOOL) --flows $$(tools/demo-captures.sh)

test: build ## the whole suite, under ASan and UBSan
	@tools/build.sh asan $(JOBS)
	@tools/test.sh build/asan

test-release: build ## the suite without sanitizers, for speed
	@tools/test.sh build/release

tsan: setup ## engines in threads, under ThreadSanitizer
	@tools/build.sh tsan $(JOBS)
	@tools/test.sh build/tsan -R 'threads|modules'

matrix: build ## which validator says what to which case
	@build/release/tests/cases_test --matrix src/protocols

noise: build ## two million random payloads
	@build/release/tests/noise_test

corpus: build ## score against the labelled corpus in $(SHARED)
	@tools/corpus.sh $(SHARED) $(TOOL)

bench: build ## speed beside libndpi, on the workloads of $(SHARED)
	@bench/run.sh $(SHARED) build/release

costs: build ## instructions a call of each room's validator (docs/costs.tsv); the ten dearest
	@build/release/bench/validators src/protocols > docs/costs.tsv && sort -t"$$(printf '\t')" -k2 -rn docs/costs.tsv | head

fuzz: setup ## 60 s of each fuzzer
	@tools/fuzz.sh $(JOBS)

model: ## the learned model and docs/model.md, from our captures and cases
	@SHARED=$(SHARED) tools/train/train.sh $(FOLDERS)

new-protocol: ## NAME=x: a room, and the next number
	@tools/new-protocol.sh "$(NAME)"

docs: build ## the generated pages
	@python3 tools/docs.py $(TOOL)

format: ## lay out the code
	@git ls-files '*.c' '*.h' '*.cc' | xargs clang-format -i

install: build ## into PREFIX (default /usr/local)
	@cmake --install build/release $(if $(PREFIX),--prefix $(PREFIX))

clean: ## remove build/
	rm -rf build

-include tools/record/record.mk

.PHONY: costs help setup build run test test-release tsan matrix noise corpus bench fuzz model new-protocol docs format install clean
