#!/bin/bash
# require.sh PACKAGE...: sees to it that these Debian packages are installed. As root it installs what is missing; as
# another user it says in one line what to install, and fails.
set -euo pipefail

missing=()
for package in "$@"; do
    if ! dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

if [ "$(id -u)" != 0 ]; then
    echo "missing packages; run as root: apt-get install ${missing[*]}" >&2
    exit 1
fi

install=(apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}")
export DEBIAN_FRONTEND=noninteractive
"${install[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${install[@]}" >/dev/null; }
