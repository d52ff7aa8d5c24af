# shellcheck shell=bash
# The nights on which the clock changes, on a machine that made no backup since it was started. Sourced by run.sh.

spring=vertex-ar-backup-spring

# The clock of a container is the machine's, but its zone is its own. So a zone is made in which it is now just before two, and in
# which the clock then skips from two to just before four: a night of spring that takes twenty seconds.
spring_night() {
    local newest
    check "each zone of the world has a four o'clock, for ten years" every_zone_every_day "$(calendar_of $spring.timer)" \
        "$(inside_sh "date -d '2 days' +%F")" 3650
    check "and in the middle of Europe one night has no two o'clock" not in_zone Europe/Berlin date -d '2027-03-28 02:00:00'
    check "on which the timer would not elapse" matches \
        "$(in_zone Europe/Berlin systemd-analyze calendar --base-time='2027-03-27 12:00' "$(calendar_of $timer)")" 'Next elapse: Mon 2027-03-29 02:00:00'
    check "the timer has its stand-in with it" state_is $spring.timer active
    newest=$(newest_snapshot)
    mark
    clock_shows 01:59:45 '2:00 1:59:55'
    check "a night without two o'clock begins" not inside date -d 02:00:00
    check "four o'clock comes" wait_a_minute_until matches_log 'clock skips 02:00:00' -u $spring.service -o cat
    check "the backup runs all the same" wait_until newer_than "$newest"
    check "once" equal runs 1 "$(log_of -u $service -o cat | grep -c '^Starting ')"
    wait_until state_is $service inactive
    newest=$(newest_snapshot)
    mark
    clock_shows 03:59:50
    check "on another night four o'clock comes too" wait_a_minute_until matches_log '^Finished ' -u $spring.service -o cat
    check "and nothing runs" equal "newest, runs" "$newest 0" "$(newest_snapshot) $(log_of -u $service -o cat | grep -c '^Starting ')"
    inside_sh "rm /etc/localtime; systemctl restart $timer"
    check "stopping the timer stops its stand-in" stops_together
    inside systemctl start $timer
}

stops_together() {
    inside systemctl stop $timer && state_is $spring.timer inactive
}

calendar_of() {
    inside systemctl cat "$1" | sed -n 's/^OnCalendar=//p'
}

in_zone() {
    local zone=$1
    shift
    inside env TZ="$zone" "$@"
}

# clock_shows TIME [RULE]: sets a zone in which it is TIME now. RULE is when today's clock goes on, and by how much, for zic.
clock_shows() {
    local now offset
    now=$(date +%s)
    offset=$(($(date -u -d "1970-01-01 $1" +%s) - now % 86400))
    {
        echo 'Rule Night 2000 only - Jan 1 0:00 0 -'
        [ -z "${2:-}" ] || echo "Rule Night $(LC_ALL=C date -u -d "@$((now + offset))" '+%Y only - %b %d') $2 S"
        printf 'Zone Night %s%d:%02d:%02d Night NST/NDT\n' "$([ $offset -ge 0 ] || echo -)" $((${offset#-} / 3600)) $((${offset#-} / 60 % 60)) $((${offset#-} % 60))
    } > "$container/root/night"
    inside_sh "cd /root && zic -d . night && mv Night /etc/localtime && systemctl restart $timer"
}

# every_zone_every_day CALENDAR FIRST DAYS: systemd's own arithmetic, in each zone of tzdata that differs from the others: so many
# elapses are of as many days, and the last is of the day that is the last if none is missing.
every_zone_every_day() {
    local end
    end=$(date -d "$2 + $(($3 - 1)) days" +%F)
    rm -rf "$container/usr/share/zoneinfo"
    cp -a /usr/share/zoneinfo "$container/usr/share/zoneinfo"
    inside_sh "cd /usr/share/zoneinfo && find . -type f -path './[A-Z]*' -exec sha256sum {} + | sort | uniq -w 64 | cut -c 69-" > "$work/$lane.zones"
    inside_sh "for zone in $(paste -s -d ' ' "$work/$lane.zones"); do
        echo \"zone \$zone\"
        TZ=\$zone systemd-analyze calendar --base-time='$2 00:00:00' --iterations=$3 '$1'
    done" | awk -v end="$end" -v days="$3" '
        function done() { if (zone != "" && (elapsed != days || day != end)) { print zone " has " elapsed " days until " day; bad = 1 } }
        $1 == "zone" { done(); zone = $2; elapsed = 0; day = "" }
        /Next elapse: |Iter/ { if ($(NF - 2) != day) elapsed++; day = $(NF - 2) }
        END { done(); exit bad }' || return 1
    [ "$(wc -l < "$work/$lane.zones")" -gt 300 ]
}
