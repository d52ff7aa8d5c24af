# The Debian package and its repository. Included by the Makefile; paths are seen from the top of the tree.
#
#   make deb                the package for this machine's architecture: artifacts/vertex-ar-backup_VERSION_ARCH.deb
#   make deb ARCH=arm64     the same for another one
#   make lint-deb           what lintian has to say of it; nothing, at its most pedantic
#   make test-reproducible  a copy of the tree in another place, built under other circumstances, gives the same bytes
#   make apt-repo KEY=...   artifacts/apt: a flat repository of all built packages, signed with the given secret key

ARCH ?= $(NATIVE_ARCH)
SHIPPED := $(if $(filter $(NATIVE_ARCH),$(ARCH)),$(BINARY),artifacts/publish/$(ARCH)/vertex-ar-backup)

.PHONY: deb lint-deb test-reproducible apt-repo

NEED_deb := dpkg-dev debhelper
NEED_lint-deb := $(NEED_deb) lintian
NEED_apt-repo := $(NEED_deb) apt-utils gnupg

deb: need-deb $(BINARY) $(SHIPPED)
	@$(AT_WORK) "building the package" packaging/build-deb.sh $(ARCH) $(SHIPPED) $(BINARY)

artifacts/publish/%/vertex-ar-backup: $(SOURCES)
	@packaging/publish.sh $* $(RID_$*) $(@D)

# Debian 12's lintian does not know Static-Built-Using, which its dpkg does.
lint-deb: need-lint-deb deb
	@$(AT_WORK) lintian lintian --suppress-tags unknown-field --allow-root -iIE --pedantic --fail-on error,warning,info,pedantic artifacts/deb/$(ARCH)/*_$(ARCH).changes

test-reproducible: deb
	@$(AT_WORK) "building it again, elsewhere" packaging/test-reproducible.sh $(ARCH)

apt-repo: need-apt-repo deb
	packaging/build-apt-repo.sh "$(KEY)" artifacts/apt artifacts/*.deb
