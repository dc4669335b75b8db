# calea-lab. `make help` lists the targets. `make demo` and `make test` set everything up by themselves.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN := .venv/bin
STAMPS := .stamps
KERNEL_SOURCES := $(wildcard */*.pxd */*/*.pxd)
KERNEL_SOURCES += $(wildcard $(KERNEL_SOURCES:.pxd=.py))
export CALEA_REQUIRE_COMPILED := 1
# Bytecode is kept: without it each worker compiles all of the tests, and each process all of the lab.
unexport PYTHONDONTWRITEBYTECODE

CYCLES ?= 20
MUTANTS ?= 1000000
SECONDS_EACH ?= 60

.PHONY: help setup demo test test-long check rules fmt lock bench bench-check screenshots oracles fuzz fuzz-guided crash conformance scenarios notice clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(STAMPS)/env: requirements.lock tools/setup.sh
	@mkdir -p $(STAMPS)
	@tools/setup.sh
	@touch $@

$(STAMPS)/kernels: $(STAMPS)/env setup.py $(KERNEL_SOURCES)
	@echo "setup: building the compiled kernels"
	@$(BIN)/python setup.py -q build_ext --inplace --parallel $$(nproc)
	@touch $@

$(STAMPS)/package: $(STAMPS)/kernels pyproject.toml
	@CALEA_KERNELS_BUILT=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q asn1 carrier_sim collector mediation lab
	@touch $@

setup: $(STAMPS)/package ## environment, compiled kernels, the calea-lab command

$(STAMPS)/browser: tools/browser.sh
	@mkdir -p $(STAMPS)
	@tools/browser.sh
	@touch $@

$(STAMPS)/programs: tools/programs.sh
	@mkdir -p $(STAMPS)
	@tools/programs.sh
	@touch $@

demo: setup ## intercept calls, messages and data end to end, then verify every record offline
	@$(BIN)/calea-lab demo

test: setup $(STAMPS)/browser $(STAMPS)/programs ## the tests, but for the long ones
	@$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist worksteal -m "not long"

test-long: setup $(STAMPS)/browser $(STAMPS)/programs ## whole days at the console, whole classes, the tutorials, each fault against conformance
	@$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist loadfile -m long

check: setup ## lint, format, types, import contracts, the pages made from the tree
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/rules.py --check
	@$(BIN)/python tools/standards.py --check
	@$(BIN)/python tools/performance.py --check
	@$(BIN)/python tools/reference.py --check

rules: setup ## write docs/{rules,standards,performance,reference}.md from the rulebook, the code, the tables, the tests, the results
	@$(BIN)/python tools/rules.py
	@$(BIN)/python tools/standards.py
	@$(BIN)/python tools/performance.py
	@$(BIN)/python tools/reference.py

fmt: setup ## format and sort
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

PIP_COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --strip-extras --allow-unsafe

lock: setup ## pin every dependency with hashes into requirements.lock and tools/guided.lock
	@$(PIP_COMPILE) --extra dev --output-file requirements.lock pyproject.toml
	@$(PIP_COMPILE) --output-file tools/guided.lock tools/guided.in

bench: setup ## measure everything of docs/performance.md; results with their environment card go to bench/results/
	@$(BIN)/python -m bench.all

bench-check: setup ## did a stage become slower? ratios within one run against bench/guard.json; exit code 5
	@$(BIN)/python -m bench.check

screenshots: setup $(STAMPS)/browser ## pictures of the consoles, of classes and of the tutorials, in docs/
	@$(BIN)/python -m tools.screenshots
	@$(BIN)/python -m tools.training_pictures
	@$(BIN)/python -m tools.tutorials

oracles: setup ## what other people's decoders say of our records: docs/fidelity.md, reports/oracles.json
	@tools/oracles/fetch.sh
	@$(BIN)/python -m tools.oracles $(if $(MODULES),--modules $(MODULES))

fuzz: setup ## MUTANTS mutants into every decoder, compiled against interpreted; report in reports/fuzz.json
	@$(BIN)/python -m tools.fuzz --mutants $(MUTANTS)

$(STAMPS)/guided: $(STAMPS)/env tools/guided.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tools/guided.lock
	@touch $@

fuzz-guided: setup $(STAMPS)/guided ## coverage-guided: SECONDS_EACH seconds an entry point, with atheris (x86-64)
	@$(BIN)/python -m tools.fuzz.guided --seconds $(SECONDS_EACH)

conformance: setup ## our own stack, each role and dialect, clause by clause, into reports/conformance
	@$(BIN)/calea-lab conformance run --role all --data reports/conformance

scenarios: setup ## play every scenario in its whole size; report in reports/scenarios.xml (JUnit)
	@mkdir -p reports
	@$(BIN)/calea-lab scenario run --all --data reports/scenarios --junit reports/scenarios.xml

crash: setup ## the store killed, cut off from power, failing, tampered with; then whole stacks; reports/crash*.json
	@$(BIN)/python -m lab.ordeal
	@$(BIN)/python -m lab.crash --cycles $(CYCLES) --report reports/crash-stack.json
	@$(BIN)/python -m lab.ordeal.shards --report reports/crash-shards.json

notice: setup ## write NOTICE from the installed dependencies' own metadata
	@$(BIN)/python tools/notice.py

clean: ## remove everything make made, and the runs under var/
	@rm -rf .venv $(STAMPS) build *.egg-info var reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find asn1 carrier_sim collector mediation -name '*.so' -delete -o -name '*.c' -delete
