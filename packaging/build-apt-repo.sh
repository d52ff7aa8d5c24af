#!/bin/bash
# build-apt-repo.sh KEY DIR PACKAGE...: a flat apt repository of these packages in DIR, signed with KEY: the fingerprint or
# address of a secret key in the caller's GnuPG home. On a server, in /etc/apt/sources.list.d/vertex-ar-backup.sources:
#   Types: deb
#   URIs: https://HOST/PATH
#   Suites: ./
#   Signed-By: /etc/apt/keyrings/vertex-ar-backup.asc
set -euo pipefail
umask 022

if [ -z "${1:-}" ]; then
    echo "build-apt-repo.sh: say with which secret key to sign: make apt-repo KEY=FINGERPRINT" >&2
    exit 2
fi
key=$1 repository=$2
shift 2

rm -rf "$repository"
mkdir -p "$repository"
cp "$@" "$repository/"
cd "$repository"
apt-ftparchive packages . > Packages
gzip -9nk Packages
apt-ftparchive \
    -o APT::FTPArchive::Release::Origin=vertex-ar-backup \
    -o APT::FTPArchive::Release::Label=vertex-ar-backup \
    -o APT::FTPArchive::Release::Suite=stable \
    -o "APT::FTPArchive::Release::Architectures=amd64 arm64" \
    release . > ../Release.new
mv ../Release.new Release
gpg --batch --yes --local-user "$key" --clearsign --output InRelease Release
gpg --batch --yes --local-user "$key" --armor --detach-sign --output Release.gpg Release
gpg --batch --yes --armor --export "$key" > vertex-ar-backup.asc
echo "$repository: $(grep -c ^Package: Packages) packages"
