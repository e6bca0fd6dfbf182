# kmcr: two commands for a stranger, make run and make test; both install what is missing and say so.
SHELL := /bin/bash
ARGS ?=
export CGO_ENABLED = 0
export CI

.PHONY: run build test fuzz bench assets tools lint clean

build: bin/kmcr

run: bin/kmcr
	@exec ./bin/kmcr serve --demo $(ARGS)

# The browser's assets come from npm, pinned by package-lock.json, and are bundled into web/static/vendor.
assets: web/static/vendor/.done

web/static/vendor/.done: package.json package-lock.json $(wildcard web/assets/*) $(wildcard web/*.css web/style/*)
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later (Debian: apt-get install nodejs npm)"; exit 1; }
	@echo "kmcr: fetching the pages' styles (npm, pinned)…"
	@npm ci --no-audit --no-fund --loglevel=error
	@go run ./web/assets
	@touch $@

bin/kmcr: assets $(shell find . -name '*.go' -not -path './node_modules/*' 2>/dev/null) go.mod go.sum
	@echo "kmcr: building bin/kmcr (the first time fetches Go modules and takes a minute or two)…"
	@go build -trimpath -o bin/kmcr ./cmd/kmcr

# What the tests need besides Go and Node: PostgreSQL and Chromium.
tools:
	@./.ci/tools

test: tools assets lint
	@echo "kmcr: running every test (unit, both stores, end to end, browser)…"
	@go build -trimpath -o bin/kmcr ./cmd/kmcr
	@set -o pipefail; go test -v -count=1 -timeout 40m ./... 2>&1 | awk -f .ci/told
	@$(MAKE) --no-print-directory fuzz

# Every parser is fed what nobody would send, each FUZZ times; what was found once is kept in testdata/fuzz and run by every test.
FUZZ ?= 10000x
fuzz: assets
	@log=$$(mktemp); trap 'rm -f $$log' EXIT; set -o pipefail; go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}} {{.ImportPath}}{{end}}' ./... | while read -r dir room; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$dir/*_test.go); do \
			echo "kmcr: fuzzing $$room $$target ($(FUZZ))…"; \
			go test -run=NONE -fuzz="^$$target\$$" -fuzztime=$(FUZZ) -timeout 5m $$room </dev/null >$$log 2>&1 || { cat $$log; exit 1; }; \
		done; \
	done

lint:
	@echo "kmcr: gofmt, go vet, staticcheck…"
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "not gofmt-ed: $$out"; exit 1; }
	@go vet ./...
	@go tool staticcheck ./...

bench: tools assets
	@go build -trimpath -o bin/kmcr ./cmd/kmcr
	@go run ./bench $(ARGS)

clean:
	rm -rf bin var web/static/vendor node_modules
