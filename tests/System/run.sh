#!/bin/bash
# run.sh SUITE...: boots each Debian in a container and goes through the life of the package, as an operator would; in one more
# container, of the first Debian, the machine is lost. All at once. Ends with the totals. Where containers cannot be booted it
# says so, and that counts as skipped.
# shellcheck source-path=SCRIPTDIR
set -uo pipefail

root=$(realpath "$(dirname "$0")/../..")
here=$root/tests/System
. "$here/container.sh"
. "$here/checks.sh"
. "$here/repository.sh"
. "$here/site.sh"
. "$here/telling.sh"
. "$here/rehearsals.sh"
. "$here/nights.sh"
. "$here/stick.sh"
. "$here/life.sh"
. "$here/offsite.sh"

cannot_boot() {
    skip "$1" "this machine cannot boot containers: $2"
}

live() {
    new_container "$1"
    if ! boot; then
        power_off
        cannot_boot "$1" "$(tail -n 1 "$console")"
        return
    fi
    whole_life "$1"
    power_off
    rm -rf "$container"
}

# start LANE COMMAND SUITE: in a process of its own, since each uses less than half a core.
start() {
    (
        trap 'power_off; stop_copies; pull_out' EXIT
        trap 'exit 130' INT TERM
        lane=$1 started=$SECONDS
        if [ -e "$work/$3.made" ]; then
            "$2" "$3"
        else
            cannot_boot "$3" "no base system could be made"
        fi
        echo "  (took $((SECONDS - started)) s)"
        echo "$passed $failed $skipped" > "$work/$lane.counts"
    ) 2>&1 | sed -u "s/^/$1: /" &
}

# add_counts LANE: what it came to; a failure if it did not come to an end.
add_counts() {
    local p=0 f=1 s=0
    read -r p f s < "$work/$1.counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

if [ "$(id -u)" != 0 ]; then
    cannot_boot "all of it" "only root can"
    totals
    exit
fi

mkdir -p "$work"
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$work"/*-under-test-$$' EXIT
trap 'exit 130' INT TERM
make_repositories || exit 1
rm -f "$work"/*.counts
for suite in "$@"; do
    base_system "$suite" &
done
wait
for suite in "$@"; do
    start "$suite" live "$suite"
done
# On one of them is enough.
start lost disaster "$1"
wait
for lane in "$@" lost; do
    add_counts "$lane"
done
totals
