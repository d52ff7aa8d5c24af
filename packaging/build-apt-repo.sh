#!/bin/bash
# build-apt-repo.sh KEY: a flat apt repository of artifacts/*.deb in artifacts/apt, signed with KEY: the fingerprint or
# address of a secret key in the caller's GnuPG home. On a server:
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
key=$1
artifacts=$(realpath "$(dirname "$0")/../artifacts")
repository=$artifacts/apt

rm -rf "$repository"
mkdir -p "$repository"
cp "$artifacts"/*.deb "$repository/"
cd "$repository"
apt-ftparchive packages . > Packages
gzip -9nk Packages
apt-ftparchive \
    -o APT::FTPArchive::Release::Origin=vertex-ar-backup \
    -o APT::FTPArchive::Release::Label=vertex-ar-backup \
    -o APT::FTPArchive::Release::Suite=stable \
    -o "APT::FTPArchive::Release::Architectures=amd64 arm64" \
    release . > Release.new
mv Release.new Release
gpg --batch --yes --local-user "$key" --clearsign --output InRelease Release
gpg --batch --yes --local-user "$key" --armor --detach-sign --output Release.gpg Release
gpg --batch --yes --armor --export "$key" > vertex-ar-backup.asc
echo "artifacts/apt: $(grep -c ^Package: Packages) packages"
