#!/bin/bash
# publish.sh ARCH RID DIR: the native binary for ARCH, as DIR/vertex-ar-backup. For another architecture than this machine's
# it is linked by clang and lld against that architecture's libraries, installed beside our own.
set -euo pipefail

arch=$1 rid=$2 out=$3
here=$(dirname "$0")
# Any warning fails, those of the trimmer and the linker too.
options=(-r "$rid" -c Release -o "$out" --nologo -v quiet -warnaserror)

# What this machine's own binary takes is in the Makefile.
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    if ! dpkg --print-foreign-architectures | grep -qx "$arch"; then
        if [ "$(id -u)" != 0 ]; then
            echo "run as root: dpkg --add-architecture $arch && apt-get update" >&2
            exit 1
        fi
        dpkg --add-architecture "$arch"
        apt-get update -qq
    fi
    options+=(-p:LinkerFlavor=lld)
    "$here/require.sh" clang lld llvm gcc qemu-user-static "binutils-$(dpkg-architecture -a "$arch" -q DEB_HOST_GNU_TYPE 2> /dev/null | tr _ -)"
    "$here/require.sh" "libc6-dev:$arch" "libgcc-$(gcc -dumpversion)-dev:$arch"
fi

"$here/sqlite.sh" "$arch"
"$here/at-work.sh" "publishing for $arch" dotnet publish "$here/../src/vertex-ar-backup.csproj" "${options[@]}"
