# What people who work on the program type; 'make help' lists it. Each target is the only command needed on a fresh
# machine with the .NET SDK: it installs what it lacks (as root, by apt), or says what to install.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export MSBUILDDISABLENODEREUSE := 1

MACHINE := $(shell uname -m)
RUNTIME := $(if $(filter aarch64,$(MACHINE)),linux-arm64,linux-x64)
BINARY := artifacts/bin/vertex-ar-backup

# Directories stand in the list for files that were removed or renamed. Not src itself: bin and obj come and go there.
SOURCES := global.json $(shell find src -mindepth 1 \( -name bin -o -name obj \) -prune -o -print)

TEST_PROJECTS := Unit EndToEnd
TEST_SOURCES = $(shell find tests -mindepth 1 \( -name bin -o -name obj \) -prune -o -type f -print)
PROJECTS := src/vertex-ar-backup.csproj $(TEST_PROJECTS:%=tests/%)

# What a target needs from outside, as COMMAND-OR-FILE=PACKAGE.
NEED := tests/need.sh
NEED_BUILD := gcc=gcc /usr/lib/$(MACHINE)-linux-gnu/libsqlite3.a=libsqlite3-dev
NEED_TEST := sqlite3=sqlite3 jq=jq strace=strace perl=perl-base setpriv=util-linux script=bsdutils fuser=psmisc
NEED_DEMO := sqlite3=sqlite3 jq=jq

##@ build        publish the program: artifacts/bin/vertex-ar-backup, one native file
.PHONY: build
build: $(BINARY)

# Everything beside the binary stays in the staging directory. Any warning fails, those of the trimmer and the linker too.
$(BINARY): $(SOURCES)
	@$(NEED) $(NEED_BUILD)
	rm -rf artifacts/publish
	dotnet publish src/vertex-ar-backup.csproj -c Release -r $(RUNTIME) -o artifacts/publish -warnaserror -v quiet
	mkdir -p $(@D)
	install -m 0755 artifacts/publish/vertex-ar-backup $@.new
	mv $@.new $@

##@ demo         make a small site, back it up, change it, restore it, compare
.PHONY: demo
demo: build
	@$(NEED) $(NEED_DEMO)
	@tests/demo.sh $(BINARY)

##@ test         unit and end-to-end tests; ends with the totals
.PHONY: test
test: build
	@$(NEED) $(NEED_TEST)
	@$(MAKE) --no-print-directory $(TEST_PROJECTS:%=artifacts/%.built)
	@VERTEX_AR_BACKUP_BINARY=$(abspath $(BINARY)) tests/run.sh $(TEST_PROJECTS)

artifacts/%.built: $(SOURCES) $(TEST_SOURCES)
	dotnet build tests/$* -v quiet
	@mkdir -p $(@D) && touch $@

##@ check        what CI runs: format, then everything that tests; ends with the totals
# A further stage goes before the last. One with tests of its own leaves its counts where tests/run.sh sums them up.
.PHONY: check
check: export COUNTS := $(CURDIR)/artifacts/test-results/system.counts
check: format lint-deb test-reproducible test-system test

.PHONY: format
format: build
	@for project in $(PROJECTS); do \
	  echo "dotnet format $$project"; dotnet format "$$project" --verify-no-changes; done

##@ clean        remove everything that was built
.PHONY: clean
clean:
	rm -rf artifacts src/bin src/obj tests/*/bin tests/*/obj

##@ help         this list
.PHONY: help
help:
	@sed -n 's/^##@ /make /p' $(MAKEFILE_LIST)

include packaging/package.mk tests/System/system.mk
