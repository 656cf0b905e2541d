/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "configure/utf8_text.h"
#include "fmgr.h"
#include "govern/jsonb_item.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

static const GenopsJsonHolder holder;

static GenopsSlice
Utf8Of(const char *data, int length)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return (GenopsSlice){ data, length };
	return genops_slice(Utf8FromServer(pnstrdup(data, length)));
}

static GenopsJsonItem
ItemOf(const JsonbValue *value)
{
	GenopsJsonItem item = { .holder = &holder };

	switch (value->type)
	{
		case jbvNull:
			item.kind = GENOPS_JSON_NULL;
			break;
		case jbvBool:
			item.kind = GENOPS_JSON_BOOLEAN;
			item.truth = value->val.boolean;
			break;
		case jbvNumeric:
			item.kind = GENOPS_JSON_NUMBER;
			item.node = value->val.numeric;
			break;
		case jbvString:
			item.kind = GENOPS_JSON_TEXT;
			item.text = Utf8Of(value->val.string.val, value->val.string.len);
			break;
		case jbvBinary:
			item.kind = JsonContainerIsArray(value->val.binary.data) ? GENOPS_JSON_ARRAY
			                                                         : GENOPS_JSON_OBJECT;
			item.node = value->val.binary.data;
			break;
		default:
			return GENOPS_NO_JSON;
	}
	return item;
}

/* The iterator and what it finds are the server's, which takes no constant. */
static JsonbContainer *
ContainerOf(const void *node)
{
	return (JsonbContainer *) unconstify(void *, node);
}

/* Names that are looked for are ASCII. */
static GenopsJsonItem
Member(const void *object, GenopsSlice name)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(ContainerOf(object), name.data, (int) name.length, &value) ==
	    NULL)
		return GENOPS_NO_JSON;
	return ItemOf(&value);
}

static GenopsJsonItem
Element(const void *array, size_t index)
{
	JsonbValue *value = index < JsonContainerSize(ContainerOf(array))
	                        ? getIthJsonbValueFromContainer(ContainerOf(array), (uint32) index)
	                        : NULL;

	return value == NULL ? GENOPS_NO_JSON : ItemOf(value);
}

static void
Each(const void *object_or_array, GenopsJsonSee *see, void *context)
{
	JsonbIterator *iterator = JsonbIteratorInit(ContainerOf(object_or_array));
	JsonbIteratorToken token;
	JsonbValue value;
	GenopsSlice name = GENOPS_ABSENT;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = Utf8Of(value.val.string.val, value.val.string.len);
		else if ((token == WJB_VALUE || token == WJB_ELEM) && !see(context, name, ItemOf(&value)))
			return;
	}
}

/* jsonb has neither NaN nor infinity. */
static bool
Integer(const void *number, int64_t *value)
{
	static Numeric limit = NULL;
	static Numeric negative_limit = NULL;
	Datum numeric = PointerGetDatum(number);

	if (limit == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		negative_limit = int64_to_numeric(-GENOPS_JSON_INTEGER_MAX);
		limit = int64_to_numeric(GENOPS_JSON_INTEGER_MAX);
		MemoryContextSwitchTo(old);
	}
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, numeric, NumericGetDatum(limit))) ||
	    DatumGetBool(DirectFunctionCall2(numeric_lt, numeric, NumericGetDatum(negative_limit))))
		return false;
	*value = DatumGetInt64(DirectFunctionCall1(numeric_int8, numeric));
	return true;
}

static size_t
Decimal(const void *number, char *buffer, size_t size)
{
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(number)));
	size_t length = strlen(text);

	if (length >= size)
		length = 0;
	memcpy(buffer, text, length);
	buffer[length] = '\0';
	pfree(text);
	return length;
}

static const GenopsJsonHolder holder = { Member, Element, Each, Integer, Decimal };

GenopsJsonItem
JsonItemOfJsonb(Jsonb *json)
{
	GenopsJsonItem item = { .holder = &holder, .node = &json->root };
	JsonbValue scalar;

	if (JB_ROOT_IS_SCALAR(json))
		return JsonbExtractScalar(&json->root, &scalar) ? ItemOf(&scalar) : GENOPS_NO_JSON;
	item.kind = JB_ROOT_IS_ARRAY(json) ? GENOPS_JSON_ARRAY : GENOPS_JSON_OBJECT;
	return item;
}
