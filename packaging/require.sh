#!/bin/bash
# require.sh PACKAGE...: makes sure that these Debian packages are installed, and with the word "sdk" among them, that there is
# a .NET SDK that global.json accepts. As root it installs the packages that are missing; as another user it names them in one
# line, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

sdk_is_there() {
    local wanted
    wanted=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json)
    if ! command -v dotnet >/dev/null; then
        echo "the .NET SDK is missing: install version $wanted or a later patch of it, and put 'dotnet' in the PATH" >&2
        return 1
    fi
    if ! dotnet --version >/dev/null 2>&1; then
        echo "no .NET SDK here is of version $wanted or a later patch of it, as global.json asks; 'dotnet --version' explains" >&2
        return 1
    fi
}

missing=() failed=''
for package in "$@"; do
    if [ "$package" = sdk ]; then
        sdk_is_there || failed=1
    elif ! dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" != 0 ]; then
    echo "missing packages; run as root: apt-get install ${missing[*]}" >&2
    failed=1
fi
if [ -n "$failed" ]; then
    exit 1
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

# What apt says matters only if it fails. The lists of packages may be missing, or too old.
install() {
    apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}
install_or_update() {
    local said
    said=$({ install "$@" || { apt-get update -qq && install "$@"; }; } 2>&1) || {
        echo "$said" >&2
        return 1
    }
}
export DEBIAN_FRONTEND=noninteractive
export -f install install_or_update
packaging/at-work.sh "installing ${missing[*]}" bash -c 'install_or_update "$@"' bash "${missing[@]}"
