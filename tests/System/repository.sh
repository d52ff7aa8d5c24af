# shellcheck shell=bash
# The signed repository that the container installs from, first with this version and then with a next one. Sourced by run.sh.

repository=$work/repository
next_version=0.1.0+next1

make_repositories() {
    local key=throw-away@test.example sign=$root/packaging/build-apt-repo.sh result
    GNUPGHOME=$(mktemp -d)
    export GNUPGHOME
    gpg --batch --quiet --passphrase '' --quick-generate-key "$key" ed25519 sign never 2> /dev/null
    mkdir -p "$repository"
    "$sign" "$key" "$repository/now" "$(this_package)" > /dev/null && next_package \
        && "$sign" "$key" "$repository/next" "$work/next.deb" > /dev/null
    result=$?
    gpgconf --kill all
    rm -rf "$GNUPGHOME"
    return $result
}

this_package() {
    ls "$root"/artifacts/vertex-ar-backup_*_"$(dpkg --print-architecture)".deb
}

# The same package under a higher version and with another default configuration.
next_package() {
    local tree=$work/next
    rm -rf "$tree"
    dpkg-deb -R "$(this_package)" "$tree"
    sed -i "s/^Version: .*/Version: $next_version/" "$tree/DEBIAN/control"
    sed -i 's/"max_backups": 7/"max_backups": 8/' "$tree/etc/vertex-ar-backup/config.json"
    dpkg-deb --root-owner-group -b "$tree" "$work/next.deb" > /dev/null
}

# offer now|next: what the container's apt finds. The line is the one that an administrator writes.
offer() {
    rm -rf "$container/srv/apt"
    cp -R "$repository/$1" "$container/srv/apt"
    chmod -R u=rwX,go=rX "$container/srv/apt"
    install -D -m 644 "$repository/$1/vertex-ar-backup.asc" "$container/etc/apt/keyrings/vertex-ar-backup.asc"
    rm -f "$container"/etc/apt/sources.list "$container"/etc/apt/sources.list.d/*
    cat > "$container/etc/apt/sources.list.d/vertex-ar-backup.sources" <<'END'
Types: deb
URIs: file:/srv/apt
Suites: ./
Signed-By: /etc/apt/keyrings/vertex-ar-backup.asc
END
    inside apt-get update -qq
}
