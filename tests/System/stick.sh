# shellcheck shell=bash
# A stick that is plugged in: a loop device of the machine that the container runs on. There is no udev in it, so that the device's unit, which would start
# the service, is stood in for by starting that by hand, and the link that udev makes by hand, too. Sourced by run.sh.

stick_uuid=2f1c3a52-0d6f-4f5e-9c0e-5b1c1a7e9d11
stick_place=/run/vertex-ar-backup-stick/$stick_uuid
stick_device=''

sticks() {
    stick_service="vertex-ar-backup-stick@$(inside systemd-escape "$stick_uuid").service"
    stick_failure="vertex-ar-backup-failure@${stick_service%.service}.service"
    check "the sandbox of the stick's unit scores 1.5 or better" inside systemd-analyze security --offline=true --no-pager --threshold=15 "$stick_service"
    check "systemd finds nothing wrong with it" equal "systemd-analyze verify" "" "$(inside systemd-analyze verify --man=no "$stick_service" 2>&1)"
    check "no stick is enabled" not inside_sh 'ls -d /etc/systemd/system/dev-disk-by*'
    listen
    check "the commands of the README's chapter" readme_commands "A stick that is plugged in once a week" .
    check "let the device of that UUID start it" inside_sh "test -L \"/etc/systemd/system/\$(systemd-escape -p --suffix=device /dev/disk/by-uuid/$stick_uuid).wants/$stick_service\""
    check "the stick's configuration is readable for root and the service only" equal owner "root:vertex-ar 640" "$(inside stat -c '%U:%G %a' /etc/vertex-ar-backup/stick.json)"
    inside_sh "sed -i 's|, *\"healthcheck_url\": \"[^\"]*\"||' /etc/vertex-ar-backup/stick.json"
    if plug_in; then
        plugged_in
        unmounting_fails
        not_as_it_should_be
    else
        skip "a stick" "this machine gives the container no loop device"
    fi
    check "what the README enables can be disabled" inside systemctl disable -q "$stick_service"
    pull_out
    inside rm -f /etc/vertex-ar-backup/stick.json
    stop_listening
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
    others_settings
    check "the next week" inside systemctl start "$stick_service"
    check "is told by the service's user" equal teller vertex-ar "$(inside cat /var/spool/who)"
    own_settings
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
    mark
    inside_sh "mv $storage $storage.away"
    check "a run that fails on it" not inside systemctl start "$stick_service"
    inside_sh "mv $storage.away $storage"
    wait_until ended "$stick_failure"
    check "unmounts it, too" not inside mountpoint -q "$stick_place"
    check "and is told of, once" equal heard "/bot7:systemTest/sendMessage /hook" "$(heard)"
    check "the command it names shows what there is" inside_sh "$(stick_hint)"
    inside umount /mnt

    forget
    inside_sh "systemctl reset-failed; rm /dev/disk/by-uuid/$stick_uuid"
    mark
    check "one that cannot be mounted fails" not inside systemctl start "$stick_service"
    check "is told of by the failure unit" wait_until matches_log "the stick $stick_uuid could not be mounted" -p err -t vertex-ar-backup -o cat
    wait_until ended "$stick_failure"
    check "once, and for the healthcheck that is no failure of the nightly backups" equal heard "/bot7:systemTest/sendMessage /hook /ping/log" "$(heard)"
    inside ln -sf "$stick_node" "/dev/disk/by-uuid/$stick_uuid"
}

# What is set for the nightly backups and does not count for a stick: how many, and where, which is even a directory of another user.
others_settings() {
    inside_sh "
        cp -a /etc/vertex-ar-backup/stick.json /var/tmp/stick.json
        install -d -o nobody /srv/nobodys
        install -m 666 /dev/null /var/spool/who
        sed -i '1s|{|{ \"backup_dir\": \"/srv/nobodys\", |; s|\"notify\": {|& \"mail\": { \"to\": \"root\" },|' /etc/vertex-ar-backup/stick.json
        mv /etc/default/vertex-ar-backup /var/tmp/default
        echo MAX_BACKUPS=1 > /etc/default/vertex-ar-backup
        mv /usr/sbin/sendmail /var/tmp/sendmail
        printf '#!/bin/sh\ncat > /dev/null; id -un >> /var/spool/who\n' > /usr/sbin/sendmail
        chmod 755 /usr/sbin/sendmail"
}

own_settings() {
    inside_sh "
        cat /var/tmp/stick.json > /etc/vertex-ar-backup/stick.json
        rm -f /etc/default/vertex-ar-backup /usr/sbin/sendmail
        mv /var/tmp/default /etc/default/vertex-ar-backup
        mv /var/tmp/sendmail /usr/sbin/sendmail
        rm -r /srv/nobodys /var/spool/who /var/tmp/stick.json"
}

# Somebody looks at the stick when the backup is done, and stays.
unmounting_fails() {
    local drop_in=/run/systemd/system/vertex-ar-backup-stick@.service.d
    inside_sh "
        mkdir -p $drop_in
        printf '[Service]\nExecStartPost=+/usr/bin/systemd-run --unit=looker --property=Type=exec --working-directory=$stick_place sleep 600\n' > $drop_in/look.conf
        systemctl daemon-reload"
    forget
    refused_stick "one that cannot be unmounted" "the stick $stick_uuid could not be unmounted: do not take it out before"
    check "is told as failed" matches "$(inside cat /var/spool/heard)" "failed: what comes before it or after it could not be done"
    check "once" equal heard "/bot7:systemTest/sendMessage /hook /ping/log" "$(heard)"
    check "but not as one that can be taken out" not matches "$(inside cat /var/spool/heard)" "it can be taken out"
    refused_stick "one that is mounted still" "something else is mounted at $stick_place"
    inside_sh "systemctl stop looker.service; rm -r $drop_in; systemctl daemon-reload"
    check "when nobody looks any more, the command works that is named" inside_sh "$(stick_hint)"
    check "and nothing is mounted any more" not inside mountpoint -q "$stick_place"
}

not_as_it_should_be() {
    inside_sh "mkdir -p /media/else && mount $stick_node /media/else"
    refused_stick "one that is mounted elsewhere, too," "the stick $stick_uuid is still mounted at '/media/else'"
    inside_sh "mv /media/else/vertex-ar /media/else/away && ln -s /opt/vertex-ar/app_data /media/else/vertex-ar && umount /media/else"
    refused_stick "one whose directory is a link elsewhere" "what it has as vertex-ar is no directory of its own"
    inside_sh "mount $stick_node /mnt && rm /mnt/vertex-ar && mkdir /mnt/vertex-ar && umount /mnt"
    refused_stick "one whose directory is somebody else's" "its directory vertex-ar is not the user vertex-ar's"
    inside_sh "mount $stick_node /mnt && rmdir /mnt/vertex-ar && mkdir /mnt/.vertex-ar.new && umount /mnt"
    check "a directory that a kill left half-made" inside env OWNER=vertex-ar /usr/libexec/vertex-ar-backup/stick mount "$stick_uuid" "$stick_place"
    check "gets its name and owner" equal directories "away lost+found vertex-ar vertex-ar 750" "$(inside_sh "ls -A $stick_place | paste -s -d ' '; stat -c '%U %a' $stick_place/vertex-ar" | paste -s -d ' ')"
    inside_sh "ln -sfn /opt/vertex-ar/app_data $stick_place/link && mv -T $stick_place/vertex-ar $stick_place/gone && mv -T $stick_place/link $stick_place/vertex-ar"
    check "one that is exchanged after that is no success" not inside env SERVICE_RESULT=success /usr/libexec/vertex-ar-backup/stick unmount "$stick_uuid" "$stick_place"
    check "but is unmounted" not inside mountpoint -q "$stick_place"
}

# refused_stick NAME PATTERN: its service fails, and says so; returns when the failure unit has told it.
refused_stick() {
    inside systemctl reset-failed
    mark
    check "$1 fails" not inside systemctl start "$stick_service"
    check "and says why" matches_log "$2" -p err -t vertex-ar-backup -o cat
    wait_until matches_log '^hint: ' -p err -t vertex-ar-backup -o cat
    wait_until ended "$stick_failure"
}

# What the failure unit has said last of what to do.
stick_hint() {
    log_of -p err -t vertex-ar-backup -o cat | sed -n '/^vertex-ar-backup-stick@.* failed: /{n; s/^hint: //; s/^do what the messages say, then: //; p}' | tail -n 1
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
