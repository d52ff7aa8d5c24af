#!/bin/bash
# run.sh SUITE...: boots each Debian in a container and goes through the life of the package, as an operator would. Ends
# with the totals. Where containers cannot be booted it says so, and that suite counts as skipped.
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
    echo "$suite"
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
    echo "  ($suite took $((SECONDS - started)) s)"
}

if [ "$(id -u)" != 0 ]; then
    cannot_boot "all of it" "only root can"
    totals
    exit
fi

"$root/packaging/require.sh" systemd-container mmdebstrap apt-utils gnupg procps python3-swift openssh-client rclone || exit 1
mkdir -p "$work"
trap 'power_off; stop_copies; rm -rf "$work"/*-under-test-$$' EXIT
trap 'exit 130' INT TERM
make_repositories || exit 1
for suite in "$@"; do
    run_suite "$suite"
done
# On one of them is enough.
disaster "$1"
totals
