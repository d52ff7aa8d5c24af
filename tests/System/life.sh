# shellcheck shell=bash
# The life of the package, from a server that never saw it to one that forgot it. Sourced by run.sh.

service=vertex-ar-backup.service
timer=vertex-ar-backup.timer
failure=vertex-ar-backup-failure@vertex-ar-backup.service
scheduler=vertex-ar-backup-scheduler.service
config=/etc/vertex-ar-backup/config.json
paths=/etc/systemd/system/$service.d/paths.conf

whole_life() {
    suite=$1
    # What the README has, an operator types: here sudo is a server's root.
    printf '#!/bin/sh\nexec "$@"\n' > "$container/usr/local/bin/sudo"
    chmod 755 "$container/usr/local/bin/sudo"
    installation
    make_site
    doctor_before
    enabling
    nightly_run
    health
    restoring
    sandbox
    failures
    telling
    rehearsing
    sticks
    other_places
    scheduling
    missed_run || return
    spring_night
    upgrade
    removal
}

# run: the service, through its unit.
run() {
    inside systemctl start "$service"
}

show() {
    inside systemctl show --value -p "$1" "${2:-$service}"
}

count_snapshots() {
    inside vertex-ar-backup list --json | grep -c '"message_type":"snapshot"'
}

# log_of OPTION...: what was said since the mark. (By time: with --after-cursor and a filter, systemd 252 leaves out the first.)
mark() {
    since=$(date +@%s.%6N)
}

log_of() {
    inside journalctl --sync
    inside journalctl -q --since "$since" "$@"
}

wait_until() {
    local tries=150
    until "$@" > /dev/null 2>&1; do
        ((tries-- > 0)) || return 1
        sleep 0.1
    done
}

wait_a_minute_until() {
    local tries=5
    until wait_until "$@"; do
        ((tries-- > 0)) || return 1
    done
}

state_is() {
    equal "state of $1" "$2" "$(show ActiveState "$1")"
}

installation() {
    local user_before=''
    if [ "$suite" = bookworm ]; then
        inside useradd --uid 1500 --home-dir /opt/vertex-ar --shell /bin/bash vertex-ar
        user_before=$(inside getent passwd vertex-ar)
    fi
    offer now
    local plan
    plan=$(inside apt-get install -s vertex-ar-backup | grep '^Inst')
    check "apt installs this package and no other" equal "plan" 1 "$(wc -l <<< "$plan")"
    check "apt install from the signed repository" inside apt-get install -y -qq vertex-ar-backup
    if [ -n "$user_before" ]; then
        check "a user vertex-ar that was there stays as it was" equal user "$user_before" "$(inside getent passwd vertex-ar)"
    else
        check "the user vertex-ar is made, with its home and without a shell" matches "$(inside getent passwd vertex-ar)" ':/opt/vertex-ar:.*nologin$'
    fi
    check "the binary tells its version" matches "$(inside vertex-ar-backup --version)" '^vertex-ar-backup [0-9.]+$'
    check "the backup directory is the service's" equal owner "vertex-ar:vertex-ar 750" "$(inside stat -c '%U:%G %a' /var/backups/vertex-ar)"
    check "the configuration is readable for root and the service only" equal owner "root:vertex-ar 640" "$(inside stat -c '%U:%G %a' $config)"
    check "the installed configuration is good for the installed unit" inside vertex-ar-backup config check
    check "it needs no drop-in" matches "$(inside vertex-ar-backup config sandbox)" 'nothing need be added'
    check "the timer is not enabled" equal state disabled "$(inside systemctl is-enabled $timer)"
    check "the timer is not running" state_is $timer inactive
    check "the service did not run" state_is $service inactive
    check "the scheduler is not enabled, nor running" equal state "disabled inactive" "$(inside systemctl is-enabled $scheduler) $(show ActiveState $scheduler)"
    check "systemd finds nothing wrong with the units" units_verify
    check "the sandbox scores 1.5 or better" inside systemd-analyze security --offline=true --no-pager --threshold=15 $service
    check "so does the scheduler's" inside systemd-analyze security --offline=true --no-pager --threshold=15 $scheduler
    check "man pages, completion and pages for operators are there" inside_sh "
        cd /usr/share && test -s man/man1/vertex-ar-backup.1.gz -a -s man/man5/vertex-ar-backup.json.5.gz -a -s doc/vertex-ar-backup/systemd.md \
            || grep -q path-exclude /etc/dpkg/dpkg.cfg.d/* && test -s bash-completion/completions/vertex-ar-backup"
    check "completion completes" equal completed restore "$(inside bash -c '. /usr/share/bash-completion/completions/vertex-ar-backup
        COMP_WORDS=(vertex-ar-backup res) COMP_CWORD=1; _vertex_ar_backup; echo "${COMPREPLY[*]}"')"
}

# doctor_of NAME: what it says of one thing, with the command beneath.
doctor_of() {
    inside vertex-ar-backup doctor | grep -A 1 -E "^(ok|warning|failed|skipped) +$1: "
}

mend() {
    doctor_of "$1" | sed -n 2p
}

doctor_before() {
    check "doctor on a new installation fails nothing" inside vertex-ar-backup doctor
    check "it says that the timer is not enabled" matches "$(doctor_of timer)" '^warning  timer: it is not enabled'
    check "and how to" equal command "sudo systemctl enable --now $timer" "$(mend timer | xargs)"
    check "status has no repository to judge" equal code 10 "$(inside vertex-ar-backup status > /dev/null 2>&1; echo $?)"
}

# After the first runs, with the timer enabled.
health() {
    inside vertex-ar-backup verify > /dev/null
    check "status is healthy" inside vertex-ar-backup status
    check "and tells the next run, at 02:00" matches "$(inside vertex-ar-backup status)" '^next run .* 02:00$'
    check "doctor finds all well" inside vertex-ar-backup doctor
    check "and knows the next run" matches "$(doctor_of timer)" '^ok +timer: enabled; the next run is in '
    check "and that the sandbox reaches the places" matches "$(doctor_of sandbox)" '^ok '
    check "with the rights of the service's user" matches "$(doctor_of user)" 'the rights of vertex-ar'
    inside chown -R root:root /var/backups/vertex-ar
    check "a backup directory of root's is found" matches "$(doctor_of 'backup directory')" '^failed .*not writable for vertex-ar'
    check "the command it names works" inside_sh "$(mend 'backup directory')"
    check "and mends it" matches "$(doctor_of 'backup directory')" '^ok '
    inside chmod 600 $config
    check "a configuration that the service may not read is found" matches "$(doctor_of 'configuration file')" '^failed '
    check "the command for it works" inside_sh "$(mend 'configuration file')"
    check "and leaves it as it was installed" equal owner "root:vertex-ar 640" "$(inside stat -c '%U:%G %a' $config)"
    inside chmod 000 $storage/portraits/1.jpg
    check "a file that the service may not read is found" matches "$(doctor_of "storage 'storage'")" '^failed .*portraits/1.jpg'
    inside chmod 644 $storage/portraits/1.jpg
    inside_sh "echo 'STORAGE_PATH=/nowhere' > /etc/default/vertex-ar-backup"
    check "doctor sees what the environment file sets" matches "$(inside vertex-ar-backup doctor)" '^failed .*/nowhere'
    inside rm /etc/default/vertex-ar-backup
    inside systemctl disable --now -q $timer
    check "status remarks a timer that is disabled" matches "$(inside vertex-ar-backup status)" 'remark: the timer is not enabled'
    inside systemctl enable --now -q $timer
}

units_verify() {
    local said
    said=$(inside systemd-analyze verify --man=no $service $timer $failure $scheduler $spring.timer 2>&1)
    equal "systemd-analyze verify" "" "$said"
}

enabling() {
    check "enabling the service by mistake enables the timer" enable_service
    check "and gives no backup at each boot" not inside_sh "ls /etc/systemd/system/*.wants/$service"
    inside systemctl disable -q $service $timer
    check "enable --now" inside systemctl enable --now -q $timer
    check "the timer is running" state_is $timer active
    check "the first enabling does not run a backup" state_is $service inactive
    check "the timer has one time and it is 02:00" equal calendar 1 "$(inside systemctl show $timer -p TimersCalendar | grep -c 'OnCalendar=\*-\*-\* 02:00:00 ')"
    check "two runs in a row are a day apart" one_run_a_day
    check "list-timers tells the next run, at 02:00" matches "$(inside systemctl list-timers --no-pager $timer)" ' 02:00:00 '
}

enable_service() {
    inside systemctl enable -q vertex-ar-backup && equal state enabled "$(inside systemctl is-enabled $timer)"
}

one_run_a_day() {
    local -a days
    mapfile -t days < <(inside systemd-analyze calendar --iterations=3 '*-*-* 02:00:00' | sed -n 's/.*\(Next elapse\|Iteration #[0-9]*\|Iter. #[0-9]*\): \(.*\)/\2/p')
    equal "number of iterations" 3 "${#days[@]}" && equal "hours between" "24 24" "$(hours "${days[0]}" "${days[1]}") $(hours "${days[1]}" "${days[2]}")"
}

hours() {
    echo $((($(date -d "$2" +%s) - $(date -d "$1" +%s)) / 3600))
}

nightly_run() {
    mark
    check "a run through the unit, while the site writes" run
    check "it ends well" equal result "success 0" "$(show Result) $(show ExecMainStatus)"
    check "there is one snapshot" equal snapshots 1 "$(count_snapshots)"
    check "it is complete" matches "$(inside vertex-ar-backup list)" ' full +complete '
    check "the journal has it under its own name" matches "$(log_of -t vertex-ar-backup -o cat)" 'saved'
    check "its messages have priorities, not prefixes" no_prefixes
    check "nothing of it is an error" equal errors "" "$(log_of -t vertex-ar-backup -p err -o cat)"
    check "what it made is the service's alone" equal owners "" "$(inside find /var/backups/vertex-ar \( ! -user vertex-ar -o -perm /027 \) -not -type l)"
    check "a second run, for which nothing but the database changed" run
    check "the application's log is still there" has_log
    stop_site
    check "a database in WAL mode whose application is stopped" run
    check "ends well too" equal result success "$(show Result)"
    check "verify --deep finds them whole" inside vertex-ar-backup verify --deep
    check "root's verify left nothing of root's" equal owners "" "$(inside find /var/backups/vertex-ar ! -user vertex-ar)"
}

no_prefixes() {
    local said
    said=$(log_of -t vertex-ar-backup -o cat)
    if grep -E '^<[0-9]>' <<< "$said"; then
        return 1
    fi
    [ -n "$(log_of -t vertex-ar-backup -p info -o cat)" ]
}

restoring() {
    local before db_before
    before=$(tree $storage)
    db_before=$(inside sqlite3 $db 'SELECT count(*), max(id) FROM videos')
    check "restore latest beside, by root" inside vertex-ar-backup restore latest --to /srv/look
    check "contents, owners, modes and times are as they were" equal tree "$before" "$(tree "$(restored_storage)")"
    check "files of other users are recorded as theirs" equal owners "www-data:www-data 4242:4243" \
        "$(inside_sh "cd '$(restored_storage)' && echo \$(stat -c %U:%G portraits/4.jpg) \$(stat -c %u:%g portraits/5.jpg)")"
    check "the database is whole and consistent" equal database "ok|1" "$(inside sqlite3 "$(restored_database)" \
        "SELECT (SELECT * FROM pragma_integrity_check), (SELECT count(*) FROM portraits) = (SELECT count(*) FROM videos)")"
    inside_sh "rm -r $storage/portraits; echo ruined > $storage/markers.txt; runuser -u vertex-ar -- sqlite3 $db 'DELETE FROM videos'"
    check "without --yes and without a terminal, restore refuses" not inside vertex-ar-backup restore latest
    check "restore latest --yes, in place" inside sudo vertex-ar-backup restore latest --yes
    check "the storage is as it was" equal tree "$before" "$(tree $storage)"
    check "the database is as it was" equal database "$db_before" "$(inside sqlite3 $db 'SELECT count(*), max(id) FROM videos')"
    check "what was there is kept beside" inside_sh "ls -d $storage*before_restore* $db*before_restore*"
    inside_sh "rm -rf $storage*before_restore* $db*before_restore* /srv/look"
    check "the site starts on what was restored" start_site
    check "and the next run saves it" run
    stop_site
}

restored_storage() {
    inside_sh "dirname \"\$(find /srv/look -name markers.txt | head -n 1)\""
}

restored_database() {
    inside_sh "find /srv/look -name 'app_data*.db' | head -n 1"
}

# --- What the sandbox refuses. Each thing is done by the unit itself, with a script in place of the program; and each is done
# by the same user outside of the sandbox before, where it must succeed: else its refusal would mean nothing.

sandbox() {
    inside_sh "
        set -e
        install -d -o vertex-ar /opt/other
        install -d -m 755 /home/alice && echo secret > /home/alice/file && chmod 644 /home/alice/file
        echo 'vertex-ar may write' > /etc/for-vertex-ar && chown vertex-ar /etc/for-vertex-ar
        install -d -o vertex-ar /usr/local/for-vertex-ar
        install -m 4755 /usr/bin/id /usr/local/bin/id-as-root"
    refused "write outside of its directories" 'echo x > /opt/other/x'
    refused "write to /etc" 'echo x > /etc/for-vertex-ar'
    refused "write to /usr" 'echo x > /usr/local/for-vertex-ar/x'
    refused "write to the storage" "echo x > $storage/x && rm $storage/x"
    refused "read /home" 'cat /home/alice/file'
    refused "gain rights by a set-user-ID program" '[ "$(/usr/local/bin/id-as-root -u)" = 0 ]'
    refused "make a set-user-ID file" 'cp /bin/true /var/backups/vertex-ar/staging/x; chmod 4755 /var/backups/vertex-ar/staging/x; r=$?; rm /var/backups/vertex-ar/staging/x; exit $r'
    refused "map memory writable and executable" "perl -e '\$r = syscall(9, 0, 4096, 7, 0x22, -1, 0); exit(\$r == -1)'"
    refused "make a namespace" 'perl -e "exit(syscall(272, 0x04000000 | 0x10000000) != 0)"'
    refused "open a netlink socket" 'perl -e "socket(my \$s, 16, 3, 0) or exit 1"'
    refused "see processes of others" 'test -r /proc/1/comm'
    allowed "write to its backups" 'echo x > /var/backups/vertex-ar/staging/x && rm /var/backups/vertex-ar/staging/x'
    allowed "write beside the database" 'echo x > /opt/vertex-ar/app_data/x && rm /opt/vertex-ar/app_data/x'
    allowed "read the storage" "cat $storage/portraits/1.jpg > /dev/null"
    allowed "know owners by name" "[ \"\$(stat -c %U $storage/portraits/4.jpg)\" = www-data ]"
    inside_sh "rm -rf /run/systemd/system/$service.d && systemctl daemon-reload && systemctl reset-failed $service"
}

# in_sandbox SCRIPT: runs it in the place of the program.
in_sandbox() {
    mark
    printf '%s\n' 'echo probing' "$1" > "$container/usr/local/bin/probe"
    inside_sh "mkdir -p /run/systemd/system/$service.d
        printf '%s\n' '[Unit]' StartLimitIntervalSec=0 '[Service]' ExecStart= 'ExecStart=/bin/sh /usr/local/bin/probe' \
            > /run/systemd/system/$service.d/probe.conf
        systemctl daemon-reload"
    run
}

# The script must have run, and failed.
refused_in_sandbox() {
    not in_sandbox "$1" && matches_log '^probing$' -t vertex-ar-backup -o cat && equal "what failed" exited "$(how_it_ended)"
}

how_it_ended() {
    [ "$(show ExecMainCode)" = 1 ] && echo exited
}

refused() {
    check "outside of the sandbox its user can: $1" inside runuser -u vertex-ar -- sh -c "$2"
    check "the sandbox refuses to $1" refused_in_sandbox "$2"
}

allowed() {
    check "the sandbox lets it $1" in_sandbox "$2"
}

failures() {
    printf '#!/bin/sh\ncat >> /var/spool/told\n' > "$container/usr/sbin/sendmail"
    chmod 755 "$container/usr/sbin/sendmail"
    inside_sh "echo 'MAILTO=operator@example.org' > /etc/default/vertex-ar-backup"

    hold_database
    mark
    inside systemctl start --no-block $service
    wait_until inside_sh "[ \$(systemctl show --value -p MainPID $service) != 0 ]"
    sleep 0.5
    inside systemctl kill --signal=KILL $service
    let_go
    check "a killed run has failed" wait_until state_is $service failed
    check "the failure unit ran" wait_until ended $failure
    check "the journal tells the operator, as an error" wait_until matches_log 'vertex-ar-backup.service failed: it was killed by signal KILL' -p err -t vertex-ar-backup -o cat
    check "and so does a mail" matches "$(inside cat /var/spool/told)" '^To: operator@example.org$'
    check "with the last messages" matches "$(inside cat /var/spool/told)" 'Main process exited, code=killed'
    check "the next run works, without any step by hand" run

    inside_sh "chown root $storage/portraits/6.jpg && chmod 600 $storage/portraits/6.jpg"
    mark
    check "an unreadable file makes the run fail" not run
    check "with exit code 3" equal status 3 "$(show ExecMainStatus)"
    check "the snapshot is partial and there" matches "$(inside vertex-ar-backup list)" ' partial '
    check "the file is named as a warning" matches "$(log_of -t vertex-ar-backup -p warning -o cat)" 'portraits/6.jpg'
    check "the operator is told" wait_until matches_log 'the snapshot is partial' -p err -t vertex-ar-backup -o cat
    inside_sh "usermod -aG adm vertex-ar && chgrp adm $storage/portraits/6.jpg && chmod 640 $storage/portraits/6.jpg"
    check "reading it by group membership" run

    inside_sh "echo '{ \"max_backup\": 3 }' > /var/tmp/wrong && cp $config /var/tmp/right && cat /var/tmp/wrong > $config"
    mark
    check "a wrong configuration makes the run fail" not run
    check "and the operator is told what to type" wait_until matches_log 'hint: sudo vertex-ar-backup config check' -p err -t vertex-ar-backup -o cat
    inside_sh "cat /var/tmp/right > $config; rm /var/spool/told; systemctl reset-failed"
}

ended() {
    equal "state of $1" "inactive success" "$(show ActiveState "$1") $(show Result "$1")" && [ "$(show ExecMainStartTimestampMonotonic "$1")" != 0 ]
}

matches_log() {
    local pattern=$1
    shift
    matches "$(log_of "$@")" "$pattern"
}

# Another backup directory, a database in somebody's home and storage under a name with a blank.
other_places() {
    inside_sh "
        set -e
        cp -a $config /var/tmp/right
        install -d -o vertex-ar -g vertex-ar '/srv/my site' /home/alice/data
        cp -a $storage/portraits '/srv/my site/'
        runuser -u vertex-ar -- sqlite3 /home/alice/data/shop.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(42)' > /dev/null
        cat > $config <<'END'
{
  \"backup_dir\": \"/mnt/disk/backup\",
  \"databases\": [ { \"name\": \"shop\", \"path\": \"/home/alice/data/shop.db\" } ],
  \"storage\": [ { \"name\": \"site\", \"path\": \"/srv/my site\" } ],
}
END"
    local said
    said=$(inside vertex-ar-backup config check 2>&1)
    check "config check names a place that the unit cannot write to" matches "$said" '/mnt/disk/backup: .*not writable'
    check "and one that is hidden from it" matches "$said" '/home/alice/data: .*hidden'
    check "and the command that mends it" matches "$said" 'sudo vertex-ar-backup config sandbox \|'
    check "the run fails, not silently" not run
    # Exactly what it says is typed.
    check "the mending command works as printed" inside_sh "$(sed -n 's/^.*let it, with: //p' <<< "$said")"
    said=$(inside vertex-ar-backup config check 2>&1)
    check "then it asks for the directory" matches "$said" 'sudo install -d -o vertex-ar'
    check "which is made as printed" inside_sh "$(sed -n 's/^.*make it, with: //p' <<< "$said")"
    check "now the check is content" inside vertex-ar-backup config check
    check "and the run works" run
    check "the snapshot is in the other place" matches "$(inside vertex-ar-backup list)" ' full +complete '
    check "with the database out of the hidden home" restored_shop
    check "the units beside it take the same drop-in" inside_sh "$drop_ins_beside"
    check "and a drill works there, too" inside systemctl start vertex-ar-backup-drill.service
    inside_sh "rm -rf $(dirname "$paths") /etc/systemd/system/vertex-ar-backup-*.service.d /mnt/disk /srv/look; cat /var/tmp/right > $config; systemctl daemon-reload; systemctl reset-failed"
    check "back at the usual places, a run works" run
}

restored_shop() {
    inside vertex-ar-backup restore latest --to /srv/look || return 1
    equal "the row" 42 "$(inside_sh "sqlite3 \"\$(find /srv/look -name shop.db)\" 'SELECT x FROM t'")"
}

# The scheduler in place of the timer, with jobs due each minute. The database is held all the time: its job waits until it
# is killed, as by the kernel that is out of memory, and in the next minute until it is stopped.
scheduling() {
    local newest
    newest=$(newest_snapshot)
    inside_sh "mkdir -p /run/systemd/system/$scheduler.d
        printf '%s\n' '[Service]' 'Environment=\"BACKUP_DATABASE_SCHEDULE=* * * * *\" \"BACKUP_STORAGE_SCHEDULE=* * * * *\"' \
            'Environment=BACKUP_STORAGE_ENABLED=true BACKUP_FULL_ENABLED=false BACKUP_ROTATION_ENABLED=false' \
            > /run/systemd/system/$scheduler.d/minute.conf
        systemctl daemon-reload"
    hold_database
    mark
    check "the scheduler starts and says that it is ready" inside systemctl start $scheduler
    check "it is running" state_is $scheduler active
    check "it tells systemd what comes next, or what runs" matches "$(show StatusText $scheduler)" '^(next: database, |running database)'
    check "it stopped the timer" state_is $timer inactive
    check "within a minute a job runs" wait_a_minute_until matches_log 'database starts' -u $scheduler -o cat
    check "which systemd is told" wait_until inside_sh "systemctl show -p StatusText $scheduler | grep -q '=running database'"
    # Its only child is the job.
    check "the job is killed" inside_sh "kill -KILL \$(cat /proc/\$(systemctl show --value -p MainPID $scheduler)/task/*/children)"
    check "the scheduler says so" wait_until matches_log 'database failed .* was killed by signal 9' -u $scheduler -p err -o cat
    check "and runs the next job" wait_until matches_log 'storage is done' -u $scheduler -o cat
    check "in the sandbox, with a snapshot" newer_than "$newest"
    check "it is still running, and was not restarted" equal "state, restarts" "active 0" "$(show ActiveState $scheduler) $(show NRestarts $scheduler)"
    mark
    check "in the next minute the job runs again" wait_a_minute_until matches_log 'database starts' -u $scheduler -o cat
    check "starting the timer stops the scheduler" inside systemctl start $timer
    check "with the job that runs" wait_until matches_log 'database was stopped' -u $scheduler -o cat
    check "and that is no failure" wait_until inside_sh "[ \"\$(systemctl show --value -p ActiveState -p Result $scheduler | sort | tr -d '\n')\" = inactivesuccess ]"
    check "the timer is running" state_is $timer active
    let_go
    inside_sh "rm -r /run/systemd/system/$scheduler.d; systemctl daemon-reload"
    mark
    check "the scheduler starts with the times of the configuration" inside systemctl start $scheduler
    check "which it says" matches_log '^full +0 3 \* \* 0 +Sun ' -u $scheduler -o cat
    mark
    check "and says again when asked, as the page for operators has it" inside systemctl kill -s USR1 --kill-who=main $scheduler
    check "with the next time" wait_until matches_log 'next: (database|rotation|full), ' -u $scheduler -o cat
    check "stopped when nothing runs, it ends at once" inside systemctl stop $scheduler
    check "with success" equal result "inactive success" "$(show ActiveState $scheduler) $(show Result $scheduler)"
    inside systemctl start $timer
}

missed_run() {
    local newest
    newest=$(newest_snapshot)
    power_off
    touch -d '2 days ago' "$container/var/lib/systemd/timers/stamp-$timer"
    reboot "after two days" || return
    check "the missed run is caught up with" wait_until newer_than "$newest"
    wait_until state_is $service inactive
    check "once" equal "runs since boot" 1 "$(runs_since_boot)"
    newest=$(newest_snapshot)
    power_off
    reboot "again" || return
    sleep 1
    check "nothing was missed, and nothing runs at boot" equal "runs since boot, newest" "0 $newest" "$(runs_since_boot) $(newest_snapshot)"
}

# The container's processes are this shell's: not in a subshell, as check would have it.
reboot() {
    local up=0
    boot || up=1
    check "boot $1" test $up = 0
    return $up
}

newest_snapshot() {
    inside vertex-ar-backup list | tail -n 1 | cut -d ' ' -f 1
}

newer_than() {
    [ "$(newest_snapshot)" != "$1" ]
}

runs_since_boot() {
    inside journalctl -b -q -u $service -o cat | grep -c '^Starting '
}

upgrade() {
    local pid newest
    newest=$(newest_snapshot)
    inside_sh "sed -i 's/\"max_backups\": 7/\"max_backups\": 6/' $config"
    offer next
    hold_database
    inside systemctl start --no-block $service
    wait_until inside_sh "[ \$(systemctl show --value -p MainPID $service) != 0 ]"
    pid=$(show MainPID)
    check "upgrade, while a backup runs" inside apt-get install -y -qq -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold vertex-ar-backup
    check "the new version is installed" equal version "$next_version" "$(inside dpkg-query -W -f '${Version}' vertex-ar-backup)"
    check "the running backup goes on" equal "its process" "$pid" "$(show MainPID)"
    let_go
    check "and ends well" wait_until ended $service
    check "with a snapshot" newer_than "$newest"
    check "the edited configuration is kept" inside grep -q '"max_backups": 6' $config
    check "the timer is still enabled" equal state enabled "$(inside systemctl is-enabled $timer)"
    check "and running" state_is $timer active
    inside systemctl disable --now -q $timer
    inside apt-get install -y -qq --reinstall vertex-ar-backup > /dev/null 2>&1
    check "one that was disabled stays disabled and still" equal state "disabled inactive" "$(inside systemctl is-enabled $timer) $(show ActiveState $timer)"
    inside systemctl enable --now -q $timer
    check "and the next run works" run
}

removal() {
    local kept said
    kept=$(count_snapshots)
    hold_database
    inside systemctl start --no-block $service
    wait_until inside_sh "[ \$(systemctl show --value -p MainPID $service) != 0 ]"
    check "remove, while a backup runs" inside apt-get remove -y -qq vertex-ar-backup
    let_go
    check "the timer is gone" equal state "inactive" "$(show ActiveState $timer)"
    check "no failed unit is left" equal "failed units" "" "$(inside systemctl list-units --failed --plain --no-legend --no-pager)"
    check "the binary is gone" not inside test -e /usr/bin/vertex-ar-backup
    check "the configuration is kept" inside test -e $config
    check "install again" inside apt-get install -y -qq vertex-ar-backup
    check "the timer is enabled as before" equal state enabled "$(inside systemctl is-enabled $timer)"
    check "the snapshots are all there" equal snapshots "$kept" "$(count_snapshots)"
    inside_sh "install -D -m 644 /dev/null $paths; install -D -m 644 /dev/null ${paths/backup.service/backup-scheduler.service}"
    inside systemctl enable -q $scheduler
    said=$(inside apt-get purge -y vertex-ar-backup 2>&1)
    check "purge says what it keeps" matches "$said" 'backups in /var/backups/vertex-ar and the user vertex-ar are kept'
    check "the backups are there" inside_sh "ls /var/backups/vertex-ar/snapshots/*.json"
    check "the user is there" inside getent passwd vertex-ar
    check "nothing else is" equal "what is left" "" "$(inside_sh "find /etc /var/lib /usr /run/systemd -xdev -name '*vertex-ar-backup*' \
        -not -path '/usr/local/*' -not -path '/var/lib/apt/*' -not -path '/etc/apt/*' -not -path '/etc/default/*'")"
    check "no failed unit is left" equal "failed units" "" "$(inside systemctl list-units --failed --plain --no-legend --no-pager)"
}
