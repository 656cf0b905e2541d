# SPDX-License-Identifier: PostgreSQL
# The extension, for one server and in a directory that is not the source's (PGXS).
EXTENSION = genops_tempo
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'$$/\1/p" $(top)/$(EXTENSION).control)
MODULE_big = $(EXTENSION)

SRC = $(patsubst $(top)/%,%,$(sort $(wildcard $(top)/src/*.c $(top)/src/*/*.c)))
PROTO_OBJ = object/proto/otlp.pb-c.o
OBJS = $(patsubst %.c,object/%.o,$(SRC) $(CORE_SRC)) $(PROTO_OBJ)

# The newest version's script is made of the parts; those of the versions before it are kept as they
# were released, with the scripts that lead from one to the next.
DATA = $(patsubst $(top)/%,%,$(wildcard $(top)/sql/$(EXTENSION)--*.sql))
DATA_built = $(EXTENSION)--$(EXTVERSION).sql

# As system headers the server's own are not held to -Wextra.  Before version 16 they leave
# PGDLLEXPORT empty, which hides the entry points with everything else.
PG_CPPFLAGS = -I$(top) -I$(top)/src $(CORE_CPPFLAGS) -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DGENOPS_VERSION='"$(EXTVERSION)"' -DPGDLLEXPORT='__attribute__((visibility("default")))'
PG_CFLAGS = -std=gnu11 -fvisibility=hidden $(WARNINGS)
SHLIB_LINK = $(CORE_LIBS)

EXTRA_CLEAN = object proto built_for genops_ring_test.so $(DATA_built)

# Nothing here gains from being inlined into a query's code, and bitcode takes the very compiler
# that the server was built with.
override with_llvm = no

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error There is no $(PG_CONFIG))
endif
include $(PGXS)

# What other builds left in the source is none of this one's: only the control file is looked for
# there.
override srcdir := $(top)
override VPATH :=
vpath %.control $(top)

# Objects for another server, or made by other means, are made anew.  Warnings make no difference.
built_for := $(strip $(shell $(PG_CONFIG) 2>&1) $(filter-out -Werror,$(COMPILE.c)))
ifneq ($(built_for),$(strip $(file <built_for)))
$(file >built_for,$(built_for))
endif

compile = $(COMPILE.c) -MMD -MP -o $@ $<

$(filter-out $(PROTO_OBJ),$(OBJS)): object/%.o: $(top)/%.c built_for | $(CORE_PROTO_DIR)/otlp.pb-c.h
	@mkdir -p $(@D)
	$(compile)

$(PROTO_OBJ): $(CORE_PROTO_DIR)/otlp.pb-c.c built_for
	@mkdir -p $(@D)
	$(compile)

-include $(OBJS:.o=.d)

$(DATA_built): $(addprefix $(top)/,$(SQL_PARTS) $(PRICE_FILES) scripts/price_script Makefile)
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
		cat $(addprefix $(top)/,$(SQL_PARTS)); \
		$(top)/scripts/price_script $(addprefix $(top)/,$(PRICE_FILES)); } > $@

# The ring as a library of its own, with points for faults: test/server/120_ring.pl preloads it.
RING_TEST_SRC = $(wildcard $(top)/src/shared/*.c $(top)/test/module/*.c)

.PHONY: install-ring-test
install-ring-test: genops_ring_test.so
	$(MKDIR_P) '$(DESTDIR)$(pkglibdir)'
	$(INSTALL_SHLIB) $< '$(DESTDIR)$(pkglibdir)'

genops_ring_test.so: $(RING_TEST_SRC) $(wildcard $(top)/src/*.h $(top)/src/shared/*.h $(top)/test/module/*.h)
	$(CC) $(CFLAGS) -DGENOPS_TEST_POINTS $(CPPFLAGS) -I$(top)/test/module $(CFLAGS_SL) -shared -o $@ $(RING_TEST_SRC)

# The second compiler's opinion; it leaves nothing behind.
CLANG_CHECK ?= clang

.PHONY: compile-with-clang
compile-with-clang: $(CORE_PROTO_DIR)/otlp.pb-c.h
	$(CLANG_CHECK) -fsyntax-only $(PG_CFLAGS) -Werror $(CPPFLAGS) $(addprefix $(top)/,$(SRC) $(CORE_SRC))

installcheck:
	PG_CONFIG=$(PG_CONFIG) $(top)/scripts/installcheck
