# SPDX-License-Identifier: PostgreSQL
# Tests, demo, sandbox and benchmarks: each sets up what it needs.
#
#   SANDBOX_CONF   lines for the sandbox's postgresql.conf
#   SANDBOX_ENV    VAR=value words for its environment
#   PROVE_FLAGS    for the tests that prove runs, such as -v
#   CHROOTS        where check-versions and check-package keep their chroots
export PG_CONFIG

.PHONY: check check-versions check-package demo demo-stop sandbox sandbox-stop soak bench

check:
	scripts/dependencies core server test
	scripts/check

# VERSIONS: the releases of Debian whose PostgreSQL is tried; default: all that are known here.
check-versions:
	scripts/check_versions $(VERSIONS)

check-package:
	scripts/check_package $(VERSIONS)

demo:
	scripts/dependencies core server test
	scripts/private_install
	scripts/demo start

demo-stop:
	scripts/demo stop

sandbox:
	scripts/dependencies core server
	scripts/private_install
	SERVER_CONF="$$SANDBOX_CONF" SERVER_ENV="$$SANDBOX_ENV" scripts/throw_away_server start sandbox
	@echo "The server runs. To connect:  . build/sandbox/env; psql      To stop it:  make sandbox-stop"

sandbox-stop:
	scripts/throw_away_server stop sandbox

# Minutes of load, crashes and many databases: test/soak/*.pl in full.  docs/soak.md.
soak:
	scripts/dependencies core server test
	scripts/private_install
	scripts/run_soak

bench:
	scripts/dependencies core server
	bench/run
