/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a provider's reply says of the call: model, tokens by kind, why it ended, what
 * went wrong, and what it cost where the provider says so.
 *
 * Token counts come out as OpenTelemetry counts them, whatever the provider's own rule is:
 * the input includes what was read from and written to a cache, the output includes
 * reasoning.  Contradictions are settled, and flagged.  The shapes that are known are one
 * table, in reply_shapes.c.
 */
#ifndef GENOPS_CORE_GOVERN_REPLY_H
#define GENOPS_CORE_GOVERN_REPLY_H

#include "core/govern/json_item.h"
#include "core/govern/usage_flags.h"
#include "core/span/facts.h"

/* What is larger, nested deeper or has more values is not read: a reply may be hostile. */
#define GENOPS_REPLY_MAX_SIZE ((size_t) 8 * 1024 * 1024)
#define GENOPS_REPLY_MAX_DEPTH 100
#define GENOPS_REPLY_MAX_VALUES 250000

#define GENOPS_REPLY_FINISH_REASONS 16
#define GENOPS_REPLY_NAME_MAX 255
#define GENOPS_REPLY_MESSAGE_MAX 1024

/* No call has more tokens of a kind; a higher count is taken as unknown. */
#define GENOPS_TOKENS_MAX INT64_C(1000000000000)

/* Counts, or GENOPS_UNKNOWN_TOKENS.  cache_write includes the two that follow it. */
typedef struct GenopsUsage
{
	int64_t input;
	int64_t output;
	int64_t cache_read;
	int64_t cache_write;
	int64_t cache_write_1h;
	int64_t cache_write_12h;
	int64_t reasoning;
} GenopsUsage;

#define GENOPS_NO_USAGE                                                                  \
	((GenopsUsage){ GENOPS_UNKNOWN_TOKENS, GENOPS_UNKNOWN_TOKENS, GENOPS_UNKNOWN_TOKENS, \
	                GENOPS_UNKNOWN_TOKENS, GENOPS_UNKNOWN_TOKENS, GENOPS_UNKNOWN_TOKENS, \
	                GENOPS_UNKNOWN_TOKENS })

/* A header's value by its name in lower case; absent if there is none. */
typedef GenopsSlice GenopsReplyHeader(void *context, GenopsSlice name);

typedef struct GenopsReplyInput
{
	GenopsSlice provider; /* as the caller says it, or absent; it beats what the body looks like */
	GenopsSlice operation;
	int status;                /* of HTTP; 0: not known */
	GenopsReplyHeader *header; /* or NULL */
	void *header_context;
} GenopsReplyInput;

/* Owns its texts, which are valid UTF-8; large, so it is not copied about. */
typedef struct GenopsReply
{
	const char *shape; /* NULL: not known */
	bool stream;       /* chunks or events */
	bool failed;
	bool has_usage; /* input or output is known */
	GenopsUsage usage;
	GenopsUsageFlags flags;
	GenopsSlice model;
	GenopsSlice id;
	GenopsSlice service_tier;
	GenopsSlice error_type; /* present if it failed */
	GenopsSlice error_message;
	GenopsSlice finish_reasons[GENOPS_REPLY_FINISH_REASONS];
	size_t finish_reason_count;
	bool has_stated_cost;
	bool stated_by_its_provider; /* the caller names a provider that states costs like this */
	GenopsMoney stated_cost;     /* USD */
	size_t used;
	char memory[GENOPS_REPLY_MESSAGE_MAX + 8 * (GENOPS_REPLY_NAME_MAX + 1)];
} GenopsReply;

/* Reads a parsed reply.  Never fails: what is not understood is not known. */
extern void genops_reply_read(const GenopsReplyInput *input, GenopsJsonItem body,
                              GenopsReply *reply);

/* Reads JSON text, server-sent events, or one JSON value a line.  What is none of them, or
 * beyond a limit, is a reply of which nothing is known. */
extern void genops_reply_read_text(const GenopsReplyInput *input, GenopsSlice text,
                                   GenopsReply *reply);

/* A reply of which nothing is known but the status of HTTP. */
extern void genops_reply_unread(const GenopsReplyInput *input, GenopsReply *reply);

/* A GenopsReplyHeader whose context is a GenopsJsonItem: an object of names and values, in
 * whatever case, or an array of objects with "field" and "value". */
extern GenopsSlice genops_reply_header_of_json(void *context, GenopsSlice name);

/* How many shapes are known, and their names, for the test that has payloads of each. */
extern size_t genops_reply_shape_count(void);
extern const char *genops_reply_shape_name(size_t index);

#endif
