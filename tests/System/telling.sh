# shellcheck shell=bash
# Who hears of a failure, once each, and the log file. Sourced by run.sh.

log_file=/var/log/vertex-ar-backup/backup.log

telling() {
    listen
    check "a log file in its own directory is good for the installed unit" inside vertex-ar-backup config check

    mark
    check "a run that ends well" run
    check "is heard of by the healthcheck only" equal heard "/ping /ping/start" "$(heard)"
    check "and is in the log file" matches "$(inside cat $log_file)" ' info create-full ends: success, exit code 0'
    check "which is the service's" equal owner "vertex-ar:vertex-ar 640" "$(inside stat -c '%U:%G %a' $log_file)"
    check "logrotate rotates it" inside logrotate -f /etc/logrotate.d/vertex-ar-backup
    check "and the next run, told nothing, writes on" run
    check "to the new file" equal "begins" "1 1" "$(inside_sh "echo \$(grep -c 'create-full begins' $log_file.1) \$(grep -c 'create-full begins' $log_file)")"

    forget
    hold_database
    mark
    inside systemctl start --no-block $service
    wait_until inside_sh "[ \$(systemctl show --value -p MainPID $service) != 0 ]"
    wait_until has_heard /ping/start
    inside systemctl kill --signal=KILL $service
    let_go
    check "of a killed run" wait_until matches_log 'failed: it was killed by signal KILL' -p err -t vertex-ar-backup -o cat
    check "the failure unit" wait_until ended $failure
    check "tells each channel once, with the token that is a credential" equal heard "/bot7:systemTest/sendMessage /hook /ping/fail /ping/start" "$(heard)"
    check "and why" matches "$(inside cat /var/spool/heard)" 'vertex-ar-backup.service failed: it was killed by signal KILL'
    check "and what to do" matches "$(inside cat /var/spool/heard)" 'What to do: see what happened then'

    forget
    inside_sh "mv $storage $storage.away"
    mark
    check "a run that fails by itself" not run
    inside_sh "mv $storage.away $storage"
    check "has its failure unit too" wait_until matches_log 'failed: something could not be read: the snapshot is partial' -p err -t vertex-ar-backup -o cat
    wait_until ended $failure
    check "but is heard of once" equal heard "/bot7:systemTest/sendMessage /hook /ping/fail /ping/start" "$(heard)"

    forget
    tell_config '"max_backup": 3,'
    mark
    check "a run with a wrong configuration" not run
    check "is told of by the failure unit" wait_until matches_log 'failed: its configuration is wrong' -p err -t vertex-ar-backup -o cat
    wait_until ended $failure
    check "once" equal heard "/bot7:systemTest/sendMessage /hook /ping/fail" "$(heard)"
    tell_config ''
    check "notify as the service would, by hand" inside systemd-run --quiet --pipe -p LoadCredential=telegram-token:vertex-ar-backup.telegram-token \
        vertex-ar-backup notify test
    check "the token is in no journal" not matches "$(inside journalctl -q -o json)" systemTest

    stop_listening
    check "back in silence, a run works" run
}

# tell_config MORE: a configuration with all channels that need no mail, and with MORE.
tell_config() {
    inside_sh "echo '{ $1 \"log_file\": \"$log_file\", \"notify\": {
        \"telegram\": { \"chat_id\": 1, \"api_url\": \"http://127.0.0.1:8025\" },
        \"webhook_url\": \"http://127.0.0.1:8025/hook\", \"healthcheck_url\": \"http://127.0.0.1:8025/ping\" } }' > $config"
}

# Tells all channels from now on, until stop_listening: a web server answers all with 200 and writes down what it hears; of languages, a Debian server has Perl.
listen() {
    cat > "$container/usr/local/bin/listener" <<'END'
use IO::Socket::INET;
$SIG{PIPE} = 'IGNORE';
my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.1:8025', Listen => 9, ReuseAddr => 1) or die;
while (my $caller = $door->accept) {
    my ($first, $length, $body) = ('', 0, '');
    while (defined(my $line = <$caller>)) {
        $first ||= $line;
        $length = $1 if $line =~ /^Content-Length: *(\d+)/i;
        last if $line =~ /^\r?$/;
    }
    read($caller, $body, $length);
    open my $heard, '>>', '/var/spool/heard';
    print $heard "$first$body\n";
    close $heard;
    print $caller "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    close $caller;
}
END
    inside systemd-run --quiet --collect --unit=listener perl /usr/local/bin/listener
    wait_until inside_sh 'exec 3<> /dev/tcp/127.0.0.1/8025'
    forget
    inside_sh "
        set -e
        cp -a $config /var/tmp/right
        install -D -m 600 /dev/null /etc/credstore/vertex-ar-backup.telegram-token
        echo 7:systemTest > /etc/credstore/vertex-ar-backup.telegram-token"
    tell_config ''
}

stop_listening() {
    inside_sh "cat /var/tmp/right > $config; rm -f /etc/credstore/vertex-ar-backup.telegram-token /var/spool/heard; systemctl stop listener.service; systemctl reset-failed"
}

forget() {
    sleep 0.5
    inside_sh ': > /var/spool/heard'
}

has_heard() {
    [[ " $(heard) " == *" $1 "* ]]
}

# What was asked for since, sorted.
heard() {
    inside_sh "grep -a '^POST ' /var/spool/heard | cut -d ' ' -f 2 | sort | paste -s -d ' '"
}
