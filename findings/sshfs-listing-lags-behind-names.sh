#!/bin/bash
# sshfs 3.7.3 (Debian 12): a directory that was listed once is listed for twenty seconds as it was, while a file that came into it
# on the server meanwhile can be opened by its name, and is replaced by a rename to that name.
#
# dir_cache is on by default and answers readdir(3) only; lookups go to the server. A program that lists a directory to choose a
# name that is free, as many do that number or date what they make, chooses one that is taken, and rename(2), which SFTP's
# posix-rename@openssh.com makes a replacing one, ends with 0. With O_EXCL, or by asking for the name, it is found. The cached listing
# is not dropped either when the directory's own modification time is seen to be another.
#
# Seen on 2026-11-30:
#   listed: one
#   by its name: theirs
#   made alone: refused
#   renamed to: 0, on the server it is ours
#   in 25 seconds listed: one two
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

echo first > server/one
ls mount > /dev/null
echo theirs > server/two
touch -d '2030-01-01' server
seen=$(
    stat mount > /dev/null
    echo "listed: $(ls mount | xargs)"
    echo "by its name: $(cat mount/two)"
    echo "made alone: $( (set -o noclobber; echo ours > mount/two) 2> /dev/null && echo made || echo refused)"
    echo ours > mount/new
    code=0
    mv -T mount/new mount/two || code=$?
    echo "renamed to: $code, on the server it is $(cat server/two)"
    sleep 25
    echo "in 25 seconds listed: $(ls mount | xargs)"
)
echo "$seen"
[ "$seen" = 'listed: one
by its name: theirs
made alone: refused
renamed to: 0, on the server it is ours
in 25 seconds listed: one two' ] || { echo "this changed"; exit 1; }
