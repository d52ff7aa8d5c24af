# Off-site copies, there and back, on real servers on the loopback: an S3 server, OpenSSH's SFTP. Included by the Makefile.
#
#   make test-offsite                   everything; a quarter of an hour on two cores
#   make test-offsite PARTS="S3 crypt"  some of it; tests/Offsite/offsite.py --list names the parts
#   make test-offsite MOMENTS=100       pushes killed at so many moments, on each server

MOMENTS ?= 12
# What 'make check' has time for, with few moments: every kind of trouble, but not on every server.
OFFSITE_CHECKED := S3-kills SFTP-kills S3-damage S3 crypt S3-guards SFTP-retention S3-full
OFFSITE_COUNTS := artifacts/test-results/offsite.counts

NEED_test-offsite := python3 python3-swift openssh-server openssh-client rclone

.PHONY: test-offsite
test-offsite: need-test-offsite build
	@mkdir -p $(dir $(OFFSITE_COUNTS))
	@tests/Offsite/offsite.py --binary $(BINARY) --work $${TMPDIR:-/var/tmp} --counts $(OFFSITE_COUNTS) --moments $(MOMENTS) $(PARTS:%=--part %)
