# SPDX-License-Identifier: PostgreSQL
# The core's own build and tests: no PostgreSQL needed.
#
#   make core            libgenops.a and its unit tests
#   make core-sanitize   the same tests under AddressSanitizer and UBSan
#   make fuzz            each fuzz target for FUZZ_SECONDS (default 10)
#   make bench-core      what encoding a span and parsing a query cost
CORE_CC ?= gcc
CORE_CLANG ?= clang
CORE_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -g -fPIC $(WARNINGS) -I. $(CORE_CPPFLAGS)
FUZZ_SECONDS ?= 10

# Seconds that one test program may take, under the sanitizers too.
CORE_TEST_SECONDS ?= 120

CORE_TEST_SRC = $(sort $(wildcard test/core/test_*.c))
CORE_FUZZ_SRC = $(sort $(wildcard test/fuzz/fuzz_*.c))
CORE_PROTO_SRC = $(CORE_PROTO_DIR)/otlp.pb-c.c

# One rule set for each way of compiling; $(1) is the directory under build/.
define core_build
build/$(1)/%.o: %.c | $(CORE_PROTO_DIR)/otlp.pb-c.h
	@mkdir -p $$(@D)
	$$(CORE_CC_$(1)) $$(CORE_CFLAGS) $$(CORE_FLAGS_$(1)) -MMD -MP -c $$< -o $$@

build/$(1)/libgenops.a: $$(CORE_SRC:%.c=build/$(1)/%.o) $$(CORE_PROTO_SRC:%.c=build/$(1)/%.o)
	rm -f $$@
	ar rcs $$@ $$^

-include $$(patsubst %.c,build/$(1)/%.d,$$(CORE_SRC) $$(CORE_PROTO_SRC) $$(CORE_TEST_SRC) $$(CORE_FUZZ_SRC))
endef

CORE_CC_core = $(CORE_CC)
CORE_FLAGS_core = -O2
CORE_CC_sanitize = $(CORE_CLANG)
CORE_FLAGS_sanitize = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
CORE_CC_fuzz = $(CORE_CLANG)
CORE_FLAGS_fuzz = $(CORE_FLAGS_sanitize) -fsanitize=fuzzer-no-link

$(eval $(call core_build,core))
$(eval $(call core_build,sanitize))
$(eval $(call core_build,fuzz))

CORE_TESTS = $(CORE_TEST_SRC:test/core/%.c=build/core/%)
SANITIZE_TESTS = $(CORE_TEST_SRC:test/core/%.c=build/sanitize/%)
FUZZERS = $(CORE_FUZZ_SRC:test/fuzz/%.c=build/fuzz/%)

$(CORE_TESTS): build/core/%: build/core/test/core/%.o build/core/libgenops.a
	$(CORE_CC) $(CORE_FLAGS_core) $^ -o $@ -lcmocka $(CORE_LIBS)

$(SANITIZE_TESTS): build/sanitize/%: build/sanitize/test/core/%.o build/sanitize/libgenops.a
	$(CORE_CLANG) $(CORE_FLAGS_sanitize) $^ -o $@ -lcmocka $(CORE_LIBS)

$(FUZZERS): build/fuzz/%: build/fuzz/test/fuzz/%.o build/fuzz/libgenops.a
	$(CORE_CLANG) $(CORE_FLAGS_fuzz) -fsanitize=fuzzer $^ -o $@ $(CORE_LIBS)

# The objects are not by-products that make may remove.
.SECONDARY: $(patsubst %.c,build/core/%.o,$(CORE_TEST_SRC)) \
	$(patsubst %.c,build/sanitize/%.o,$(CORE_TEST_SRC)) $(patsubst %.c,build/fuzz/%.o,$(CORE_FUZZ_SRC))

.PHONY: core core-sanitize fuzz bench-core core-packages

core: build/core/libgenops.a $(CORE_TESTS)
	@scripts/run_core_tests $(CORE_TEST_SECONDS) $(CORE_TESTS)

core-sanitize: $(SANITIZE_TESTS)
	@scripts/run_core_tests $(CORE_TEST_SECONDS) $(SANITIZE_TESTS)

# New inputs that a run finds stay in build/; the corpus in the tree is kept small by hand.
fuzz: $(FUZZERS)
	@for each in $(FUZZERS:build/fuzz/fuzz_%=%); do \
		mkdir -p build/fuzz/found/$$each test/fuzz/corpus/$$each; \
		echo "== fuzz_$$each"; \
		build/fuzz/fuzz_$$each -max_total_time=$(FUZZ_SECONDS) \
			-artifact_prefix=build/fuzz/crash_$${each}_ \
			build/fuzz/found/$$each test/fuzz/corpus/$$each >build/fuzz/$$each.log 2>&1 \
			|| { tail -50 build/fuzz/$$each.log; exit 1; }; \
		grep '^Done' build/fuzz/$$each.log; \
	done

BENCH_CORE = build/core/bench_core_encode build/core/bench_core_traceql build/core/bench_core_usage

$(BENCH_CORE): build/core/bench_%: build/core/bench/%.o build/core/libgenops.a
	@$(CORE_CC) $(CORE_FLAGS_core) $^ -o $@ $(CORE_LIBS)

bench-core: $(BENCH_CORE)
	@for each in $(BENCH_CORE); do $$each; done

# These targets install what the core needs, before their first step.
ifneq ($(filter core core-sanitize fuzz bench-core,$(MAKECMDGOALS)),)
$(CORE_PROTO_DIR)/otlp.pb-c.c: | core-packages
endif

core-packages:
	@scripts/dependencies core
