# The package in a really booted systemd. Included by the Makefile after packaging/package.mk.
#
#   make test-system                    Debian 12 and 13, side by side
#   make test-system SUITES=bookworm    one of them

SUITES ?= bookworm trixie

.PHONY: test-system

NEED_test-system = $(NEED_deb) systemd-container mmdebstrap apt-utils gnupg procps python3-swift openssh-client rclone e2fsprogs mount

test-system: need-test-system deb
	tests/System/run.sh $(SUITES)
