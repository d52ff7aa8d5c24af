# shellcheck shell=bash
# File systems, each mounted at $work/mount. Sourced by places.sh.

file_systems=(plain tmpfs ext4 ext4-128 xfs btrfs overlay bindfs mergerfs unionfs gocryptfs fuse2fs sshfs exfat ntfs)

# image SIZE MKFS...: a fresh image, formatted.
image() {
    truncate -s "$1" "$work/image"
    shift
    "$@" "$work/image"
}

loop() {
    loop=$(losetup -f --show "$work/image") && mount "$@" "$loop" "$work/mount"
}

mount_it() {
    local at=$work/mount
    mkdir -p "$at" "$work/one" "$work/two"
    loop=
    case $1 in
        plain) return ;;
        tmpfs) mount -t tmpfs tmpfs "$at" ;;
        ext4) image 300M mkfs.ext4 -q && loop ;;
        ext4-128) image 300M mkfs.ext4 -q -I 128 && loop ;;
        xfs) image 400M mkfs.xfs -q && loop ;;
        btrfs) image 400M mkfs.btrfs -q && loop ;;
        overlay) mkdir "$work/work" && mount -t overlay -o "lowerdir=$work/one,upperdir=$work/two,workdir=$work/work" overlay "$at" ;;
        bindfs) bindfs "$work/one" "$at" ;;
        mergerfs) mergerfs "$work/one:$work/two" "$at" ;;
        unionfs) unionfs -o cow "$work/one=RW:$work/two=RO" "$at" ;;
        gocryptfs)
            echo secret > "$work/password"
            gocryptfs -init -q -passfile "$work/password" "$work/one" && gocryptfs -q -passfile "$work/password" "$work/one" "$at"
            ;;
        fuse2fs) image 300M mkfs.ext4 -q && fuse2fs -o fakeroot "$work/image" "$at" ;;
        sshfs)
            # SFTP without a network: the server is the program that sshd would start.
            printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' > "$work/ssh"
            chmod 755 "$work/ssh"
            sshfs -o ssh_command="$work/ssh" "host:$work/one" "$at"
            ;;
        exfat) image 300M mkfs.exfat && loop=$(losetup -f --show "$work/image") && mount.exfat-fuse "$loop" "$at" ;;
        ntfs) image 300M mkfs.ntfs -q -F -f && ntfs-3g "$work/image" "$at" ;;
        *)
            echo "no file system $1 is known; these are: ${file_systems[*]}"
            return 1
            ;;
    esac > "$work/mount.log" 2>&1 && mountpoint -q "$at"
}

unmount() {
    mountpoint -q "$work/mount" && { umount "$work/mount" || umount -l "$work/mount"; }
    [ -z "${loop:-}" ] || losetup -d "$loop"
    loop=
    rm -rf "$work/mount" "$work/one" "$work/two" "$work/work" "$work/image"
}
