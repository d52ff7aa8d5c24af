# The Debian package and its repository. Included by the Makefile.

NATIVE_ARCH := $(shell dpkg --print-architecture 2>/dev/null)
ARCH ?= $(NATIVE_ARCH)

NEED_DEB := dpkg-buildpackage=dpkg-dev dh=debhelper
NEED_LINT := lintian=lintian
NEED_APT_REPO := apt-ftparchive=apt-utils gpg=gnupg

# What is shipped, and the same program for this machine, which prints the man page.
SHIPPED = $(if $(filter $(ARCH),$(NATIVE_ARCH)),$(BINARY),artifacts/cross/$(ARCH)/vertex-ar-backup)

##@ deb          the Debian package; ARCH=arm64 for another architecture than this machine's
.PHONY: deb
deb: $(BINARY) $(SHIPPED)
	@$(NEED) $(NEED_DEB)
	packaging/build-deb.sh $(ARCH) $(SHIPPED) $(BINARY)

artifacts/cross/%/vertex-ar-backup: $(SOURCES)
	packaging/cross-build.sh $* $(@D)

##@ lint-deb     what lintian says of it, at its most pedantic: nothing
.PHONY: lint-deb
lint-deb: deb
	@$(NEED) $(NEED_LINT)
	lintian --allow-root -iIE --pedantic --fail-on error,warning,info,pedantic artifacts/deb/$(ARCH)/*_$(ARCH).changes

##@ test-reproducible  a copy of the tree elsewhere gives the same package, byte for byte
.PHONY: test-reproducible
test-reproducible: deb
	packaging/test-reproducible.sh $(ARCH)

##@ apt-repo     artifacts/apt: a flat repository of the packages, signed with the secret key KEY=FINGERPRINT
.PHONY: apt-repo
apt-repo: deb
	@$(NEED) $(NEED_APT_REPO)
	packaging/build-apt-repo.sh "$(KEY)" artifacts/apt artifacts/*.deb
