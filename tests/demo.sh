#!/bin/bash
# demo.sh BINARY
# A small Vertex AR server in a temporary directory, with somebody writing to its database, is backed up, changed, backed up
# again, and brought back; then every byte is compared.
set -euo pipefail

binary=$(realpath "$1")
site=$(mktemp -d /tmp/vertex-ar-demo.XXXXXX)
storage=$site/opt/vertex-ar/storage
database=$site/opt/vertex-ar/app_data/app_data.db
trap 'stop_writer; rm -rf "$site"' EXIT

say() {
    printf '\n\033[1m# %s\033[0m\n' "$*"
}

# Shows a command as one would type it, and runs it.
run() {
    printf '$ %s\n' "$*"
    if [[ $1 == vertex-ar-backup ]]; then
        shift
        "$binary" --config "$site/config.json" "$@"
    else
        "$@"
    fi
}

make_site() {
    mkdir -p "$storage"/{portraits,videos,nft_markers,previews} "$(dirname "$database")" "$site/backups"
    local i
    for i in 1 2 3 4 5 6; do
        mkdir "$storage/portraits/$i"
        head -c 300000 /dev/urandom >"$storage/portraits/$i/portrait.jpg"
        seq "$i" 4000 >"$storage/nft_markers/$i.fset"
    done
    head -c 8000000 /dev/urandom >"$storage/videos/1.mp4"
    cp "$storage/videos/1.mp4" "$storage/videos/1-again.mp4"
    ln -s portraits/1/portrait.jpg "$storage/cover.jpg"
    ln "$storage/portraits/2/portrait.jpg" "$storage/previews/2.jpg"
    sqlite3 "$database" >/dev/null <<'SQL'
PRAGMA journal_mode=WAL;
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO account SELECT i, 100, hex(randomblob(40)) FROM n;
SQL
    cat >"$site/config.json" <<JSON
{
  "backup_dir": "$site/backups",
  "databases": [ { "name": "app_data", "path": "$database" } ],
  "storage": [ { "name": "storage", "path": "$storage", "exclude": ["*.tmp"] } ],
  "min_free_mb": 0,
}
JSON
}

# Moves money from account to account until told to stop; the sum never changes.
start_writer() {
    touch "$site/writing"
    while [[ -e $site/writing ]]; do
        sqlite3 -cmd '.timeout 10000' "$database" "BEGIN IMMEDIATE;
            UPDATE account SET balance = balance - 1 WHERE id = 1 + abs(random()) % 100;
            UPDATE account SET balance = balance + 1 WHERE id = 19901 + abs(random()) % 100;
            COMMIT;"
    done &
}

stop_writer() {
    rm -f "$site/writing"
    wait
}

check_sum() {
    local sum
    sum=$(sqlite3 "$1" 'SELECT sum(balance) FROM account')
    echo "the accounts hold $sum"
    [[ $sum == 2000000 ]]
}

say "A site: portraits, videos, markers, and a database that somebody writes to all the time"
make_site
start_writer
run du -sh "$site/opt/vertex-ar"

say "The first snapshot takes everything; the second only what changed"
run vertex-ar-backup create
printf 'a new portrait' >"$storage/portraits/6/portrait.jpg"
head -c 500000 /dev/urandom >"$storage/videos/2.mp4"
rm -r "$storage/portraits/3"
run vertex-ar-backup create

say "What there is"
run vertex-ar-backup list
run vertex-ar-backup show latest
run vertex-ar-backup stats
run vertex-ar-backup verify --deep

say "Back into a directory, while the application writes on"
first=$("$binary" --config "$site/config.json" list --json | jq -r .id | head -n 1)
run vertex-ar-backup restore latest --to "$site/restored"
run diff -r --no-dereference "$storage" "$site/restored/storage"
echo "the trees are the same"
check_sum "$site/restored/app_data/app_data.db"
run vertex-ar-backup restore "$first" --path 'portraits/3' --to "$site/found"
run ls -l "$site/found/storage/portraits/3"

say "Disaster: the application stops, its database and half of its files are lost"
stop_writer
run vertex-ar-backup create database
sqlite3 "$database" .dump >"$site/before.sql"
(cd "$storage" && find . -printf '%P %y %m %s %T@ %l\n' | sort) >"$site/before.tree"
rm -r "$storage/portraits" "$storage/videos"
sqlite3 "$database" 'DELETE FROM account'

say "Back in place; what was there is kept aside"
run vertex-ar-backup restore latest --type full --only storage --yes
run vertex-ar-backup restore latest --type database --yes
(cd "$storage" && find . -printf '%P %y %m %s %T@ %l\n' | sort) >"$site/after.tree"
sqlite3 "$database" .dump >"$site/after.sql"
run diff "$site/before.tree" "$site/after.tree"
run diff "$site/before.sql" "$site/after.sql"
check_sum "$database"

say "Only the newest stay"
run vertex-ar-backup rotate --max-backups 1
run vertex-ar-backup list
run vertex-ar-backup verify

printf '\n\033[1mThe demo succeeded: everything came back as it was.\033[0m\n'
