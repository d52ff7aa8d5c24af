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
export DOTNET_GENERATE_ASPNET_CERTIFICATE := false
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE := true
export MSBUILDDISABLENODEREUSE := 1
# Without libicu the SDK ends with a stack trace, unless it is told to do without. Nothing here sorts by a language's rules.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT := 1

NATIVE_ARCH := $(shell dpkg --print-architecture)
RID_amd64 := linux-x64
RID_arm64 := linux-arm64
BINARY := artifacts/bin/vertex-ar-backup

# Directories stand in the list for files that were removed or renamed. Not src itself: bin and obj come and go there.
SOURCES := global.json $(shell find src -mindepth 1 \( -name bin -o -name obj \) -prune -o -print)

TEST_PROJECTS := Unit EndToEnd
TEST_SOURCES = $(shell find tests -mindepth 1 \( -name bin -o -name obj \) -prune -o -type f -print)

# What a target needs beside what "build" needs: Debian packages, all of them installed before anything is built, or named in
# one line. The base system of neither Debian has mount, ps, acl or attr. npm, which fetches SQLite, often comes with another Node.js.
NEED_BUILD := sdk ca-certificates gcc libc6-dev openssl $(if $(shell command -v npm),,npm)
NEED_UNIT := jq python3 python3-croniter tzdata bzip2 xz-utils sqlite3 acl attr git
NEED_test := $(NEED_UNIT) rclone strace perl-base util-linux bsdutils psmisc procps mount libfaketime e2fsprogs fuse3 bindfs libcap2-bin sshfs openssh-sftp-server ntfs-3g exfat-fuse exfatprogs mergerfs fuse2fs
NEED_test-unit := $(NEED_UNIT)
NEED_demo := sqlite3 jq
NEED_bench := restic borgbackup pigz python3 sqlite3 time
NEED_bench-scale := python3 time libfaketime
NEED_check = $(NEED_test) $(NEED_demo) $(NEED_deb) $(NEED_lint-deb) $(NEED_test-system) $(NEED_test-faults) $(NEED_test-offsite) $(NEED_test-places)
NEEDY := build test test-unit demo bench bench-scale check deb lint-deb apt-repo test-system test-faults test-mutants test-offsite test-places
AT_WORK := packaging/at-work.sh

.PHONY: $(NEEDY:%=need-%)
$(NEEDY:%=need-%): need-%:
	@packaging/require.sh $(sort $(NEED_BUILD) $(NEED_$*))

##@ build        publish the program: artifacts/bin/vertex-ar-backup, one native file
.PHONY: build
build: need-build $(BINARY)

# Everything beside the binary stays in the staging directory.
$(BINARY): $(SOURCES)
	@packaging/publish.sh $(NATIVE_ARCH) $(RID_$(NATIVE_ARCH)) artifacts/publish/$(NATIVE_ARCH)
	@mkdir -p $(@D)
	@install -m 0755 artifacts/publish/$(NATIVE_ARCH)/vertex-ar-backup $@.new
	@mv $@.new $@

##@ demo         make a small site, back it up, change it, restore it, compare
.PHONY: demo
demo: need-demo build
	@tests/demo.sh $(BINARY)

##@ test         unit and end-to-end tests; ends with the totals
.PHONY: test
test: need-test build
	@$(MAKE) --no-print-directory $(TEST_PROJECTS:%=artifacts/%.built)
	@VERTEX_AR_BACKUP_BINARY=$(abspath $(BINARY)) tests/run.sh $(TEST_PROJECTS)

##@ test-unit    unit tests alone: no native binary, no root
.PHONY: test-unit
test-unit: need-test-unit artifacts/Unit.built
	@tests/run.sh Unit

artifacts/%.built: $(SOURCES) $(TEST_SOURCES)
	@$(AT_WORK) "building tests/$*" dotnet build tests/$* -v quiet
	@mkdir -p $(@D) && touch $@

##@ bench        side by side with restic, borg, tar and cp, as a table; SIZE= in MB, ROUNDS=
SIZE ?= 1000
ROUNDS ?= 5
.PHONY: bench
bench: need-bench build
	@tests/Bench/bench.py --binary $(BINARY) --work $${TMPDIR:-/var/tmp} --size $(SIZE) --rounds $(ROUNDS)

##@ bench-scale  a million files, large files, a busy database, a year of nights, a thousand snapshots, a rotation; PARTS=
.PHONY: bench-scale
bench-scale: need-bench-scale build
	@tests/Bench/scale.py --binary $(BINARY) --work $${TMPDIR:-/var/tmp} $(PARTS)

##@ check        what CI runs: format, lintian, everything that tests; ends with the totals
# A stage that is no test program leaves its counts where tests/run.sh sums them up. The name of a stage is how the names of its
# counts begin.
STAGE := tests/stage.sh
.PHONY: check
check: need-check format demo lint-deb test-reproducible
	@rm -f artifacts/test-results/{*.log,*.counts,stages.txt}
	@printf '%s\n' check-booted check-swept | xargs -P 2 -n 1 $(MAKE) --no-print-directory
	@COUNTS="$$(echo artifacts/test-results/*.counts)" $(MAKE) --no-print-directory test

# Two at a time, since each of these mostly waits, or keeps one processor busy. Not by the shell's "&", below which all ignores SIGINT.
.PHONY: check-booted check-swept
check-booted:
	@$(STAGE) System $(MAKE) --no-print-directory test-system
	@$(STAGE) offsite $(MAKE) --no-print-directory test-offsite MOMENTS=4 PARTS="$(OFFSITE_CHECKED)"
check-swept:
	@$(STAGE) faults $(MAKE) --no-print-directory test-faults SCALE=400
	@$(STAGE) mutants $(MAKE) --no-print-directory look-mutants
	@$(STAGE) Places $(MAKE) --no-print-directory test-places PLACES="$(PLACES_CHECKED)"

.PHONY: format
format:
	@$(AT_WORK) "checking the format" dotnet format whitespace . --folder --verify-no-changes --include src/ tests/

##@ deb          the Debian package for this machine, or ARCH=arm64: artifacts/*.deb
##@ apt-repo     a signed repository of the packages, KEY=secret key: artifacts/apt
##@ test-system  the life of the package in a booted systemd, Debian 12 and 13; needs root
include packaging/package.mk tests/System/system.mk

##@ test-faults  kills, failing calls, power cuts, rot, hostile input and neighbours; SCALE=10 for a tenth, PARTS=
##@ test-mutants plant bugs, and expect test-faults to catch each
include tests/Faults/faults.mk

##@ test-offsite pushes, kills, damage and restores on a real S3 server and a real SFTP server
include tests/Offsite/offsite.mk

##@ test-places  every role on every file system that can be mounted here: sticks, shares, pools; needs root, PLACES=
include tests/Places/places.mk

##@ clean        remove everything that was built
.PHONY: clean
clean:
	rm -rf artifacts src/bin src/obj tests/*/bin tests/*/obj

##@ help         this list
.PHONY: help
help:
	@sed -n 's/^##@ /make /p' $(firstword $(MAKEFILE_LIST))
