# SPDX-License-Identifier: PostgreSQL
# The core library: what it is made of and needs.  No PostgreSQL in here.
#
# What is generated is in $(CORE_PROTO_DIR), below where make runs.
CORE_SRC = $(patsubst $(top)/%,%,$(sort $(wildcard $(top)/core/*/*.c $(top)/core/*/*/*.c)))
CORE_CPPFLAGS = -I$(CORE_PROTO_DIR)
CORE_LIBS = -lcurl -lcjson -lprotobuf-c -lpcre2-8 -lz -lm -lpthread

# CI adds -Werror.
WARNINGS = -Wall -Wextra $(if $(WERROR),-Werror)

$(CORE_PROTO_DIR)/otlp.pb-c.c: $(top)/proto/otlp.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(@D) --proto_path=$(top)/proto $<

$(CORE_PROTO_DIR)/otlp.pb-c.h: $(CORE_PROTO_DIR)/otlp.pb-c.c
