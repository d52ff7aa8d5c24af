#!/bin/bash
# build-deb.sh ARCH BINARY NATIVE: lays out the tree of the package under artifacts/ and builds artifacts/*.deb from it.
# BINARY is the program to ship, for ARCH (amd64 or arm64). NATIVE is the same program for this machine: it prints the man
# page and the completions. The result depends on nothing but the sources, not on the directory, time, zone or umask.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

arch=$1 binary=$(realpath "$2") native=$(realpath "$3")
root=$(realpath "$(dirname "$0")/..")
out=$root/artifacts
tree=$out/deb/$arch/tree

version=$(dpkg-parsechangelog -l "$root/packaging/debian/changelog" -S Version)
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l "$root/packaging/debian/changelog" -S Timestamp)
export SOURCE_DATE_EPOCH

objcopy=objcopy cross=() run=()
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    run=("qemu-$(dpkg-architecture -a "$arch" -q DEB_HOST_GNU_CPU 2> /dev/null)-static")
    objcopy=$(dpkg-architecture -a "$arch" -q DEB_HOST_GNU_TYPE 2> /dev/null)-objcopy cross=("--host-arch=$arch")
fi

says=$("${run[@]}" "$binary" --version)
if [ "$says" != "vertex-ar-backup $version" ]; then
    echo "build-deb.sh: the binary says '$says', debian/changelog says '$version'" >&2
    exit 1
fi

rm -rf "$out/deb/$arch"
mkdir -p "$tree/docs" "$tree/completion/bash" "$tree/completion/zsh"
cp -R "$root/packaging/debian" "$tree/"
cp "$root"/systemd/vertex-ar-backup.service "$root"/systemd/vertex-ar-backup.timer "$tree/debian/"
cp "$root"/systemd/vertex-ar-backup-scheduler.service "$tree/debian/vertex-ar-backup.vertex-ar-backup-scheduler.service"
cp "$root"/systemd/vertex-ar-backup-failure@.service "$root"/systemd/report-failure "$root"/systemd/vertex-ar-backup-spring.* "$root"/systemd/start-skipped "$root"/systemd/vertex-ar-backup-stick@.service "$root"/systemd/stick "$tree/"
for name in drill verify verify-deep; do
    for type in service timer; do
        # debhelper's name for a unit that is not called as its package is.
        cp "$root/systemd/vertex-ar-backup-$name.$type" "$tree/debian/vertex-ar-backup.vertex-ar-backup-$name.$type"
    done
done
cp "$root"/packaging/config.json "$root"/packaging/vertex-ar-backup.json.5 "$tree/"
cp "$root"/systemd/README.md "$tree/docs/systemd.md"
for page in README.md src/Storage/FORMAT.md; do
    if [ -e "$root/$page" ]; then
        cp "$root/$page" "$tree/docs/"
    fi
done
"$objcopy" --remove-section=.comment "$binary" "$tree/vertex-ar-backup"
"$native" help --man > "$tree/vertex-ar-backup.1"
"$native" help --completion bash > "$tree/completion/bash/vertex-ar-backup"
"$native" help --completion zsh > "$tree/completion/zsh/_vertex-ar-backup"

# What the linker took from Debian's static libraries and start files.
packages=("libc6-dev:$arch" "libgcc-$(gcc -dumpversion)-dev:$arch")
dpkg-query -W -f '${source:Package} (= ${source:Version})\n' "${packages[@]}" | sort -u | paste -sd, | sed 's/,/, /g' > "$tree/static-built-using"

# The modes of a checkout follow its umask; those of the package do not.
chmod -R u=rwX,go=rX "$tree"
cd "$tree"
DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} noautodbgsym" dpkg-buildpackage -b -us -uc -d "${cross[@]}" > ../build.log 2>&1 || {
    cat ../build.log >&2
    exit 1
}
cp "../vertex-ar-backup_${version}_$arch.deb" "$out/"
echo "artifacts/vertex-ar-backup_${version}_$arch.deb"
