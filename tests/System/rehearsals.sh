# shellcheck shell=bash
# The units beside the nightly one: what is checked each day, each month, and rehearsed each week. Sourced by run.sh.

beside=(drill verify verify-deep)

# As systemd/README.md has it.
drop_ins_beside='
    for name in drill verify verify-deep; do
        sudo install -D -m 644 /etc/systemd/system/vertex-ar-backup.service.d/paths.conf /etc/systemd/system/vertex-ar-backup-$name.service.d/paths.conf
    done
    sudo systemctl daemon-reload'

rehearsing() {
    local name
    for name in "${beside[@]}"; do
        check "the timer of $name is not enabled" equal state "disabled inactive" \
            "$(inside systemctl is-enabled "vertex-ar-backup-$name.timer") $(show ActiveState "vertex-ar-backup-$name.timer")"
        check "the sandbox of $name scores 1.5 or better" \
            inside systemd-analyze security --offline=true --no-pager --threshold=15 "vertex-ar-backup-$name.service"
    done
    check "systemd finds nothing wrong with these units" equal "systemd-analyze verify" "" \
        "$(inside systemd-analyze verify --man=no vertex-ar-backup-{drill,verify,verify-deep}.{service,timer} 2>&1)"
    check "all three are enabled" inside sudo systemctl enable --now -q vertex-ar-backup-drill.timer vertex-ar-backup-verify.timer vertex-ar-backup-verify-deep.timer
    for name in "${beside[@]}"; do
        check "list-timers tells the next run of $name" matches "$(inside systemctl list-timers --no-pager "vertex-ar-backup-$name.timer")" ' 0[5-8]:[0-9]{2}:[0-9]{2} '
        check "enabling it ran nothing" equal runs 0 "$(inside journalctl -q -u "vertex-ar-backup-$name.service" -o cat | grep -c '^Starting ')"
    done
    passing
    failing
}

# While the application writes. A directory that hands its group on is restored as it was, in a sandbox.
passing() {
    inside_sh "
        cp -a $config /var/tmp/right
        chmod g+s $storage/videos
        sed -i 's|\"queries\": \[\]|\"queries\": [{ \"name\": \"videos\", \"database\": \"app_data\", \"sql\": \"select count(*) from videos\", \"min\": 1, \"within_percent\": 900 }]|' $config
        sed -i 's|\"references\": \[\]|\"references\": [{ \"database\": \"app_data\", \"storage\": \"storage\", \"sql\": \"select '\\''portraits/lost.jpg'\\''\" }]|' $config"
    check "the configuration is good" inside vertex-ar-backup config check
    start_site
    mark
    check "a run whose database names a file that is not there" run
    check "says so" matches "$(log_of -t vertex-ar-backup -p warning -o cat)" 'names 1 file that is not in this snapshot: storage/portraits/lost.jpg'
    mark
    check "a drill through its unit" inside systemctl start vertex-ar-backup-drill.service
    check "passes, in its sandbox" matches "$(log_of -t vertex-ar-backup -o cat)" 'the drill passed'
    check "it asked the live database" matches "$(log_of -t vertex-ar-backup -o cat)" '^videos .* [0-9]+ +[0-9]+ .* ok$'
    check "it left nothing" equal staging "" "$(inside ls /var/backups/vertex-ar/staging)"
    check "the application's log is still there" has_log
    stop_site
    mark
    check "verify, daily" inside systemctl start vertex-ar-backup-verify.service
    check "verify, monthly" inside systemctl start vertex-ar-backup-verify-deep.service
    check "reads every byte" matches "$(log_of -t vertex-ar-backup -o cat)" 'every byte is as it was written'
    check "what they left is the service's" equal owners "" "$(inside find /var/backups/vertex-ar ! -user vertex-ar)"
    check "how they ended is remembered" inside_sh "cd /var/backups/vertex-ar/runs && grep -l '\"outcome\": \"success\"' drill.json verify.json verify-deep.json"
    inside_sh "cat /var/tmp/right > $config; chmod g-s $storage/videos"
}

failing() {
    local pack
    pack=$(inside_sh "ls -S /var/backups/vertex-ar/packs/*/*.tar.gz | head -n 1")
    inside_sh "cp -a '$pack' /var/tmp/pack; truncate -s -1 '$pack'; rm -f /var/spool/told"
    mark
    check "a damaged pack makes verify fail" not inside systemctl start vertex-ar-backup-verify.service
    check "with exit code 1" equal status 1 "$(show ExecMainStatus vertex-ar-backup-verify.service)"
    check "the operator is told" wait_until matches_log 'vertex-ar-backup-verify.service failed: it failed with exit code 1' -p err -t vertex-ar-backup -o cat
    check "with the pack" matches "$(log_of -t vertex-ar-backup -o cat)" "$(basename "$pack" .tar.gz)"
    check "and by mail" wait_until matches_mail 'vertex-ar-backup-verify.service failed on'
    inside rm "$pack"
    mark
    check "one that is gone fails the drill" not inside systemctl start vertex-ar-backup-drill.service
    check "of which the operator is told, too" wait_until matches_log 'vertex-ar-backup-drill.service failed' -p err -t vertex-ar-backup -o cat
    check "and it left nothing" equal staging "" "$(inside ls /var/backups/vertex-ar/staging)"
    # Its owner and time go with it.
    inside_sh "cp -a /var/tmp/pack '$pack'"
    check "mended, verify is content" inside systemctl start vertex-ar-backup-verify.service
    wait_until state_is vertex-ar-backup-failure@vertex-ar-backup-verify.service inactive
    wait_until state_is vertex-ar-backup-failure@vertex-ar-backup-drill.service inactive
    inside_sh "rm -f /var/spool/told; systemctl reset-failed"
}

matches_mail() {
    matches "$(inside cat /var/spool/told)" "$1"
}
