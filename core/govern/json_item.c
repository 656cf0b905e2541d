/* SPDX-License-Identifier: PostgreSQL */
#include "core/govern/json_item.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static GenopsJsonItem
member(const void *object, GenopsSlice name)
{
	const cJSON *each;

	cJSON_ArrayForEach(each, (const cJSON *) object)
	{
		if (strncmp(each->string, name.data, name.length) == 0 && each->string[name.length] == '\0')
			return genops_json_of_cjson(each);
	}
	return GENOPS_NO_JSON;
}

static GenopsJsonItem
element(const void *array, size_t index)
{
	return genops_json_of_cjson(cJSON_GetArrayItem(array, (int) index));
}

static void
each(const void *object_or_array, GenopsJsonSee *see, void *context)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, (const cJSON *) object_or_array)
	{
		GenopsSlice name = one->string ? genops_slice(one->string) : GENOPS_ABSENT;

		if (!see(context, name, genops_json_of_cjson(one)))
			return;
	}
}

static bool
integer(const void *number, int64_t *value)
{
	double exact = ((const cJSON *) number)->valuedouble;

	/* Written so that a NaN fails. */
	if (!(fabs(exact) <= (double) GENOPS_JSON_INTEGER_MAX))
		return false;
	*value = llround(exact);
	return true;
}

/* The shortest decimal that is this double; the locale's point is made a point. */
static size_t
decimal(const void *number, char *buffer, size_t size)
{
	double value = ((const cJSON *) number)->valuedouble;
	int written = 0;

	if (!isfinite(value))
		return 0;
	for (int digits = 15; digits <= 17; digits++)
	{
		written = snprintf(buffer, size, "%.*g", digits, value);
		if (written <= 0 || (size_t) written >= size)
			return 0;
		if (strtod(buffer, NULL) == value)
			break;
	}
	for (int i = 0; i < written; i++)
		if (strchr("0123456789+-e.", buffer[i]) == NULL)
			buffer[i] = '.';
	return (size_t) written;
}

static const GenopsJsonHolder holder = { member, element, each, integer, decimal };

GenopsJsonItem
genops_json_of_cjson(const cJSON *parsed)
{
	GenopsJsonItem item = { .node = parsed, .holder = &holder };

	if (parsed == NULL)
		return GENOPS_NO_JSON;
	if (cJSON_IsObject(parsed))
		item.kind = GENOPS_JSON_OBJECT;
	else if (cJSON_IsArray(parsed))
		item.kind = GENOPS_JSON_ARRAY;
	else if (cJSON_IsString(parsed))
	{
		item.kind = GENOPS_JSON_TEXT;
		item.text = genops_slice(parsed->valuestring);
	}
	else if (cJSON_IsNumber(parsed))
		item.kind = GENOPS_JSON_NUMBER;
	else if (cJSON_IsBool(parsed))
	{
		item.kind = GENOPS_JSON_BOOLEAN;
		item.truth = cJSON_IsTrue(parsed);
	}
	else
		item.kind = GENOPS_JSON_NULL;
	return item;
}
