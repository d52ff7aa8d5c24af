#!/bin/bash
# sshfs 3.7.3 (Debian 12): 'touch -h' on a symlink sets the time of what the link leads to, and ends with 0.
#
# SFTP's SETSTAT names a file by its path, and the server follows links there; OpenSSH has an extension that does not
# (lsetstat@openssh.com), which sshfs does not use. utimensat(2) with AT_SYMLINK_NOFOLLOW succeeds all the same, so that mv, cp -a,
# rsync and tar change times (and as root owners) of files that they were not given. Where a link leads nowhere the same call
# fails with "No such file or directory", of a link that is there.
#
# Seen on 2026-11-29:
#   a link to a file: 0, the file is of 2001 and the link is not
#   a link to nothing: 1
set -euo pipefail
work=$(mktemp -d)
trap 'umount "$work/mount" 2> /dev/null; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq sshfs=3.7.3-1.2~deb12u1 openssh-sftp-server=1:9.2p1-2+deb12u10 \
    fuse3=3.14.0-4 libfuse3-3=3.14.0-4 libglib2.0-0 2> /dev/null
for package in *.deb; do dpkg -x "$package" .; done
export PATH=$work/bin:$PATH LD_LIBRARY_PATH=$work/lib/x86_64-linux-gnu:$work/usr/lib/x86_64-linux-gnu
mkdir server mount
printf '#!/bin/sh\nexec "%s/usr/lib/openssh/sftp-server"\n' "$work" > ssh
chmod 755 ssh
usr/bin/sshfs -o ssh_command="$work/ssh" "host:$work/server" mount

echo content > server/file
ln -s file server/link
ln -s nowhere server/dangling
year() {
    date -d "@$(stat -c %Y "$1")" +%Y
}
seen=$(
    code=0
    touch -h -d 2001-02-03 mount/link || code=$?
    echo "a link to a file: $code, the file is of $(year server/file) and the link is $([ "$(year server/link)" = 2001 ] || echo not)"
    code=0
    touch -h -d 2001-02-03 mount/dangling 2> /dev/null || code=$?
    echo "a link to nothing: $code"
)
echo "$seen"
[ "$seen" = 'a link to a file: 0, the file is of 2001 and the link is not
a link to nothing: 1' ] || { echo "this changed"; exit 1; }
