#!/bin/bash
# rclone 1.60.1 (Debian 12): 'copyto --immutable' replaces a destination that differs, without a word, and ends with 0.
#
# The flag is documented as "Do not modify files, fail if existing files have been modified", and 'copy --immutable' of the
# same file does refuse: exit code 6, "immutable file modified". The check sits where directories are compared, and
# 'copyto' of one file does not pass there. A script that protects backups on a server with this flag, file by file, has no
# protection. (1.75.2 was seen to do the same.)
#
# Seen on 2026-11-29:
#   copyto: 0, the destination holds the new content
#   copy: 6, the destination holds the old content
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq rclone=1.60.1+dfsg-2+b5 2> /dev/null
dpkg -x rclone_*.deb .
export RCLONE_CONFIG=/dev/null
mkdir new kept
echo 'a longer new version' > new/file

# try COMMAND SOURCE DESTINATION: the exit code, and which content the destination has afterwards
try() {
    local code=0
    echo old > kept/file
    usr/bin/rclone "$1" --immutable "$2" "$3" 2> /dev/null || code=$?
    echo "$1: $code, the destination holds the $(grep -q old kept/file && echo old || echo new) content"
}

seen=$(try copyto new/file kept/file; try copy new kept)
echo "$seen"
[ "$seen" = 'copyto: 0, the destination holds the new content
copy: 6, the destination holds the old content' ] || { echo "this changed"; exit 1; }
