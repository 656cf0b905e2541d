# SPDX-License-Identifier: PostgreSQL
# genops_tempo: AI governance inside PostgreSQL.
#
#   make, make install    build and install the extension, for the server of PG_CONFIG
#   make installcheck     its SQL tests in a server that runs and has it (libpq's variables say which)
#   make demo             see it work: AI calls from SQL, kept, totalled, delivered
#   make check            install what is missing, build, run every test
#   make check-versions   the same on every PostgreSQL that Debian has, in chroots; upgrades, too
#   make check-package    the Debian packages: built, installed in a clean chroot, tested
#   make sandbox          a throw-away server to try things on (make sandbox-stop)
#   make bench            the benchmarks
#   make core             the core library and its tests, no PostgreSQL needed
#   make dist             the source as one file, as it is distributed
#
# What is built for a server is in build/pgMAJOR.  "make -f .../Makefile" in any other directory
# builds there (a VPATH build).
PG_CONFIG ?= pg_config
.DEFAULT_GOAL = all

top := $(patsubst %/,%,$(dir $(realpath $(firstword $(MAKEFILE_LIST)))))
# In the order in which the objects need each other.
SQL_PARTS = sql/schema.sql sql/configuration.sql sql/pins.sql sql/readers.sql sql/value.sql sql/ledger.sql \
	sql/record.sql sql/spend.sql sql/delivery.sql sql/ask.sql sql/traceql.sql sql/validate.sql \
	sql/price.sql sql/grants.sql
# What the script ends with, by scripts/price_script.
PRICE_FILES = data/prices.csv data/price_aliases.csv

ifeq ($(realpath $(CURDIR)),$(top))
CORE_PROTO_DIR = build/proto
include $(top)/core.mk $(top)/in_tree.mk $(top)/core_test.mk $(top)/test.mk
else
CORE_PROTO_DIR = proto
include $(top)/core.mk $(top)/extension.mk
endif
