# shellcheck shell=bash
# A small Vertex AR server in the container: an application that writes to its database all the time, and its storage, in
# which files belong to several users. Sourced by run.sh.

db=/opt/vertex-ar/app_data/app_data.db
storage=/opt/vertex-ar/storage

make_site() {
    inside_sh "
        set -e
        install -d -o vertex-ar -g vertex-ar /opt/vertex-ar /opt/vertex-ar/app_data $storage $storage/portraits $storage/videos $storage/cache
        cd $storage
        for i in 1 2 3 4 5 6 7 8; do head -c 300000 /dev/urandom > portraits/\$i.jpg; done
        head -c 3000000 /dev/urandom > 'videos/a long name, with Ünïcode.mp4'
        seq 200000 > markers.txt
        ln -s portraits/1.jpg newest
        ln portraits/2.jpg videos/poster.jpg
        echo thrown away > cache/x
        echo thrown away > upload.tmp
        chmod 640 portraits/3.jpg
        chown -R vertex-ar:vertex-ar .
        chown www-data:www-data portraits/4.jpg
        chown 4242:4243 portraits/5.jpg
        find . -exec touch -h -d '2026-01-02 03:04:05.678901234' {} +
    "
    cat > "$container/usr/local/bin/site" <<'END'
#!/bin/sh
# Each transaction writes to both tables: a consistent copy has as many rows in one as in the other.
{
    # First, since who asks whether the site is there may hold the database for a moment.
    echo '.timeout 10000'
    echo 'PRAGMA journal_mode=WAL;'
    echo 'CREATE TABLE IF NOT EXISTS portraits(id INTEGER PRIMARY KEY, data BLOB);'
    echo 'CREATE TABLE IF NOT EXISTS videos(id INTEGER PRIMARY KEY, data BLOB);'
    while :; do
        echo 'BEGIN; INSERT INTO portraits(data) VALUES(randomblob(2000)); INSERT INTO videos(data) VALUES(randomblob(2000)); COMMIT;'
        sleep 0.02
    done
} | sqlite3 /opt/vertex-ar/app_data/app_data.db
END
    chmod 755 "$container/usr/local/bin/site"
    cat > "$container/etc/systemd/system/vertex-ar.service" <<'END'
[Service]
ExecStart=/usr/local/bin/site
User=vertex-ar
END
    inside systemctl daemon-reload
    start_site
}

# Until it has written: its log, and rows that were not there before.
start_site() {
    inside systemctl start vertex-ar.service
    # Only what is there is asked, which makes no file.
    wait_a_minute_until has_log && wait_a_minute_until has_more_rows_than 0 && wait_a_minute_until has_more_rows_than $(($(count_rows) + 20))
}

count_rows() {
    inside sqlite3 -cmd '.timeout 10000' $db 'SELECT count(*) FROM videos'
}

has_more_rows_than() {
    [ "$(count_rows)" -gt "$1" ]
}

# The write-ahead log of the running application; where it is not, what is there instead, and what the application said first.
has_log() {
    inside_sh "test -s $db-wal || { ls -l ${db%/*}; journalctl -q -u vertex-ar.service -o cat | head -n 20; exit 1; }"
}

stop_site() {
    inside systemctl stop vertex-ar.service
    # The last connection that closes puts the log into the database and removes it.
    inside_sh "runuser -u vertex-ar -- sqlite3 $db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null"
}

# Keeps the database to itself, so that a run waits in its middle until let_go. The site must be stopped. The database is
# changed first: one that is as it was is not copied again, held or not.
hold_database() {
    inside systemd-run --quiet --collect --unit=holder --uid=vertex-ar sh -c "
        (echo 'PRAGMA busy_timeout=9000; PRAGMA locking_mode=EXCLUSIVE; CREATE TABLE held_$RANDOM(x); BEGIN EXCLUSIVE;'; sleep 600) | sqlite3 $db"
    wait_until inside_sh "! sqlite3 $db 'SELECT 1 FROM sqlite_schema'"
}

let_go() {
    inside systemctl stop holder.service
}

# tree DIR: everything in it that a restore must bring back.
tree() {
    inside_sh "cd '$1' && find . \( -name cache -o -name '*.tmp' \) -prune -o -printf '%P %y %m %U:%G %s %T@ %l\n' | grep -v ' d ' | sort; \
        find . \( -name cache -o -name '*.tmp' \) -prune -o -type f -exec sha256sum {} + | sort -k 2"
}
