# The package in a really booted systemd. Included by the Makefile after packaging/package.mk.

SUITES ?= bookworm trixie
NEED_SYSTEM := systemd-nspawn=systemd-container mmdebstrap=mmdebstrap pgrep=procps

##@ test-system  the package's whole life in a booted Debian 12 and 13; SUITES=bookworm for one of them
.PHONY: test-system
test-system: deb
	@$(NEED) $(NEED_APT_REPO) $(NEED_SYSTEM)
	@tests/System/run.sh $(SUITES)
