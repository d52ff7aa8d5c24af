#!/bin/bash
# run.sh SUITE...: boots each Debian in a container, all at once, and goes through the life of the package, as an operator
# would. Ends with the totals. Where containers cannot be booted it says so, and that suite counts as skipped.
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
. "$here/life.sh"
. "$here/offsite.sh"

cannot_boot() {
    skip "$1" "this machine cannot boot containers: $2"
}

run_suite() {
    local suite=$1 started=$SECONDS
    if ! base_system "$suite"; then
        cannot_boot "$suite" "no base system could be made"
        return
    fi
    new_container "$suite"
    if ! boot; then
        power_off
        cannot_boot "$suite" "$(tail -n 1 "$console")"
        return
    fi
    whole_life "$suite"
    power_off
    rm -rf "$container"
    echo "  (took $((SECONDS - started)) s)"
}

# start_suite SUITE: in a process of its own, since a suite uses less than half a core.
start_suite() {
    (
        trap power_off EXIT
        trap 'exit 130' INT TERM
        run_suite "$1"
        echo "$passed $failed $skipped" > "$work/$1.counts"
    ) 2>&1 | sed -u "s/^/$1: /" &
}

# add_counts SUITE: what it came to; a failure if it did not come to an end.
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

"$root/packaging/require.sh" systemd-container mmdebstrap apt-utils gnupg procps python3-swift openssh-client rclone || exit 1
mkdir -p "$work"
trap 'kill $(jobs -p) 2> /dev/null; power_off; stop_copies; wait; rm -rf "$work"/*-under-test-$$' EXIT
trap 'exit 130' INT TERM
make_repositories || exit 1
rm -f "$work"/*.counts
for suite in "$@"; do
    start_suite "$suite"
done
wait
for suite in "$@"; do
    add_counts "$suite"
done
# On one of them is enough.
disaster "$1"
totals
