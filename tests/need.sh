#!/bin/sh
# need.sh COMMAND-OR-FILE=PACKAGE...
# Sees to it that commands and files are there: root installs the missing Debian packages, anybody else is told which.
set -eu

missing=
for need in "$@"; do
    thing=${need%%=*}
    case $thing in
    /*) test -e "$thing" ;;
    *) command -v "$thing" >/dev/null ;;
    esac || missing="$missing ${need#*=}"
done
test -n "$missing" || exit 0

if test "$(id -u)" -ne 0; then
    echo "please install what is missing: sudo apt-get install$missing" >&2
    exit 2
fi

echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
# shellcheck disable=SC2086 # A list of packages.
apt-get -qq install -y --no-install-recommends $missing >/dev/null
