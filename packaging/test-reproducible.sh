#!/bin/bash
# test-reproducible.sh ARCH: builds the tree once more, from a copy in another place and under another umask and time zone,
# and compares the package with the one in artifacts, byte for byte.
set -euo pipefail

arch=$1
root=$(realpath "$(dirname "$0")/..")
first=$(ls "$root"/artifacts/vertex-ar-backup_*_"$arch".deb)
copy=$(mktemp -d)/another/place
trap 'rm -rf "${copy%/another/place}"' EXIT

mkdir -p "$copy"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar -c --null -T - ) | tar -x -C "$copy"
(
    cd "$copy"
    umask 077
    TZ=Asia/Kathmandu LC_ALL=C make deb "ARCH=$arch" > build.log 2>&1 || { cat build.log >&2; exit 1; }
)

second=$copy/artifacts/$(basename "$first")
if cmp "$first" "$second"; then
    echo "reproducible: $(sha256sum < "$first" | cut -c 1-16)… $(basename "$first"), from two directories"
else
    dpkg-deb -R "$first" "$copy/a" && dpkg-deb -R "$second" "$copy/b" && diff -rq "$copy/a" "$copy/b" >&2
    exit 1
fi
