# SPDX-License-Identifier: PostgreSQL
# make in the source's directory: what builds the extension goes to a directory per version of the
# server, so that two of them never share an object or a library.
pg_config = $(or $(abspath $(shell command -v $(PG_CONFIG) 2>/dev/null)),$(error There is no \
	$(PG_CONFIG). Run "scripts/dependencies core server"$(,) or say where: make PG_CONFIG=...))
major = $(shell $(pg_config) --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
, := ,

.PHONY: all install install-ring-test uninstall installdirs installcheck compile-with-clang clean dist

all install install-ring-test uninstall installdirs installcheck compile-with-clang:
	@mkdir -p build/pg$(major)
	@$(MAKE) -C build/pg$(major) -f $(top)/Makefile PG_CONFIG=$(pg_config) $@

install: all

# What is removed must not be running.  Where servers cannot run in build/, build/place leads to
# where they do.
clean: demo-stop sandbox-stop
	@[ ! -L build/place ] || rm -rf "$$(readlink build/place)"
	rm -rf build

# The last commit's files, for PGXN and as a tar.
dist:
	scripts/dist
