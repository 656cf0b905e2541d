/* SPDX-License-Identifier: PostgreSQL */
/*
 * The table of the shapes of providers' replies: private to the reader of replies.
 */
#ifndef GENOPS_CORE_GOVERN_REPLY_SHAPES_H
#define GENOPS_CORE_GOVERN_REPLY_SHAPES_H

#include "core/govern/reply.h"

typedef enum GenopsQuantity
{
	GENOPS_QUANTITY_INPUT,
	GENOPS_QUANTITY_MORE_INPUT, /* comes on top of it */
	GENOPS_QUANTITY_OUTPUT,
	GENOPS_QUANTITY_TOTAL,
	GENOPS_QUANTITY_CACHE_READ,
	GENOPS_QUANTITY_CACHE_WRITE,
	GENOPS_QUANTITY_CACHE_WRITE_SHORT, /* the part of the shortest lifetime */
	GENOPS_QUANTITY_CACHE_WRITE_1H,
	GENOPS_QUANTITY_CACHE_WRITE_12H,
	GENOPS_QUANTITY_REASONING,
	GENOPS_QUANTITY_COUNT
} GenopsQuantity;

/* Names from the outside to the inside; absent ones end it. */
#define GENOPS_PATH_STEPS 3
typedef struct GenopsReplyPath
{
	GenopsSlice step[GENOPS_PATH_STEPS];
} GenopsReplyPath;

typedef struct GenopsReplyField
{
	GenopsQuantity quantity;
	GenopsReplyPath path; /* from the shape's "usage" */
} GenopsReplyField;

/* Something else than tokens that is billed. */
typedef struct GenopsReplyUnit
{
	const char *unit;
	GenopsReplyPath path; /* from the shape's "usage" */
} GenopsReplyUnit;

/* A count that is said in pieces: the sum over an array of "usage", or, where there is no
 * path, the number of its elements. */
typedef struct GenopsReplySum
{
	GenopsQuantity quantity;
	GenopsSlice array; /* absent: there is none */
	GenopsReplyPath path;
} GenopsReplySum;

enum
{
	/* The input is said without what was read from and written to the cache. */
	GENOPS_SHAPE_CACHE_OUTSIDE = 1,
	/* The output is said without reasoning, whatever the total says, or unless it says
	 * otherwise. */
	GENOPS_SHAPE_REASONING_OUTSIDE = 2,
	GENOPS_SHAPE_REASONING_OUTSIDE_MOSTLY = 4,
	/* There is no output: embeddings. */
	GENOPS_SHAPE_NO_OUTPUT = 8,
	/* A count of zero is left out. */
	GENOPS_SHAPE_ZERO_IS_ABSENT = 16
};

typedef struct GenopsReplyShape GenopsReplyShape;

typedef bool GenopsShapeIs(GenopsJsonItem body);

struct GenopsReplyShape
{
	const char *name;
	GenopsShapeIs *is;       /* a whole reply; NULL: it comes in chunks only */
	GenopsShapeIs *is_chunk; /* one of a stream's; NULL: there are none */

	/* A provider's own kind of the OpenAI shape, chosen by the provider's name (of
	 * OpenTelemetry), or by a member of the body or of "usage" that only it has. */
	const char *provider;
	GenopsSlice own_member;
	GenopsSlice own_usage_member;

	const char *const *wrappers; /* members of a chunk that are read as it is; ends with NULL */
	GenopsReplyPath usage;
	const GenopsReplyField *fields; /* the first that is known counts; ends with no step */
	GenopsReplySum sum;
	const GenopsReplyUnit *units; /* or NULL; ends with NULL */
	GenopsReplyPath model;
	GenopsReplyPath id;
	GenopsReplyPath service_tier;
	GenopsSlice finish_list; /* an array, each element of which has the path; absent: none */
	GenopsReplyPath finish;
	unsigned rules;

	/* A stated cost, in USD; false if there is none. */
	bool (*stated_cost)(GenopsJsonItem body, GenopsMoney *cost);
};

/* The item at the end of a path. */
extern GenopsJsonItem genops_reply_at(GenopsJsonItem item, const GenopsReplyPath *path);

/* The shape of a whole reply, or of a chunk; NULL if it is none.  The provider's name is
 * OpenTelemetry's. */
extern const GenopsReplyShape *genops_reply_shape(GenopsJsonItem body, GenopsSlice provider);
extern const GenopsReplyShape *genops_reply_chunk_shape(GenopsJsonItem chunk, GenopsSlice provider);

/* A count in a number or in a text of digits; false if it is null, negative or absurd. */
extern bool genops_reply_count(GenopsJsonItem item, int64_t *count);

/* Money in a number or a text. */
extern bool genops_reply_money(GenopsJsonItem item, GenopsMoney *money);

#endif
