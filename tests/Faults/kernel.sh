#!/bin/bash
# kernel.sh FILE: fetches a Debian kernel in which nvme and ext4 are built in, so that it boots from a disk image alone.
set -euo pipefail
target=$(realpath -m "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

fetch() {
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }')
    [ -n "$package" ] && apt-get download -qq "$package" 2>/dev/null
}

fetch || { apt-get update -qq && fetch; }
dpkg-deb -x ./*.deb .
mkdir -p "$(dirname "$target")"
mv boot/vmlinuz-* "$target"
