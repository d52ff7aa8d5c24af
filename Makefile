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

NATIVE_ARCH := $(shell dpkg --print-architecture)
RID_amd64 := linux-x64
RID_arm64 := linux-arm64
BINARY := artifacts/bin/vertex-ar-backup

# Directories stand in the list for files that were removed or renamed. Not src itself: bin and obj come and go there.
SOURCES := global.json $(shell find src -mindepth 1 \( -name bin -o -name obj \) -prune -o -print)

TEST_PROJECTS := Unit EndToEnd
SYSTEM_COUNTS := artifacts/test-results/System.counts
TEST_SOURCES = $(shell find tests -mindepth 1 \( -name bin -o -name obj \) -prune -o -type f -print)

# Debian packages that a target needs.
NEED := packaging/require.sh
NEED_TEST := sqlite3 jq rclone strace perl-base util-linux bsdutils psmisc libfaketime tzdata python3 python3-croniter bzip2 xz-utils
NEED_DEMO := sqlite3 jq
NEED_BENCH := restic borgbackup pigz python3 sqlite3 time

##@ build        publish the program: artifacts/bin/vertex-ar-backup, one native file
.PHONY: build
build: $(BINARY)

# Everything beside the binary stays in the staging directory.
$(BINARY): $(SOURCES)
	packaging/publish.sh $(NATIVE_ARCH) $(RID_$(NATIVE_ARCH)) artifacts/publish/$(NATIVE_ARCH)
	mkdir -p $(@D)
	install -m 0755 artifacts/publish/$(NATIVE_ARCH)/vertex-ar-backup $@.new
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

##@ bench        side by side with restic, borg, tar and cp, as a table; SIZE= in MB, ROUNDS=
SIZE ?= 1000
ROUNDS ?= 5
.PHONY: bench
bench: build
	@$(NEED) $(NEED_BENCH)
	@tests/Bench/bench.py --binary $(BINARY) --work $${TMPDIR:-/var/tmp} --size $(SIZE) --rounds $(ROUNDS)

##@ bench-scale  a million files, large files, a busy database, a year of nights, a thousand snapshots; PARTS=
.PHONY: bench-scale
bench-scale: build
	@$(NEED) python3 time libfaketime
	@tests/Bench/scale.py --binary $(BINARY) --work $${TMPDIR:-/var/tmp} $(PARTS)

##@ check        what CI runs: format, lintian, everything that tests; ends with the totals
# A stage that is no test program leaves its counts where tests/run.sh sums them up.
.PHONY: check
check: format demo lint-deb test-reproducible
	@rm -f $(SYSTEM_COUNTS) $(OFFSITE_COUNTS)
	@$(MAKE) --no-print-directory test-system || test -s $(SYSTEM_COUNTS) || echo 0 1 0 >$(SYSTEM_COUNTS)
	@$(MAKE) --no-print-directory test-faults SCALE=100 || true
	@$(MAKE) --no-print-directory look-mutants || echo 0 1 0 >$(MUTANT_COUNTS)
	@$(MAKE) --no-print-directory test-offsite MOMENTS=4 PARTS="$(OFFSITE_CHECKED)" || test -s $(OFFSITE_COUNTS) || echo 0 1 0 >$(OFFSITE_COUNTS)
	@COUNTS="$(SYSTEM_COUNTS) $(MUTANT_COUNTS) $(OFFSITE_COUNTS) $$(echo artifacts/test-results/faults-*.counts)" $(MAKE) --no-print-directory test

.PHONY: format
format:
	dotnet format whitespace . --folder --verify-no-changes --include src/ tests/

##@ deb          the Debian package for this machine, or ARCH=arm64: artifacts/*.deb
##@ apt-repo     a signed repository of the packages, KEY=secret key: artifacts/apt
##@ test-system  the life of the package in a booted systemd, Debian 12 and 13; needs root
include packaging/package.mk tests/System/system.mk

##@ test-faults  kills, failing calls, power cuts, rot, hostile input; SCALE=10 for a tenth, PARTS=
##@ test-mutants plant bugs, and expect test-faults to catch each
include tests/Faults/faults.mk

##@ test-offsite pushes, kills, damage and restores on a real S3 server and a real SFTP server
include tests/Offsite/offsite.mk

##@ clean        remove everything that was built
.PHONY: clean
clean:
	rm -rf artifacts src/bin src/obj tests/*/bin tests/*/obj

##@ help         this list
.PHONY: help
help:
	@sed -n 's/^##@ /make /p' $(firstword $(MAKEFILE_LIST))
