# shellcheck shell=bash
# The disaster: a site whose copies are in a second place, its machine lost, and an empty one with nothing but the package,
# rclone and its configuration. The server is on the host's loopback, which these containers share. Sourced by run.sh.

copies=$work/copies
server=''

# disaster SUITE
disaster() {
    suite=$1
    serve_copies || { skip "a second place" "its server does not start: $(tail -n 1 "$copies.log")"; return; }
    new_machine || return
    check "apt install from the signed repository" inside apt-get install -y -qq vertex-ar-backup
    make_site
    check "rclone's configuration, installed as the README says" readme_commands "A second place" '^sudo install .*rclone.conf'
    second_place s3:museum/vertex-ar
    check "config check is content with a second place" inside vertex-ar-backup config check
    check "doctor reaches it, with the rights of the service" matches "$(inside vertex-ar-backup doctor)" '^ok .*(off-site|offsite|second place)'
    mark
    check "a run through the unit, while the site writes" run
    check "pushes in its sandbox" matches "$(log_of -t vertex-ar-backup -o cat)" '^copied 1 new snapshot, '
    check "all is there" inside vertex-ar-backup offsite status
    stop_site
    check "a run of the site at rest" run
    check "is there, too" inside vertex-ar-backup offsite status
    check "verify --deep of the second place" inside vertex-ar-backup offsite verify --deep
    check "what it all left is the service's alone" equal owners "" "$(inside find /var/backups/vertex-ar \( ! -user vertex-ar -o -perm /027 \) -not -type l)"
    check "status is content" inside vertex-ar-backup status
    second_place locked:vertex-ar
    check "the same through crypt: a push by the unit" run
    check "all is there" inside vertex-ar-backup offsite status
    remember_site
    come_back s3:museum/vertex-ar
    come_back locked:vertex-ar
    power_off
    rm -rf "$container" "$work/lost-site"
    stop_copies
}

stop_copies() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
        server=''
        rm -rf "$copies"
    fi
}

serve_copies() {
    local tries=300
    rm -rf "$copies"
    "$root/tests/Offsite/serve.py" "$copies" > "$copies.log" 2>&1 < /dev/null &
    server=$!
    until [ -s "$copies/rclone.conf" ]; do
        if ! kill -0 "$server" 2>/dev/null || ! ((tries-- > 0)); then
            return 1
        fi
        sleep 0.1
    done
}

# new_machine: a booted one that could have the package, and what somebody keeps who keeps nothing else.
new_machine() {
    power_off
    rm -rf "$container"
    new_container "$suite"
    network='' boot || {
        cannot_boot "$suite" "$(tail -n 1 "$console")"
        return 1
    }
    printf '#!/bin/sh\nexec "$@"\n' > "$container/usr/local/bin/sudo"
    chmod 755 "$container/usr/local/bin/sudo"
    # Somebody who says yes.
    echo 'APT::Get::Assume-Yes "true";' > "$container/etc/apt/apt.conf.d/yes"
    offer now
    install -m 600 "$copies/rclone.conf" "$container/root/rclone.conf"
}

# second_place REMOTE: it is in the configuration, and nothing else.
second_place() {
    inside_sh "echo '{ \"offsite\": { \"remote\": \"$1\" } }' > $config"
}

remember_site() {
    remembered=$(tree $storage)
    remembered_rows=$(rows)
    rm -rf "$work/lost-site"
    cp -a "$container/opt/vertex-ar" "$work/lost-site"
    rm -rf "$work"/lost-site/storage/cache "$work"/lost-site/storage/*.tmp
}

rows() {
    inside sqlite3 $db 'PRAGMA integrity_check; SELECT count(*), max(id), sum(length(data)) FROM videos; SELECT * FROM portraits' | sha256sum
}

# come_back REMOTE: by the README's commands, on a new machine.
come_back() {
    new_machine || return
    check "there is nothing on it" not inside ls /opt/vertex-ar /usr/bin/vertex-ar-backup
    REMOTE=$1 check "the commands of the README's chapter 'The machine is gone' end well, from $1" readme_commands "The machine is gone" .
    check "diff -r with the lost site" diff -r --no-dereference "$work/lost-site/storage" "$container$storage"
    check "owners, modes and times are as they were" equal tree "$remembered" "$(tree $storage)"
    check "the database is whole, with the same rows" equal rows "$remembered_rows" "$(rows)"
    second_place "$1"
    check "the next run by the unit goes on there" run
    check "as the same repository" inside vertex-ar-backup offsite status
}

# readme_commands CHAPTER PATTERN: types the lines of that chapter's blocks that look so, with this test's remote for the README's.
readme_commands() {
    local commands
    commands=$(awk -v chapter="## $1" '
        /^## / { in_chapter = $0 == chapter }
        /^```/ { is_block = !is_block; is_typed = is_block && $0 == "```"; next }
        in_chapter && is_typed' "$root/README.md" | grep -E -- "$2" | sed "s|s3:bucket/vertex-ar|${REMOTE:-}|g")
    [ -n "$commands" ] || {
        echo "no commands in the chapter '$1'"
        return 1
    }
    echo "$commands"
    inside_sh "set -e; cd /root; $commands"
}
