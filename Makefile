# `make help` lists what there is to do.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Python keeps the bytecode of what is tested, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3.11
ENVIRONMENT ?= dev
# make ignores a variable that nothing reads: a misspelt one would deploy dev.
MISSPELT := $(filter-out ENVIRONMENT=% ENVIRONMENT:=%,$(filter ENV% Env% env% STAGE=% stage=%,$(MAKEOVERRIDES)))
$(if $(MISSPELT),$(error $(MISSPELT): nothing reads it; write ENVIRONMENT=NAME))
BASE ?= main
# Node 24 and the CDK CLI from package-lock.json come before what is installed.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
GO_FLOOR := 85

NODE := node_modules/.package-lock.json
TOOLS := build/tools/.installed
SERVICE := docker/.venv/.installed
SERVERS := build/servers/.installed
LIBRARIES := build/libraries/.installed
PEER := build/review-peer/.installed
SCANNER := build/scanner/.installed
AWSCLI := build/awscli/.installed

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Each part's output is whole. The parts run side by side; measured, they run one after
# the other, for some tests look at times.
SIDE_BY_SIDE := $(MAKE) --jobs=$(if $(COVERAGE),1,2) --output-sync=target

.PHONY: check
check: installed ## Lint and run the fast tests, in less than a minute
	@$(SIDE_BY_SIDE) check-service check-go lint-go lint-service lint-workflows

.PHONY: test
test: installed ## Run every test and check that needs no container engine
	@$(SIDE_BY_SIDE) lint test-service test-go

# What is missing is installed before the parts run, which would do it twice.
.PHONY: installed
installed: $(NODE) $(TOOLS) $(SERVICE)

.PHONY: fuzz
fuzz: $(SERVICE) ## Try the web service with 200,000 odd inputs (FUZZ_EXAMPLES=, FUZZ_SEED=)
	$(MAKE) -C docker fuzz

.PHONY: rehearse
rehearse: $(NODE) $(TOOLS) $(SERVICE) ## Deploy to a local AWS, run the task as Fargate would, and check it
	$(call covered,rehearse)

.PHONY: rehearse-drills
rehearse-drills: $(NODE) $(TOOLS) $(SERVICE) $(AWSCLI) ## Mend ten faults of the local stack by the runbook's commands alone (DRILLS='drill rollback,drill destroy')
	@PARTS='$(or $(DRILLS),drills)' $(MAKE) rehearse

.PHONY: rehearse-mutants
rehearse-mutants: $(NODE) $(TOOLS) $(SERVICE) ## Put faults into template and service, one at a time, and see the rehearsal find each (MUTANTS=)
	@go build -o build/bin/rehearse ./cmd/rehearse
	@build/bin/rehearse mutants

.PHONY: gates
gates: $(SERVICE) ## Measure every quality gate of the image; build/gates.json
	$(call covered,gates)

# One after the other, and all of them, whatever one of them misses.
.PHONY: bench
bench: ## Run the benchmarks of image, synthesis, service and worker, and write all their pages (SCALE=, the worker's)
	@$(MAKE) --jobs=1 --keep-going bench-image bench-synth bench-service bench-worker

.PHONY: bench-image
bench-image: $(SERVICE) ## Measure the gates and write docs/benchmarks.md
	$(call covered,gates,-bench)

.PHONY: rehearse-down
rehearse-down: ## Remove everything that `make rehearse` and `make gates` made
	@go run ./cmd/rehearse down

.PHONY: synth
synth: $(NODE) ## Synthesize the template of ENVIRONMENT (default dev) into cdk.out
	cdk synth --quiet -c environment=$(ENVIRONMENT)

.PHONY: diff
diff: $(NODE) ## Show what a deployment of ENVIRONMENT would change, without CloudFormation's validation, which synth and deploy have
	CDK_VALIDATION=false cdk diff -c environment=$(ENVIRONMENT)

.PHONY: setup
setup: webhook ## Write ENVIRONMENT into cdk.json: what is found of Quilt, and your answers (SET='NAME=VALUE …', QUILT_STACK=, YES=1, DRY_RUN=1, JSON=1)
	@build/bin/webhook setup $(if $(QUILT_STACK),--quilt-stack '$(QUILT_STACK)') $(foreach one,$(SET),--set '$(one)') $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run) $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: doctor
doctor: $(NODE) webhook ## Check everything that a deployment of ENVIRONMENT needs, and change nothing (JSON=1)
	@build/bin/webhook doctor $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: preflight
preflight: webhook ## Check what a deployment of ENVIRONMENT needs of your AWS account; CREATE_ROLES=1 makes its service-linked roles (JSON=1)
	@build/bin/webhook preflight $(if $(CREATE_ROLES),--create-roles) $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: deploy
deploy: $(NODE) webhook ## Check, then deploy ENVIRONMENT to the AWS account of your credentials (CREATE_ROLES=1, CDK_ARGS=)
	@build/bin/webhook deploy $(if $(CREATE_ROLES),--create-roles) $(ENVIRONMENT) $(CDK_ARGS)

.PHONY: review
review: $(NODE) $(TOOLS) ## Tell what changes since the revision BASE (default main) do to production, or DEPLOYED=ENVIRONMENT; fail on danger
	@go build -o build/bin/review ./cmd/review
	@build/bin/review $(if $(DEPLOYED),-deployed '$(DEPLOYED)',-base '$(BASE)') || [ $$? -eq 1 ]

.PHONY: compare-review
compare-review: $(NODE) $(TOOLS) $(PEER) ## Compare the review with the library below `cdk diff` on many changes (CASES=FILE)
	@go build -o build/bin/review ./cmd/review
	@build/tools/bin/python tools/review-peer/compare.py build/bin/review build/review-peer/node_modules $(CASES)

$(PEER): tools/review-peer/package-lock.json $(NODE)
	@echo "Installing the review's peer into build/review-peer"
	@mkdir -p build/review-peer
	cp tools/review-peer/package.json tools/review-peer/package-lock.json build/review-peer
	cd build/review-peer && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: scan
scan: $(SCANNER) ## Have checkov look at every golden template; fail on what nobody acknowledged
	@go run ./cmd/scan build/scanner/bin/checkov

$(SCANNER): tools/scanner/requirements.txt
	@echo "Installing checkov into build/scanner (300 MB)"
	$(PYTHON) -m venv build/scanner
	build/scanner/bin/pip install --quiet --require-hashes -r tools/scanner/requirements.txt
	@touch $@

$(AWSCLI): internal/rehearsal/awscli/requirements.txt
	@echo "Installing the AWS CLI into build/awscli"
	$(PYTHON) -m venv build/awscli
	build/awscli/bin/pip install --quiet --require-hashes -r internal/rehearsal/awscli/requirements.txt
	@touch $@

.PHONY: manifest
manifest: webhook ## Write the manifest of ENVIRONMENT's app for Benchling's developer console (JSON=1)
	@build/bin/webhook manifest $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: connect
connect: webhook ## Try and store the credentials of ENVIRONMENT's app (FILE=, FILE=- for standard input, YES=1, DRY_RUN=1, JSON=1)
	@build/bin/webhook connect $(if $(FILE),--file '$(FILE)') $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run) $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: logs
logs: webhook ## Print the log lines of ENVIRONMENT's services by time; ENTRY=ID or WEBHOOK=ID follows one (SINCE=1h, JSON=1)
	@build/bin/webhook logs $(if $(ENTRY),--entry '$(ENTRY)') $(if $(WEBHOOK),--webhook '$(WEBHOOK)') $(if $(SINCE),--since '$(SINCE)') $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: redrive
redrive: webhook ## List the dead letters of ENVIRONMENT; SEND=ID,ID or SEND=all sends them again (JSON=1)
	@build/bin/webhook redrive $(if $(JSON),--json) $(ENVIRONMENT) '$(SEND)'

.PHONY: verify
verify: webhook ## Send ENTRY through ENVIRONMENT and report each station until Quilt's revision (TIMEOUT=10m, DRY_RUN=1, JSON=1)
	@build/bin/webhook verify $(if $(TIMEOUT),--timeout '$(TIMEOUT)') $(if $(DRY_RUN),--dry-run) $(if $(JSON),--json) $(ENVIRONMENT) '$(ENTRY)'

.PHONY: backfill
backfill: webhook ## Send existing entries through ENVIRONMENT: FILE=ids.txt, or PROJECT=, FOLDER=, SCHEMA=, SINCE=, UNTIL=, or ALL=1 (OUTSTANDING=, PER_MINUTE=, JOURNAL=, WAIT=1, DRY_RUN=1, JSON=1)
	@build/bin/webhook backfill $(if $(FILE),--file '$(FILE)') $(if $(PROJECT),--project '$(PROJECT)') $(if $(FOLDER),--folder '$(FOLDER)') $(if $(SCHEMA),--schema '$(SCHEMA)') \
		$(if $(SINCE),--since '$(SINCE)') $(if $(UNTIL),--until '$(UNTIL)') $(if $(ALL),--all) $(if $(OUTSTANDING),--outstanding '$(OUTSTANDING)') $(if $(PER_MINUTE),--per-minute '$(PER_MINUTE)') \
		$(if $(JOURNAL),--journal '$(JOURNAL)') $(if $(WAIT),--wait) $(if $(DRY_RUN),--dry-run) $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: migrate
migrate: webhook ## Say what a move of the predecessor's stack FROM to ENVIRONMENT is, and change nothing (CONFIG=FILE)
	@build/bin/webhook migrate --from '$(FROM)' $(if $(CONFIG),--config '$(CONFIG)') $(ENVIRONMENT)

.PHONY: status
status: webhook ## Say whether ENVIRONMENT is ready; CONFIG=1 prints its settings, secrets masked (JSON=1)
	@build/bin/webhook status $(if $(CONFIG),--config) $(if $(JSON),--json) $(ENVIRONMENT)

.PHONY: webhook
webhook:
	@go build -o build/bin/webhook ./cmd/webhook

.PHONY: golden
golden: $(NODE) $(TOOLS) $(SERVICE) ## Rewrite the golden files; read the diff
	go test ./internal/imagecontract ./internal/policy ./stacks -update
	go test ./internal/review -run TestCases -update
	go test ./internal/architecture ./internal/migrate ./internal/simulation ./internal/scale ./internal/benchworker ./cmd/bench-pages -update
	cd docker && UPDATE=1 .venv/bin/pytest -q tests/test_canvas_pictures.py -k pictured
	go test ./internal/canvaspicture -update

.PHONY: update-base
update-base: ## Raise the image's base to the registry's newest digest, or to DIGEST=sha256:… (RELEASE=)
	@go run ./cmd/update-base $(if $(DIGEST),'DIGEST=$(DIGEST)') $(if $(RELEASE),'RELEASE=$(RELEASE)')

.PHONY: scale
scale: ## Compute docs/scale.md, cost and limits, from the golden templates, the price list and the worker's benchmark
	@go run ./cmd/scale

# $(call measured,NAME,COMMAND) measures with a command, and writes docs/benchmarks/NAME.md
# even where a limit was missed.
define measured
@mkdir -p build && rm -f build/bench-$(1).json
@status=0; ($(2)) || status=$$?; [ ! -e build/bench-$(1).json ] || go run ./cmd/bench-pages $(1); exit $$status
endef

.PHONY: bench-synth
bench-synth: $(NODE) ## Time synth beside an empty CDK app; docs/benchmarks/synth.md
	$(call measured,synth,go run ./cmd/bench-synth)

.PHONY: bench-service
bench-service: $(SERVICE) $(TOOLS) ## Load the service beside a Flask development server; docs/benchmarks/service.md
	$(call measured,service,go run ./cmd/bench-service)

.PHONY: bench-worker
bench-worker: $(SERVICE) ## Measure the worker beside unzip, boto3's own transfer and curl (SCALE=, 1 for the whole sizes); docs/benchmarks/worker.md
	$(call measured,worker,cd docker && .venv/bin/python -m worker_bench $(or $(SCALE),1))
	@$(MAKE) scale

.PHONY: bench-servers
bench-servers: $(SERVICE) $(TOOLS) $(SERVERS) ## Compare the service's own HTTP server with others
	go run ./cmd/bench-service servers

$(SERVERS): internal/benchservice/servers/requirements.txt $(TOOLS)
	@echo "Installing the other servers into build/servers"
	$(PYTHON) -m venv build/servers
	build/servers/bin/pip install --quiet --require-hashes -r internal/benchservice/servers/requirements.txt
	@touch $@

.PHONY: bench-libraries
bench-libraries: $(SERVICE) $(LIBRARIES) ## Compare libraries with the project's own code (PAIRS=)
	docker/.venv/bin/python tools/libraries/bench.py $(PAIRS)

.PHONY: bench-rules
bench-rules: $(TOOLS) $(SCANNER) $(LIBRARIES) ## Compare engines of rules with the project's own policy on templates that evade rules
	build/tools/bin/python tools/libraries/engines.py

$(LIBRARIES): tools/libraries/requirements.txt tools/libraries/package-lock.json $(NODE)
	@echo "Installing the libraries to compare into build/libraries"
	$(PYTHON) -m venv build/libraries/venv
	build/libraries/venv/bin/pip install --quiet --require-hashes -r tools/libraries/requirements.txt
	@mkdir -p build/libraries/node
	cp tools/libraries/package.json tools/libraries/package-lock.json build/libraries/node
	cd build/libraries/node && npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund
	@touch $@

.PHONY: lock
lock: $(TOOLS) ## Resolve the Python requirements anew, with hashes
	cd tools && ../build/tools/bin/uv pip compile -q $(LOCK) -c ../internal/testbed/emulator/requirements.txt requirements.in -o requirements.txt
	cd internal/testbed/emulator && ../../../build/tools/bin/uv pip compile -q $(LOCK) requirements.in -o requirements.txt
	cd internal/rehearsal/awscli && ../../../build/tools/bin/uv pip compile -q $(LOCK) requirements.in -o requirements.txt
	cd internal/gates && ../../build/tools/bin/uv pip compile -q $(LOCK) requirements.in -o requirements.txt
	cd internal/benchservice/servers && ../../../build/tools/bin/uv pip compile -q $(LOCK) requirements.in -o requirements.txt
	cd tools/scanner && ../../build/tools/bin/uv pip compile -q $(LOCK) requirements.in -o requirements.txt
	cd tools/libraries && ../../build/tools/bin/uv pip compile -q $(LOCK) -c ../../docker/requirements.txt requirements.in -o requirements.txt
	$(MAKE) -C docker lock
LOCK := --generate-hashes --no-annotate --python-version 3.11 --universal --custom-compile-command "make lock"

# With COVERAGE=1, `make test` measures which statements ran, and fails below these
# floors; it takes half as long again. Of what needs a container engine, the rehearsal
# and the gates tell: they count where they ran on the same sources.
COVERED := build/coverage
COVER := -covermode=set -coverpkg=./...
SOURCES = $(shell git ls-files '*.go' ':!*_test.go' go.mod go.sum)
GOTESTSUM := go tool gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg --hide-summary=skipped --

.PHONY: test-go
test-go: $(NODE) $(TOOLS) $(SERVICE)
	@echo "Go tests (the first build of the CDK library takes about two minutes)"
	@mkdir -p $(COVERED)
	@$(GOTESTSUM) $(if $(COVERAGE),$(COVER) -coverprofile=$(COVERED)/tests.out) ./...
	@$(if $(COVERAGE),$(MAKE) coverage-go)

.PHONY: coverage-go
coverage-go:
	@cp $(COVERED)/tests.out $(COVERED)/all.out
	@for run in rehearse gates; do \
		if [ -e $(COVERED)/$$run.whole ] && [ -z "$$(find $(SOURCES) -newer $(COVERED)/$$run.whole)" ]; then \
			go tool covdata textfmt -i=$(COVERED)/$$run -o $(COVERED)/$$run.out; \
			tail -n +2 $(COVERED)/$$run.out >> $(COVERED)/all.out; \
		else \
			echo "Go coverage without \`make $$run\`: it hasn't run on these sources"; \
			grep -v '/internal/\(rehearsal\|gates\|testbed/testbed\)' $(COVERED)/all.out > $(COVERED)/rest.out; \
			mv $(COVERED)/rest.out $(COVERED)/all.out; \
		fi; \
	done
	@go tool cover -func=$(COVERED)/all.out | awk -v floor=$(GO_FLOOR) \
		'/^total:/ { printf "Go coverage %s (at least %d%%)\n", $$3, floor; if ($$3 + 0 < floor) exit 1 }'

# $(call covered,NAME,ARGUMENTS) builds and runs a command, and keeps what it covered.
define covered
@rm -rf $(COVERED)/$(1) $(COVERED)/$(1).whole && mkdir -p $(COVERED)/$(1)
@go build -cover $(COVER) -o build/bin/$(1) ./cmd/$(1)
@touch $(COVERED)/$(1).begun
@GOCOVERDIR=$(COVERED)/$(1) build/bin/$(1) $(2)
@mv $(COVERED)/$(1).begun $(COVERED)/$(1).whole
endef

.PHONY: check-go
check-go: $(NODE) $(TOOLS) $(SERVICE)
	@$(GOTESTSUM) -short ./...

.PHONY: check-service
check-service: $(SERVICE)
	@$(MAKE) -q $(SERVICE_TESTED) || $(MAKE) $(SERVICE_CHECKED)
	@echo "Python tests: passed"

# As Go does with its own, tests of the service that passed aren't run again while
# nothing that they read has changed. The name has the files' names, so that one that
# is gone counts, too.
READ_BY_TESTS = $(wildcard $(shell git ls-files --cached --others --exclude-standard \
	docker docs internal/operate/webhook_types.json internal/operate/claims.go internal/operate/testdata/events.json internal/testbed/quilt/schema internal/benchservice internal/gates tools/libraries))
NAMES_READ = $(shell echo $(READ_BY_TESTS) | sha256sum | cut -c1-12)
SERVICE_TESTED = build/.service-tested-$(NAMES_READ)
SERVICE_CHECKED = build/.service-checked-$(NAMES_READ)

.PHONY: test-service
test-service: $(SERVICE)
	@$(MAKE) $(if $(COVERAGE),test-service-now,$(SERVICE_TESTED))
	@echo "Python tests: passed"

.PHONY: test-service-now
test-service-now:
	@$(MAKE) -C docker test-unit

build/.service-checked-%: $(READ_BY_TESTS) $(SERVICE)
	@$(MAKE) -C docker test-fast
	@rm -f build/.service-checked-*
	@touch $@

build/.service-tested-%: $(READ_BY_TESTS) $(SERVICE)
	@$(MAKE) -C docker test-unit
	@rm -f build/.service-tested-*
	@touch $@

.PHONY: lint
lint: lint-go lint-service lint-template lint-workflows

.PHONY: lint-go
lint-go:
	@difference=$$(gofmt -d $$(git ls-files '*.go')); [ -z "$$difference" ] || { echo "$$difference"; exit 1; }
	@go vet ./...
	@go tool staticcheck ./...
	@echo "Go: gofmt, vet, staticcheck: clean"

.PHONY: lint-service
lint-service: $(SERVICE) $(TOOLS)
	@$(MAKE) -C docker lint
	@docker/.venv/bin/ruff check --quiet $(TOOLS_RUFF) --select A,B,C4,E,F,I,PIE,PTH,RET,RUF,SIM,UP,W $$(git ls-files '*.py' ':!docker')
	@docker/.venv/bin/ruff format --quiet --check $(TOOLS_RUFF) $$(git ls-files '*.py' ':!docker')
	@echo "Python and Dockerfile: ruff, mypy, hadolint: clean"
# What the tools have in Python: no service, so without its rules for a public API.
TOOLS_RUFF := --isolated --line-length 120

# W3010: the zones are what a person has set. The regions are one of each partition;
# of those, cfn-lint knows which types of resources each has. Templates that were found
# clean are looked at again when they, or cfn-lint, have changed.
CLEAN_TEMPLATES := build/.templates-clean
TEMPLATES := $(wildcard stacks/testdata/*.template.json)
.PHONY: lint-template
lint-template: $(CLEAN_TEMPLATES)
	@echo "Templates: cfn-lint: clean"

$(CLEAN_TEMPLATES): $(TEMPLATES) $(TOOLS) Makefile
	@build/tools/bin/cfn-lint --ignore-checks W3010 --regions us-east-1 cn-north-1 us-gov-west-1 eusc-de-east-1 -- $(TEMPLATES)
	@touch $@

# The checks of shell and Python within workflows need programs that a machine
# may or may not have: the verdict must not depend on that.
.PHONY: lint-workflows
lint-workflows:
	@go tool actionlint -shellcheck= -pyflakes=
	@echo "Workflows: actionlint: clean"

$(NODE): package-lock.json
	@echo "Installing Node 24 and the CDK CLI into node_modules"
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(TOOLS): tools/requirements.txt internal/testbed/emulator/requirements.txt
	@echo "Installing uv, hadolint, cfn-lint and the AWS emulator into build/tools"
	$(PYTHON) -m venv build/tools
	build/tools/bin/pip install --quiet --require-hashes -r tools/requirements.txt -r internal/testbed/emulator/requirements.txt
	@touch $@

$(SERVICE): docker/requirements.txt docker/requirements-dev.txt $(TOOLS)
	$(MAKE) -C docker .venv/.installed
