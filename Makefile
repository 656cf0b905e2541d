# genops_tempo: AI governance inside PostgreSQL.
#
#   make, make install    build and install the extension (PGXS)
#   make demo             see it work: AI calls from SQL, kept, totalled, delivered
#   make check            install what is missing, build, run every test
#   make sandbox          a throw-away server to try things on (make sandbox-stop)
#   make bench            the benchmarks
#   make core             the core library and its tests, no PostgreSQL needed
EXTENSION = genops_tempo
EXTVERSION = 1.0
MODULE_big = genops_tempo

PG_CONFIG ?= pg_config
.DEFAULT_GOAL = all
include core.mk

SRC = $(sort $(wildcard src/*.c src/*/*.c))
OBJS = $(SRC:.c=.o) $(CORE_SRC:.c=.o) $(CORE_PROTO_OBJS)
EVERY_HEADER = $(sort $(wildcard src/*.h src/*/*.h core/*/*.h))

# In the order in which the objects need each other.
SQL_PARTS = sql/schema.sql sql/configuration.sql sql/pins.sql sql/readers.sql sql/ledger.sql \
	sql/record.sql sql/spend.sql sql/delivery.sql sql/ask.sql sql/traceql.sql sql/validate.sql \
	sql/grants.sql
DATA_built = $(EXTENSION)--$(EXTVERSION).sql

# As system headers the server's own are not held to -Wextra.  Before version 16 they leave
# PGDLLEXPORT empty, which hides the entry points with everything else.
PG_CPPFLAGS = -I. -Isrc $(CORE_CPPFLAGS) -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DGENOPS_VERSION='"$(EXTVERSION)"' -DPGDLLEXPORT='__attribute__((visibility("default")))'
PG_CFLAGS = -std=gnu11 -fvisibility=hidden $(WARNINGS)
SHLIB_LINK = $(CORE_LIBS)

EXTRA_CLEAN = $(DATA_built) build

# PGXS is for what builds or installs the extension.  The rest starts on machines that have
# no PostgreSQL yet, and PGXS has a "check" of its own.
WITHOUT_PGXS = check demo demo-stop sandbox sandbox-stop bench core core-sanitize fuzz bench-core
ifneq ($(filter-out $(WITHOUT_PGXS),$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell command -v $(PG_CONFIG) 2>/dev/null),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
else
all install:
	@echo 'There is no $(PG_CONFIG). Run "scripts/dependencies core server", or say where: make PG_CONFIG=...' >&2
	@exit 1
endif
endif

$(DATA_built): $(SQL_PARTS) Makefile
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; cat $(SQL_PARTS); } > $@

# PGXS doesn't track headers.
$(OBJS): $(EVERY_HEADER)

include test.mk
