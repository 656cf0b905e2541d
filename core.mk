# The core library: what it is made of and needs.  No PostgreSQL in here.
CORE_SRC = $(sort $(wildcard core/*/*.c))
CORE_PROTO_DIR = build/proto
CORE_PROTO_OBJS = $(CORE_PROTO_DIR)/otlp.pb-c.o
CORE_CPPFLAGS = -I$(CORE_PROTO_DIR)
CORE_LIBS = -lcurl -lcjson -lprotobuf-c -lpcre2-8 -lz -lm -lpthread

# CI adds -Werror.
WARNINGS = -Wall -Wextra $(if $(WERROR),-Werror)

$(CORE_PROTO_DIR)/otlp.pb-c.c: proto/otlp.proto
	mkdir -p $(CORE_PROTO_DIR)
	protoc-c --c_out=$(CORE_PROTO_DIR) --proto_path=proto $<

$(CORE_PROTO_DIR)/otlp.pb-c.h: $(CORE_PROTO_DIR)/otlp.pb-c.c

$(CORE_SRC:.c=.o): $(CORE_PROTO_DIR)/otlp.pb-c.h

include core_test.mk
