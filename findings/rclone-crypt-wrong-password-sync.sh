#!/bin/bash
# rclone 1.60.1 (Debian 12): 'sync' out of a crypt remote whose password is mistyped empties the destination, prints
# nothing, and ends with 0.
#
# Names that the password does not decrypt are skipped when crypt lists a directory (logged at DEBUG only), so the whole
# remote looks like an empty directory, and an empty source is what 'sync' copies faithfully. Whoever tries "can I get my
# files back?" with the wrong password into the directory of the originals has neither afterwards. 'check' does notice.
#
# Seen on 2026-11-29:
#   sync with the right password: 0, 1 file in the destination
#   sync with another password: 0, 0 files in the destination, 0 bytes printed
#   check with another password: 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq rclone=1.60.1+dfsg-2+b5 2> /dev/null
dpkg -x rclone_*.deb .
export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_SECRET_TYPE=crypt RCLONE_CONFIG_SECRET_REMOTE="$work/encrypted"
rclone() { usr/bin/rclone "$@"; }
right=$(rclone obscure 'correct horse') wrong=$(rclone obscure 'correct house')
mkdir encrypted site
echo precious > site/file
RCLONE_CONFIG_SECRET_PASSWORD=$right rclone copy site secret:

RCLONE_CONFIG_SECRET_PASSWORD=$right rclone sync secret: site && code=0 || code=$?
seen="sync with the right password: $code, $(find site -type f | wc -l) file in the destination"
RCLONE_CONFIG_SECRET_PASSWORD=$wrong rclone check secret: site > printed 2>&1 && checked=0 || checked=$?
RCLONE_CONFIG_SECRET_PASSWORD=$wrong rclone sync secret: site > printed 2>&1 && code=0 || code=$?
seen+="
sync with another password: $code, $(find site -type f | wc -l) files in the destination, $(wc -c < printed) bytes printed
check with another password: $checked"
echo "$seen"
[ "$seen" = 'sync with the right password: 0, 1 file in the destination
sync with another password: 0, 0 files in the destination, 0 bytes printed
check with another password: 1' ] || { echo "this changed"; exit 1; }
