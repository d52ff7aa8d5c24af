#!/bin/bash
# bindfs 1.14.7 and SQLite 3.40.1 (Debian 12): reading a database below a bindfs view undoes the transaction of whoever writes to it in the
# view, and leaves a file that is neither the old content nor the new.
#
# bindfs keeps POSIX locks in the view: they are on its own inodes, and nobody below sees them. A transaction that has spilled out of the
# cache has a journal next to the file; to a reader below, that is a journal without a lock, so one that a crash left, and a plain SELECT
# rolls it back (SQLite's "File Locking And Concurrency", section 4.2, calls it hot) and ends with 0. The writer finds a "disk I/O error" at its COMMIT.
# The same holds for an overlay's upper directory and for whatever else shows a file by an inode of its own.
#
# Seen on 2026-11-30:
#   the reader below: 0, 5000 rows
#   the journal is gone
#   the writer's COMMIT: 1
#   afterwards: damaged
set -euo pipefail
work=$(mktemp -d)
trap 'exec 3>&- 2> /dev/null || true; umount "$work/view" 2> /dev/null; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq bindfs=1.14.7-1 sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 fuse3=3.14.0-4 libfuse3-3=3.14.0-4 2> /dev/null
for package in *.deb; do dpkg -x "$package" .; done
export PATH=$work/usr/bin:$work/bin:$PATH LD_LIBRARY_PATH=$work/lib/x86_64-linux-gnu:$work/usr/lib/x86_64-linux-gnu
mkdir real view
sqlite3 real/app.db "CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE INDEX i ON t(v);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, 'old' || hex(zeroblob(20)) || i FROM n"
bindfs real view

mkfifo say
sqlite3 -bail view/app.db < say > writer.out 2>&1 &
writer=$!
exec 3> say
echo "PRAGMA cache_size=10; PRAGMA cache_spill=5; BEGIN IMMEDIATE; UPDATE t SET v = 'new' || v; SELECT 'begun';" >&3
until grep -q begun writer.out; do sleep 0.05; done
test -s real/app.db-journal

code=0
rows=$(sqlite3 real/app.db 'SELECT count(*) FROM t') || code=$?
seen="the reader below: $code, $rows rows
the journal is $([ -e real/app.db-journal ] && echo there || echo gone)"
echo "COMMIT;" >&3
exec 3>&-
code=0
wait "$writer" || code=$?
seen="$seen
the writer's COMMIT: $code"
now=$(sqlite3 real/app.db "PRAGMA integrity_check(1); SELECT count(*), sum(v LIKE 'old%') FROM t" 2>&1 | tr '\n' ' ') || true
seen="$seen
afterwards: $([[ $now = 'ok '* ]] && echo "$now" || echo damaged)"
echo "$seen"
echo "(in full: $now; the writer: $(tail -1 writer.out))" >&2
[ "$seen" = "the reader below: 0, 5000 rows
the journal is gone
the writer's COMMIT: 1
afterwards: damaged" ] || { echo "this changed"; exit 1; }
