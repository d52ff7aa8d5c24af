# shellcheck shell=bash
# A stick that is plugged in: a loop device of the machine that the container runs on. There is no udev in it, so that the device's unit, which would start
# the service, is stood in for by starting that by hand, and the link that udev makes by hand, too. Sourced by run.sh.

stick_uuid=2f1c3a52-0d6f-4f5e-9c0e-5b1c1a7e9d11
stick_place=/run/vertex-ar-backup-stick/$stick_uuid
stick_device=''

sticks() {
    stick_service="vertex-ar-backup-stick@$(inside systemd-escape "$stick_uuid").service"
    check "the sandbox of the stick's unit scores 1.5 or better" inside systemd-analyze security --offline=true --no-pager --threshold=15 "$stick_service"
    check "systemd finds nothing wrong with it" equal "systemd-analyze verify" "" "$(inside systemd-analyze verify --man=no "$stick_service" 2>&1)"
    check "no stick is enabled" not inside_sh 'ls -d /etc/systemd/system/dev-disk-by*'
    listen
    inside_sh "
        set -e
        cp -a $config /var/tmp/right
        install -D -m 600 /dev/null /etc/credstore/vertex-ar-backup.telegram-token
        echo 7:systemTest > /etc/credstore/vertex-ar-backup.telegram-token"
    tell_config ''
    check "the commands of the README's chapter" readme_commands "A stick that is plugged in once a week" .
    check "let the device of that UUID start it" inside_sh "test -L \"/etc/systemd/system/\$(systemd-escape -p --suffix=device /dev/disk/by-uuid/$stick_uuid).wants/$stick_service\""
    check "the stick's configuration is readable for root and the service only" equal owner "root:vertex-ar 640" "$(inside stat -c '%U:%G %a' /etc/vertex-ar-backup/stick.json)"
    inside_sh "sed -i 's|, *\"healthcheck_url\": \"[^\"]*\"||' /etc/vertex-ar-backup/stick.json"
    if plug_in; then
        plugged_in
    else
        skip "a stick" "this machine gives the container no loop device"
    fi
    check "what the README enables can be disabled" inside systemctl disable -q "$stick_service"
    pull_out
    inside_sh "cat /var/tmp/right > $config; rm -f /etc/vertex-ar-backup/stick.json /etc/credstore/vertex-ar-backup.telegram-token /var/spool/heard; systemctl stop listener.service; systemctl reset-failed"
}

plugged_in() {
    local snapshots
    snapshots=$(count_snapshots)
    forget
    check "a stick is plugged in" inside systemctl start "$stick_service"
    check "it is not mounted any more" not inside mountpoint -q "$stick_place"
    check "the channels were told, and no healthcheck" equal heard "/bot7:systemTest/sendMessage /hook" "$(heard)"
    check "that it can be taken out" matches "$(inside cat /var/spool/heard)" "the stick $stick_uuid has today's backup, which was read back; it can be taken out"
    check "the nightly repository is as it was" equal snapshots "$snapshots" "$(count_snapshots)"
    check "the next week" inside systemctl start "$stick_service"
    inside mount "$stick_node" /mnt
    check "both are on the stick" equal snapshots 2 "$(inside vertex-ar-backup list --json --backup-dir /mnt/vertex-ar | grep -c '"message_type":"snapshot"')"
    check "whole" inside vertex-ar-backup verify --deep --backup-dir /mnt/vertex-ar
    check "and the service's" equal owners "" "$(inside find /mnt/vertex-ar ! -user vertex-ar)"
    # Without it, the tree would be all that there is.
    inside mkdir -p /srv/look
    check "it is restored from" inside vertex-ar-backup restore latest --to /srv/look/stick --backup-dir /mnt/vertex-ar
    [ -n "$(restored_storage)" ] && check "with all that the site has" equal tree "$(tree $storage)" "$(tree "$(restored_storage)")"
    inside_sh "umount /mnt; rm -rf /srv/look"

    forget
    inside_sh "mv $storage $storage.away"
    check "a run that fails on it" not inside systemctl start "$stick_service"
    inside_sh "mv $storage.away $storage"
    wait_until ended "vertex-ar-backup-failure@${stick_service%.service}.service"
    check "unmounts it, too" not inside mountpoint -q "$stick_place"
    check "and is told of, once" equal heard "/bot7:systemTest/sendMessage /hook" "$(heard)"

    forget
    inside_sh "systemctl reset-failed; rm /dev/disk/by-uuid/$stick_uuid"
    mark
    check "one that cannot be mounted fails" not inside systemctl start "$stick_service"
    check "is told of by the failure unit" wait_until matches_log "the stick $stick_uuid could not be mounted" -p err -t vertex-ar-backup -o cat
    wait_until ended "vertex-ar-backup-failure@${stick_service%.service}.service"
    check "once, and for the healthcheck that is no failure of the nightly backups" equal heard "/bot7:systemTest/sendMessage /hook /ping/log" "$(heard)"
}

# plug_in: 0 if the container can mount it.
plug_in() {
    local image=$work/$lane-stick
    rm -f "$image"
    truncate -s 2G "$image"
    mkfs.ext4 -q -U "$stick_uuid" "$image" && stick_device=$(losetup -f --show "$image") || return
    stick_node=/dev/$(basename "$stick_device")
    inside_sh "
        [ -e $stick_node ] || mknod $stick_node b $(stat -c '0x%t 0x%T' "$stick_device")
        mkdir -p /dev/disk/by-uuid && ln -sf $stick_node /dev/disk/by-uuid/$stick_uuid && mount $stick_node /mnt && umount /mnt"
}

pull_out() {
    if [ -n "$stick_device" ]; then
        losetup -d "$stick_device"
        stick_device=''
    fi
    rm -f "$work/$lane-stick"
}
