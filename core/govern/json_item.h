/* SPDX-License-Identifier: PostgreSQL */
/*
 * A value of some JSON, whoever holds it.
 *
 * What reads providers' replies walks them by this interface, so that it is the same for
 * PostgreSQL's jsonb, which is read in place, and for text, which cJSON has parsed.  An
 * item borrows: it lives as long as the JSON that it is a part of.
 */
#ifndef GENOPS_CORE_GOVERN_JSON_ITEM_H
#define GENOPS_CORE_GOVERN_JSON_ITEM_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "core/base/slice.h"

/* Numbers of an integer's kind are taken up to here, which is exact as a double. */
#define GENOPS_JSON_INTEGER_MAX INT64_C(1000000000000000)

typedef enum GenopsJsonKind
{
	GENOPS_JSON_ABSENT, /* there is no such member or element */
	GENOPS_JSON_NULL,
	GENOPS_JSON_BOOLEAN,
	GENOPS_JSON_NUMBER,
	GENOPS_JSON_TEXT,
	GENOPS_JSON_ARRAY,
	GENOPS_JSON_OBJECT
} GenopsJsonKind;

typedef struct GenopsJsonItem GenopsJsonItem;

/* Called for each member, or each element, whose name is absent; false ends it. */
typedef bool GenopsJsonSee(void *context, GenopsSlice name, GenopsJsonItem item);

/* One holder's way of walking.  "node" is the item's own, of the kind that the function
 * is for. */
typedef struct GenopsJsonHolder
{
	GenopsJsonItem (*member)(const void *object, GenopsSlice name);
	GenopsJsonItem (*element)(const void *array, size_t index);
	void (*each)(const void *object_or_array, GenopsJsonSee *see, void *context);

	/* A number rounded to an integer; false if it is beyond 10^15. */
	bool (*integer)(const void *number, int64_t *value);

	/* A number as a decimal text; its length, or 0 if the buffer is too small. */
	size_t (*decimal)(const void *number, char *buffer, size_t size);
} GenopsJsonHolder;

struct GenopsJsonItem
{
	GenopsJsonKind kind;
	bool truth;       /* of a boolean */
	GenopsSlice text; /* of a text, without escapes */
	const void *node; /* of a number, an array and an object */
	const GenopsJsonHolder *holder;
};

#define GENOPS_NO_JSON ((GenopsJsonItem){ .kind = GENOPS_JSON_ABSENT })

/* Absent also where the item is no object, or no array of that length. */
static inline GenopsJsonItem
genops_json_get(GenopsJsonItem item, GenopsSlice name)
{
	return item.kind == GENOPS_JSON_OBJECT ? item.holder->member(item.node, name) : GENOPS_NO_JSON;
}

static inline GenopsJsonItem
genops_json_at(GenopsJsonItem item, size_t index)
{
	return item.kind == GENOPS_JSON_ARRAY ? item.holder->element(item.node, index) : GENOPS_NO_JSON;
}

static inline void
genops_json_each(GenopsJsonItem item, GenopsJsonSee *see, void *context)
{
	if (item.kind == GENOPS_JSON_OBJECT || item.kind == GENOPS_JSON_ARRAY)
		item.holder->each(item.node, see, context);
}

/* An item of what cJSON has parsed. */
extern GenopsJsonItem genops_json_of_cjson(const cJSON *parsed);

#endif
