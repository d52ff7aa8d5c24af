#!/bin/bash
# cross-build.sh ARCH DIR: the native binary for another architecture than this machine's, as DIR/vertex-ar-backup. It is
# linked by clang and lld against that architecture's libraries, which Debian installs beside our own.
set -euo pipefail
cd "$(dirname "$0")/.."

arch=$1 out=$2
case $arch in
    amd64) rid=linux-x64 ;;
    arm64) rid=linux-arm64 ;;
    *) echo "cross-build.sh: the architecture must be amd64 or arm64, not '$arch'" >&2; exit 2 ;;
esac

if ! dpkg --print-foreign-architectures | grep -qx "$arch"; then
    if [ "$(id -u)" != 0 ]; then
        echo "please add the architecture: sudo dpkg --add-architecture $arch" >&2
        exit 2
    fi
    dpkg --add-architecture "$arch"
fi
tests/need.sh clang=clang ld.lld=lld gcc=gcc dpkg-architecture=dpkg-dev
triplet=$(dpkg-architecture -a "$arch" -q DEB_HOST_MULTIARCH 2> /dev/null)
gcc=$(gcc -dumpversion)
tests/need.sh \
    "/usr/lib/$triplet/libc.so=libc6-dev:$arch" \
    "/usr/lib/$triplet/libsqlite3.a=libsqlite3-dev:$arch" \
    "/usr/lib/gcc/$triplet/$gcc/libgcc.a=libgcc-$gcc-dev:$arch" \
    "$triplet-objcopy=binutils-${triplet//_/-}" \
    llvm-objcopy=llvm \
    "qemu-${triplet%%-*}-static=qemu-user-static"

rm -rf "$out"
dotnet publish src/vertex-ar-backup.csproj -c Release -r "$rid" -o "$out" -warnaserror -v quiet -p:LinkerFlavor=lld
