# Every file system that this machine can mount, in every role. Included by the Makefile.
#
#   make test-places                   all of them; three minutes on two cores
#   make test-places PLACES=sshfs      one of them; tests/Places/places.sh has the names
#
# Kernel NFS, CIFS, FAT and exFAT are not among them; what they say is given by the injected errors of tests/Faults.

# What 'make check' has time for: a pool, a share, and sticks with and without links.
PLACES_CHECKED := mergerfs sshfs exfat ntfs

NEED_test-places := python3 sqlite3 mount e2fsprogs xfsprogs btrfs-progs exfatprogs exfat-fuse ntfs-3g fuse3 bindfs sshfs openssh-sftp-server mergerfs unionfs-fuse gocryptfs fuse2fs

.PHONY: test-places
test-places: need-test-places build
	tests/Places/places.sh $(abspath $(BINARY)) $(PLACES)
