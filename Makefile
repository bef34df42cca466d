# make demo   one migration in a simulated cluster, shown as it happens
# make test   everything that CI runs
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS   += --no-print-directory

GO       ?= go
PROGRAMS := powerha_lpm_exporter powerha_lpm_actor lpmctl powerha_sim
TARGETS  := aix/ppc64 linux/ppc64le linux/ppc64 linux/amd64
NESTED   := internal/tools internal/demo
BUILD    := $(CURDIR)/.build
TOOLS    := $(CURDIR)/.tools/bin
ARGS     ?=
BUNDLE   ?=
BENCHTIME ?= 1s
# How long make fuzz runs each target, and where it keeps what it found interesting.
FUZZTIME ?= 10s
FUZZ_CORPUS ?= $(CURDIR)/.fuzz
# Only those whose folder and target match; all when empty.
ONLY ?=
# Options of bench-fleet other than the ordinary ones.
FLEET    ?=
# The seeds of make simulate: how many, and the first.
SEEDS    ?= 3000
START    ?= 1
# How long bench-freeze keeps the machine busy.
LOAD     ?= 10m
# Formats and journals that must not depend on the byte order of the machine.
BIG_ENDIAN := ./internal/powerha/... ./internal/journal/... ./internal/episode/... ./internal/report/... ./internal/logfile/... ./internal/sigreconfig/...

export CGO_ENABLED ?= 0
# The race detector alone needs cgo.
RACE := CGO_ENABLED=1 $(GO) test -race

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
VERSION_PACKAGE := github.com/prometheus/common/version
LDFLAGS  := -X $(VERSION_PACKAGE).Version=$(VERSION) -X $(VERSION_PACKAGE).Revision=$(REVISION)

comma := ,
define step
printf '\n== %s\n' "$(1)"
endef

.PHONY: help build demo test bench bench-fleet bench-freeze bench-guests fuzz generate clean tools simulate mutants golden \
	check-format check-vet check-lint cross check-unit check-nested check-big-endian check-rendered check-rules check-sudo check-demo check-paging check-drmgr check-witnesses

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

build: ## build the four programs for this machine into .build/
	@mkdir -p $(BUILD)
	@for program in $(PROGRAMS); do \
		$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BUILD)/$$program ./cmd/$$program; \
	done

demo: ## run the demo; make demo ARGS=abort for another scenario, ARGS=--help for all
	@$(CURDIR)/internal/demo/run $(ARGS)

test: ## everything that CI runs; installs what it needs into .tools/
	@$(MAKE) tools
	@$(MAKE) check-rendered
	@$(MAKE) check-format
	@$(MAKE) check-vet
	@$(MAKE) check-unit
	@$(MAKE) check-nested
	@$(MAKE) check-lint
	@$(MAKE) cross
	@$(MAKE) check-big-endian
	@$(MAKE) check-rules
	@$(MAKE) check-sudo
	@$(MAKE) check-demo
	@$(MAKE) check-drmgr
	@printf '\nall checks passed\n'

tools:
	@$(call step,development tools in .tools/)
	@internal/tools/install $(TOOLS_ARGS)

check-rendered:
	@$(call step,rendered rules and dashboards are those of the mixin and the reference is that of the code)
	@$(GO) run -C internal/tools ./mixin -mixin $(CURDIR)/mixin -alerts $(CURDIR)/alerts -dashboards $(CURDIR)/dashboards -check
	@$(GO) run ./cmd/lpmctl docs metrics | diff docs/metrics.md - || { echo 'docs/metrics.md is stale: make generate'; exit 1; }

check-format:
	@$(call step,gofumpt)
	@if [[ -x $(TOOLS)/gofumpt ]]; then \
		unformatted=$$($(TOOLS)/gofumpt -l $$(git ls-files --cached --others --exclude-standard -- '*.go')); \
		if [[ -n $$unformatted ]]; then printf 'run %s -w on:\n%s\n' .tools/bin/gofumpt "$$unformatted"; exit 1; fi; \
	else echo 'SKIPPED: no gofumpt'; fi

check-vet:
	@$(call step,go vet for this machine and for AIX)
	@$(GO) vet ./...
	@GOOS=aix GOARCH=ppc64 $(GO) vet ./...

check-unit:
	@$(call step,tests with the race detector)
	@if command -v "$${CC:-gcc}" >/dev/null; then $(RACE) -timeout 20m ./...; \
	else echo 'SKIPPED: the race detector (no C compiler); tests without it'; $(GO) test -timeout 20m ./...; fi

check-nested:
	@for module in $(NESTED); do \
		$(call step,module $$module); \
		(cd $$module && $(GO) vet ./... && $(GO) test -timeout 20m ./...); \
	done

check-lint:
	@$(call step,golangci-lint)
	@if [[ -x $(TOOLS)/golangci-lint ]]; then \
		$(TOOLS)/golangci-lint run ./...; \
		for module in $(NESTED); do (cd $$module && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...); done; \
	else echo 'SKIPPED: no golangci-lint'; fi

cross: ## build the four programs for every target into .build/OS/ARCH/
	@$(call step,programs for $(TARGETS))
	@for target in $(TARGETS); do \
		for program in $(PROGRAMS); do \
			mkdir -p $(BUILD)/$$target; \
			CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} \
				$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BUILD)/$$target/$$program ./cmd/$$program; \
		done; \
		echo "   $$target"; \
	done

check-big-endian:
	@$(call step,parsers$(comma) logs$(comma) heartbeats and the time base on a big-endian machine)
	@if [[ -x $(TOOLS)/qemu-ppc64-static ]]; then \
		CGO_ENABLED=0 GOOS=linux GOARCH=ppc64 $(GO) test -short -timeout 20m -exec $(TOOLS)/qemu-ppc64-static $(BIG_ENDIAN); \
		CGO_ENABLED=0 GOOS=linux GOARCH=ppc64 $(GO) test -timeout 20m -exec $(TOOLS)/qemu-ppc64-static \
			-run 'TimeBase|Wire|Detector|Fuse|Tracker' ./internal/freeze ./internal/peer; \
	else echo 'SKIPPED: no qemu-ppc64-static'; fi

check-rules:
	@$(call step,promtool on the rules)
	@if [[ -x $(TOOLS)/promtool ]]; then \
		$(TOOLS)/promtool check rules alerts/*.yaml && $(TOOLS)/promtool test rules mixin/tests/*.yaml; \
	else echo 'SKIPPED: no promtool'; fi
	@$(call step,rules and dashboards against the metrics$(comma) the runbook and the tests)
	@$(GO) run -C internal/demo ./mixincheck -root $(CURDIR)

check-sudo: ## a real sudo with the printed rules and nothing else; needs root, installs sudo
	@$(call step,a user with the printed sudo rules and nothing else)
	@$(CURDIR)/internal/privilege/check-sudo

check-demo:
	@$(call step,all scenarios of the demo side by side)
	@$(CURDIR)/internal/demo/run --all --headless

check-paging: ## the real Prometheus and Alertmanager with the shipped rules: each failure leads to exactly the pages it should; ARGS=PLAY for one
	@$(call step,whom each failure wakes$(comma) and every query of the dashboards)
	@$(CURDIR)/internal/demo/run --check-paging $(ARGS)

fuzz: ## every fuzz target of every package, one after another; make fuzz FUZZTIME=60s, ONLY=powerha
	@$(call step,fuzz targets$(comma) $(FUZZTIME) each; the corpus is kept in $(FUZZ_CORPUS:$(CURDIR)/%=%))
	@GO=$(GO) internal/tools/fuzz $(FUZZTIME) '$(FUZZ_CORPUS)' '$(ONLY)'

check-drmgr: ## the hook of Linux on Power under IBM's own drmgr; needs root and Debian's packages, says so where it cannot have them
	@$(call step,the hook under IBM's own drmgr)
	@$(GO) test -count=1 -v -timeout 20m ./internal/realdrmgr -drmgr $(CURDIR)/.tools/drmgr

check-witnesses: ## the demo's migration with each witness off in turn and each pair in the other order: recorded once and rightly
	@$(call step,one migration$(comma) told by whichever witnesses there are)
	@$(CURDIR)/internal/demo/run --check-witnesses --headless

bench: ## benchmarks in benchstat's form
	@$(MAKE) tools TOOLS_ARGS=bench
	@mkdir -p $(BUILD)
	@$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -count 6 ./... | tee $(BUILD)/bench.txt
	@if [[ -x $(TOOLS)/benchstat ]]; then $(TOOLS)/benchstat $(BUILD)/bench.txt; fi
	@$(MAKE) bench-freeze

bench-freeze: ## how right the freeze estimators are, as a table; make bench-freeze LOAD=1m for a short one
	@$(call step,accuracy of the freeze estimators: $(LOAD) of load and five minutes)
	@mkdir -p $(BUILD)
	@$(GO) run ./internal/freeze/accuracy/measure -load $(LOAD) | tee $(BUILD)/freeze-accuracy.txt

bench-fleet: ## what the rules cost for 10,000 nodes, as the tables of docs/scale.md; make bench-fleet FLEET='-nodes 100,1000' for a short one
	@$(call step,rules over synthetic fleets$(comma) each part alone on two cores)
	@$(GO) run -C internal/demo ./fleet/measure -alerts $(CURDIR)/alerts $(or $(FLEET),-update $(CURDIR)/docs/scale.md)

bench-guests: ## the exporter in virtual machines that are stopped and live-migrated; needs root, installs qemu
	@$(call step,guests whose only process is the exporter)
	@$(CURDIR)/internal/guests/run $(ARGS)

simulate: ## whole actors in virtual time, held against the safety rules; make simulate SEEDS=100000 START=1
	@$(call step,$(SEEDS) seeds from $(START))
	@$(GO) test ./internal/sim -run 'TestSimulation$$' -count=1 -v -timeout 24h -sim.seeds=$(SEEDS) -sim.start=$(START)

mutants: ## deliberate defects of the product that the simulation has to find, with the seeds that it took
	@$(call step,each mutant is built and hunted)
	@$(GO) test ./internal/sim -run 'TestMutants$$' -count=1 -v -timeout 6h -sim.mutants -sim.seeds=4000 | grep -v '^=== '

golden: ## make test data of a support bundle: make golden BUNDLE=FILE
	@[[ -n '$(BUNDLE)' ]] || { echo 'make golden BUNDLE=FILE: which support bundle?'; exit 2; }
	@$(GO) run ./cmd/lpmctl replay --goldens=internal/powerha/testdata '$(BUNDLE)'
	@$(GO) test ./internal/powerha -run 'TestGolden' -update >/dev/null
	@echo 'look at what was understood (git diff), then: go test ./internal/powerha'

generate: ## render mixin/ to alerts/ and dashboards/, and the reference of metrics to docs/
	@$(GO) run -C internal/tools ./mixin -mixin $(CURDIR)/mixin -alerts $(CURDIR)/alerts -dashboards $(CURDIR)/dashboards
	@$(GO) run ./cmd/lpmctl docs metrics > docs/metrics.md

clean: ## remove what was built, and the installed tools
	@rm -rf $(BUILD) $(CURDIR)/.tools
