# shellcheck shell=bash
# A Debian with its own systemd, in a container without network, or with the host's if network is set to nothing. Sourced by run.sh.

work=$root/artifacts/system
container='' console='' leader='' nspawn=''

# base_system SUITE: a fresh Debian server as a directory, kept between runs as long as it is to hold the same. It has OpenSSL,
# rclone, what a server has to rotate logs, and, for the site, sqlite3.
base_system() {
    local suite=$1 base=$work/$1 openssl=libssl3 packages
    if [ "$suite" != bookworm ]; then
        openssl=libssl3t64
    fi
    packages=systemd-sysv,dbus,ca-certificates,$openssl,passwd,sqlite3,logrotate,rclone
    if [ "$(cat "$base.made" 2>/dev/null)" != "$packages" ]; then
        rm -rf --one-file-system "$base" "$base.made"
        # What is mounted below goes with whoever mounted it: killed in the middle, it left /proc and /sys to the next "rm -rf".
        unshare --mount mmdebstrap --quiet --variant=apt --include="$packages" "$suite" "$base" && echo "$packages" > "$base.made"
    fi
}

# new_container SUITE: a copy of it for this lane, to be booted.
new_container() {
    container=$work/$lane-under-test-$$
    console=$work/$lane-console.log
    rm -rf "$container"
    cp -a "$work/$1" "$container"
    rm -f "$container/etc/machine-id"
    : > "$container/etc/machine-id"
    : > "$console"
}

# systemd needs a cgroup of its own; it is made in whatever hierarchies this machine has.
enter_own_cgroup() {
    local name=$1 pid=$2 hierarchy
    for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        if [ -e "$hierarchy/cgroup.procs" ]; then
            mkdir -p "$hierarchy/$name" && echo "$pid" > "$hierarchy/$name/cgroup.procs" || true
        fi
    done 2>/dev/null
}

# boot: 0 when it is up; its console is in $console.
boot() {
    local name=${container##*/} tries=300
    (
        enter_own_cgroup "$name" "$BASHPID"
        export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        exec setsid systemd-nspawn -q -D "$container" -M "$name" ${network---private-network} --timezone=off --register=no --keep-unit \
            --console=read-only --kill-signal=SIGRTMIN+4 -b
    ) < /dev/null >> "$console" 2>&1 &
    nspawn=$!
    while ((tries-- > 0)); do
        sleep 0.2
        if ! kill -0 "$nspawn" 2>/dev/null; then
            return 1
        fi
        leader=$(pgrep -P "$nspawn" | head -n 1) || continue
        case $(inside systemctl is-system-running 2>/dev/null) in
            running | degraded) return 0 ;;
        esac
    done
    return 1
}

power_off() {
    local tries=100
    if [ -n "$nspawn" ]; then
        kill -TERM "$nspawn" 2>/dev/null
        while kill -0 "$nspawn" 2>/dev/null && ((tries-- > 0)); do
            sleep 0.2
        done
        kill -KILL "$leader" "$nspawn" 2>/dev/null
        wait "$nspawn" 2>/dev/null
        nspawn='' leader=''
    fi
}

# inside COMMAND...: as root in the booted container.
inside() {
    nsenter -t "$leader" -m -u -i -n -p -C -r -w \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive SYSTEMD_PAGER=cat "$@" < /dev/null
}

# inside_sh SCRIPT: the same for a script.
inside_sh() {
    inside bash -c "$1"
}
