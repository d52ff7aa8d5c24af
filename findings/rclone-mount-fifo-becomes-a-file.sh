#!/bin/bash
# rclone 1.60.1 (Debian 12): mkfifo(1) on an rclone mount fails with "Input/output error", and an empty regular file of that name is there
# afterwards, which is uploaded to the remote like any other. So is one for a socket, when a program binds to a path there.
#
# Whoever takes the error for "nothing was made" and goes on without the FIFO leaves a file that everybody else takes for content:
# the next copy of that tree has it, and a second mkfifo, or bind(2), says "File exists" from then on. symlink(2), which fails with
# the same error, leaves nothing.
#
# Seen on 2026-11-30:
#   fifo: Input/output error, then File exists
#   socket: Input/output error, then Address already in use
#   symlink: Input/output error, then Input/output error
#   on the remote: fifo (regular empty file) socket (regular empty file)
set -euo pipefail
work=$(mktemp -d)
trap 'umount "$work/mount" 2> /dev/null; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq rclone=1.60.1+dfsg-2+b5 fuse3=3.14.0-4 libfuse3-3=3.14.0-4 2> /dev/null
for package in *.deb; do dpkg -x "$package" .; done
export PATH=$work/bin:$PATH LD_LIBRARY_PATH=$work/lib/x86_64-linux-gnu:$work/usr/lib/x86_64-linux-gnu
mkdir remote mount
: > rclone.conf
usr/bin/rclone --config rclone.conf mount "$work/remote" mount --vfs-cache-mode writes --vfs-write-back 0s --daemon

try() {
    python3 - "$@" << 'PYTHON'
import os, socket, sys
kind, path = sys.argv[1:]
try:
    if kind == "socket":
        socket.socket(socket.AF_UNIX).bind(path)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        os.symlink("target", path)
    print("made", end="")
except OSError as e:
    print(e.strerror, end="")
PYTHON
}

seen=$(
    for kind in fifo socket symlink; do
        echo "$kind: $(try $kind mount/$kind), then $(try $kind mount/$kind)"
    done
    for _ in $(seq 60); do
        [ -e remote/fifo ] && [ -e remote/socket ] && break
        sleep 0.5
    done
    echo "on the remote: $(cd remote && stat -c '%n (%F)' -- * | xargs)"
)
echo "$seen"
[ "$seen" = 'fifo: Input/output error, then File exists
socket: Input/output error, then Address already in use
symlink: Input/output error, then Input/output error
on the remote: fifo (regular empty file) socket (regular empty file)' ] || { echo "this changed"; exit 1; }
