# Tests, demo, sandbox and benchmarks: each sets up what it needs.
#
#   SANDBOX_CONF   lines for the sandbox's postgresql.conf
#   SANDBOX_ENV    VAR=value words for its environment
#   PROVE_FLAGS    for the tests that prove runs, such as -v
.PHONY: check demo demo-stop sandbox sandbox-stop bench compile-with-clang core-packages remove-place

# PGXS has a "check" that only says that there is none.
ifneq ($(filter check,$(MAKECMDGOALS)),)
check:
	scripts/dependencies core server test
	scripts/check
endif

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

bench:
	scripts/dependencies core server
	bench/run

# What is removed must not be running.  Where servers can't run in build/, build/place leads to
# where they do.
clean: remove-place
remove-place: demo-stop sandbox-stop
	@[ ! -L build/place ] || rm -rf "$$(readlink build/place)"

# The second compiler's opinion; it leaves nothing behind.
compile-with-clang: $(CORE_PROTO_DIR)/otlp.pb-c.h
	$(CORE_CLANG) -fsyntax-only $(PG_CFLAGS) -Werror $(CPPFLAGS) $(SRC) $(CORE_SRC)

# The core's own targets install what the core needs, before its first step.
ifneq ($(filter core core-sanitize fuzz bench-core,$(MAKECMDGOALS)),)
$(CORE_PROTO_DIR)/otlp.pb-c.c: | core-packages
endif

core-packages:
	@scripts/dependencies core
