#!/bin/bash
# sqlite.sh ARCH: SQLite for ARCH (amd64 or arm64), with the features that a check of foreign databases needs, as
# artifacts/sqlite/ARCH/libsqlite3.a. Debian's own is older than the databases that applications bring along. The one file of C comes
# in a package of the npm registry, which keeps each version for good; nothing of that package is run.
set -euo pipefail

arch=$1
package=better-sqlite3 version=13.2.0
sha256=40487589df3496f2ee0079d22b73c63fccebe7db0e8ee9a2c42421861e321e0b

here=$(realpath "$(dirname "$0")")
root=$(dirname "$here")/artifacts/sqlite
archive=$root/$package-$version.tgz
library=$root/$arch/libsqlite3.a
recipe=$(sha256sum < "$here/sqlite.sh")
if [ -e "$library" ] && [ "$(cat "$library.recipe" 2> /dev/null)" = "$recipe" ]; then
    touch "$library"
    exit 0
fi

options=(
    -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_MEMSTATUS=0
    # What a schema may name.
    -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_GEOPOLY
    -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_PERCENTILE -DSQLITE_SOUNDEX
    # What a check looks with.
    -DSQLITE_ENABLE_DBPAGE_VTAB -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_UNKNOWN_SQL_FUNCTION
    # What the binding for .NET expects to find.
    -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_SNAPSHOT
)

matches() {
    echo "$sha256  $archive" | sha256sum --check --status
}

# Debian's npm knows only certificates of its own; this machine's list may have more.
fetch() {
    command -v npm > /dev/null || "$here/require.sh" npm
    echo "fetching SQLite: $package $version"
    local pack=(npm pack --silent --pack-destination "$root" "$package@$version")
    "${pack[@]}" > /dev/null 2>&1 || npm_config_cafile=/etc/ssl/certs/ca-certificates.crt "${pack[@]}" > /dev/null || {
        echo "sqlite.sh: npm cannot fetch $package@$version; put that package there as $archive" >&2
        exit 1
    }
}

mkdir -p "$root/$arch"
matches 2> /dev/null || fetch
matches || {
    echo "sqlite.sh: $archive is not $package $version: its SHA-256 differs from $sha256" >&2
    exit 1
}

work=$(mktemp -d "$root/$arch/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xzf "$archive" -C "$work" --strip-components=3 package/deps/sqlite3/sqlite3.c package/deps/sqlite3/sqlite3.h
# The binding names these two; code from a file is never loaded.
cat >> "$work/sqlite3.c" << 'END'
int sqlite3_load_extension(sqlite3 *db, const char *file, const char *entry, char **error) { return SQLITE_ERROR; }
int sqlite3_enable_load_extension(sqlite3 *db, int on) { return SQLITE_ERROR; }
END
compile=(gcc) collect=ar
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    compile=(clang "--target=$(dpkg-architecture -a "$arch" -q DEB_HOST_GNU_TYPE 2> /dev/null)") collect=llvm-ar
fi
release=$(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$work/sqlite3.h")
cd "$work"
"$here/at-work.sh" "compiling SQLite $release for $arch" \
    "${compile[@]}" -c -O2 -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 "${options[@]}" sqlite3.c -o sqlite3.o
"$collect" rcsD libsqlite3.a sqlite3.o
mv libsqlite3.a "$library"
echo "$recipe" > "$library.recipe"
