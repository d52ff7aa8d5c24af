# The package in a really booted systemd. Included by the Makefile after packaging/package.mk.
#
#   make test-system                    Debian 12 and 13, side by side
#   make test-system SUITES=bookworm    one of them

SUITES ?= bookworm trixie

.PHONY: test-system

test-system: deb
	tests/System/run.sh $(SUITES)
