#!/bin/bash
# SQLite 3.40.1 (Debian 12): a connection that may only read removes the write-ahead log of a database whose file was emptied, and says nothing.
#
# A stray '>' or a crash of the file system leaves a file of no bytes, and beside it a log with committed rows, perhaps the only copy. The first
# look at it, 'sqlite3 -readonly app.db .tables', ends with 0 and the log is gone: a file without pages has no log, so what lies there is taken for
# left over (pagerOpenWalIfPresent in pager.c), whatever rights the connection was opened with. A rollback journal goes the same way
# (hasHotJournal). With 'immutable=1' in the name it stays.
#
# Seen on 2026-11-30:
#   the log: 12392 bytes
#   immutable=1: 0, the log is there
#   -readonly: 0, the log is gone
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 2> /dev/null
for package in *.deb; do dpkg -x "$package" .; done
export PATH=$work/usr/bin:$PATH LD_LIBRARY_PATH=$work/usr/lib/x86_64-linux-gnu

# Copied while the writer has it open: whoever closes a database last folds its log in.
sqlite3 -bail source.db "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES('the only copy');" ".system cp source.db-wal app.db-wal" > /dev/null
: > app.db

is_there() { [ -e app.db-wal ] && echo there || echo gone; }
seen="the log: $(stat -c %s app.db-wal) bytes"
code=0
sqlite3 'file:app.db?immutable=1' .tables || code=$?
seen="$seen
immutable=1: $code, the log is $(is_there)"
code=0
sqlite3 -readonly app.db .tables || code=$?
seen="$seen
-readonly: $code, the log is $(is_there)"
echo "$seen"
[ "$seen" = "the log: 12392 bytes
immutable=1: 0, the log is there
-readonly: 0, the log is gone" ] || { echo "this changed"; exit 1; }
