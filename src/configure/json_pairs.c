/* SPDX-License-Identifier: PostgreSQL */
/*
 * The pairs of a jsonb object.
 */
#include "postgres.h"

#include "configure/json_pairs.h"

void
JsonForEachPair(Jsonb *object, JsonEachPair each, void *arg)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue value;
	char *key = NULL;

	(void) JsonbIteratorNext(&iterator, &value, false);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			each(key, &value, arg);
	}
}

void
JsonRequireObject(Jsonb *json, const char *argument)
{
	if (JB_ROOT_IS_OBJECT(json))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid value for parameter \"%s\": it must be a JSON object", argument)));
}
