#!/bin/bash
# places.sh BINARY [FILE-SYSTEM...]: mounts each file system, and uses it as the backup directory, as a source, for a database, to restore to,
# and to restore in place. What a place cannot hold (modes, links, times) may cost exit code 3, and never content. Ends with the totals.
set -uo pipefail
root=$(realpath "$(dirname "$0")/../..")
. "$root/tests/System/checks.sh"
. "$root/tests/Places/mounts.sh"
binary=$(realpath "$1")
shift
work=$(mktemp -d "${TMPDIR:-/var/tmp}/vertex-places-XXXXXX")
trap 'unmount; rm -rf "$work"' EXIT

# ends CODES COMMAND...: runs the program; its exit code is one of those.
ends() {
    local codes=$1 code=0
    shift
    said=$("$binary" --config "$work/config.json" "$@" < /dev/null 2>&1) || code=$?
    case " $codes " in
        *" $code "*) ;;
        *)
            printf 'exit code %s of %s, instead of %s\n%s\n' "$code" "$*" "$codes" "$said"
            return 1
            ;;
    esac
}

# A tree with what file systems differ in. What cannot be made there is no part of it.
make_tree() {
    mkdir -p "$1/portraits" "$1/videos"
    for i in 1 2 3; do head -c 30000 /dev/urandom > "$1/portraits/$i.jpg"; done
    head -c 300000 /dev/urandom > "$1/videos/clip.mp4"
    echo 'a name with Ü and spaces' > "$1/portraits/ü name"
    chmod 640 "$1/portraits/1.jpg" 2> /dev/null
    ln -s portraits/1.jpg "$1/newest" 2> /dev/null
    ln "$1/portraits/2.jpg" "$1/videos/poster.jpg" 2> /dev/null
    touch -d '2026-01-02 03:04:05' "$1/portraits/1.jpg"
}

# Content, and where links lead unless the place has none.
contents() {
    (cd "$1" && find . -type f ! -name '.fuse_hidden*' -exec sha256sum {} + | sort -k 2 && if [ "$links" = yes ]; then find . -type l -printf '%p %l\n' | sort; fi)
}

same() {
    equal "content of $1" "$2" "$(contents "$1")"
}

rows() {
    equal "rows of $1" 2 "$(sqlite3 "$1" 'SELECT count(*) FROM t' 2>&1)"
}

nothing_left() {
    equal "what is left" "" "$(ls "$backups/staging"; find "$@" -name '.*restore_*')"
}

# What not every place takes: reserved characters, one name in capital and in small letters, a dot at the end, bytes that are no text.
make_odd() {
    mkdir "$1" "$1/Same" "$1/SAME" && for name in a:b Anna.JPG anna.jpg 'what?' end. Same/x SAME/x; do echo "$name" > "$1/$name"; done && echo bytes > "$1/"$'no\xfftext'
}

same_lines() {
    equal "content of $2" "$(find "$1" -type f -exec cat {} + | sort)" "$(find "$2" -type f -exec cat {} + | sort)"
}

no_failure() {
    ends "0 1" doctor && ! grep '^failed' <<< "$said"
}

# use FILE-SYSTEM ROLE
use() {
    local role=$2 local_dir=$work/local there=$work/mount/$2 poor="0" before
    rm -rf "$local_dir" "$work/state"
    mkdir -p "$local_dir" "$there" "$work/state"
    links=no
    ln -s nowhere "$there/try" 2> /dev/null && rm "$there/try" && links=yes
    export STATE_DIRECTORY=$work/state
    backups=$local_dir/backups
    local storage=$local_dir/storage database=$local_dir/app.db elsewhere=$local_dir/elsewhere
    case $role in
        backups) backups=$there/backups ;;
        storage) storage=$there/storage poor="0 3" ;;
        database) database=$there/app.db ;;
        elsewhere) elsewhere=$there/elsewhere poor="0 3" ;;
        everything) backups=$there/backups storage=$there/storage database=$there/app.db elsewhere=$there/elsewhere poor="0 3" ;;
    esac
    mkdir -p "$backups"
    make_tree "$storage"
    sqlite3 "$database" 'PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)' > /dev/null
    printf '{"backup_dir":"%s","min_free_mb":0,"databases":[{"name":"app","path":"%s"}],"storage":[{"name":"media","path":"%s"}]}' \
        "$backups" "$database" "$storage" > "$work/config.json"
    before=$(contents "$storage")

    check "$1, $role: a night" ends 0 create
    check "$1, $role: the next night" ends 0 create
    check "$1, $role: every byte is there" ends 0 verify --deep
    check "$1, $role: restored elsewhere" ends "$poor" restore latest --to "$elsewhere"
    check "$1, $role: the content is the same" same "$elsewhere/media" "$before"
    check "$1, $role: so is the database" rows "$elsewhere/app/app.db"

    echo changed > "$storage/portraits/1.jpg"
    rm -r "$storage/videos"
    echo new > "$storage/new"
    sqlite3 "$database" 'INSERT INTO t VALUES (3)'
    check "$1, $role: restored in place" ends "$poor" restore latest --yes
    check "$1, $role: as it was" same "$storage" "$before"
    check "$1, $role: the database as it was" rows "$database"

    rm -rf "$database"* "$storage" "$local_dir"/*before_restore* "$there"/*before_restore*
    check "$1, $role: restored where nothing is" ends "$poor" restore latest --yes
    check "$1, $role: all is back" same "$storage" "$before"
    check "$1, $role: one file" ends "$poor" restore latest --path media/portraits/2.jpg --yes
    check "$1, $role: a rehearsal" ends 0 drill
    check "$1, $role: doctor fails nothing" no_failure
    if [ "$role" = elsewhere ]; then
        make_odd "$storage/odd"
        check "$1, $role: odd names are saved" ends 0 create
        check "$1, $role: they are restored, if need be under other ones" ends "$poor" restore latest --rename-unfit --path media/odd --to "$there/odd"
        check "$1, $role: with their content" same_lines "$storage/odd" "$there/odd"
    fi

    check "$1, $role: nothing is left" nothing_left "$local_dir" "$there"
}

[ "$(id -u)" = 0 ] || {
    skip "all of it" "only root can mount"
    totals Places
    exit
}

for name in "${@:-${file_systems[@]}}"; do
    echo "$name"
    if mount_it "$name"; then
        for role in backups storage database elsewhere everything; do
            use "$name" "$role"
        done
    else
        skip "$name" "it cannot be mounted on this machine: $(tail -n 1 "$work/mount.log")"
    fi
    unmount
done
totals Places
