#!/bin/bash
# SQLite 3.40.1 (Debian 12): PRAGMA integrity_check on a read-only connection says "ok" of a database in which a row breaks a
# CHECK constraint; on a connection that may write it names the table.
#
# CHECK constraints are thrown away while the schema of a read-only database is parsed, since nothing can be inserted there,
# and the integrity check has none to try then. So the safest-looking way to check a backup, "open it read-only", checks less
# than the application's own connection would.
#
# Seen on 2026-11-29:
#   writable: CHECK constraint failed in account
#   read-only: ok
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 2> /dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
LD_LIBRARY_PATH=$(dirname "$(find . -name 'libsqlite3.so.0')")
export LD_LIBRARY_PATH
usr/bin/sqlite3 site.db "CREATE TABLE account(balance INTEGER CHECK (balance >= 0));
    PRAGMA ignore_check_constraints = on; INSERT INTO account VALUES (-1);"

seen="writable: $(usr/bin/sqlite3 site.db 'PRAGMA integrity_check')
read-only: $(usr/bin/sqlite3 -readonly site.db 'PRAGMA integrity_check')"
echo "$seen"
[ "$seen" = 'writable: CHECK constraint failed in account
read-only: ok' ] || { echo "this changed"; exit 1; }
