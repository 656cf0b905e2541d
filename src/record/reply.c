/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "record/reply.h"
#include "record/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

/* Statuses of HTTP. */
#define MIN_STATUS 100
#define MAX_STATUS 599

typedef enum ReplyFormKind
{
	FORM_UNREADABLE = 1,
	FORM_JSONB,
	FORM_TEXT, /* json as well */
	FORM_ROW
} ReplyFormKind;

/* What the parts of a wrapped reply are called. */
static bool
IsStatusName(GenopsSlice name)
{
	return genops_slice_equal(name, GENOPS_LITERAL("status")) ||
	       genops_slice_equal(name, GENOPS_LITERAL("status_code"));
}

static bool
IsBodyName(GenopsSlice name)
{
	return genops_slice_equal(name, GENOPS_LITERAL("content")) ||
	       genops_slice_equal(name, GENOPS_LITERAL("body"));
}

static bool
IsErrorName(GenopsSlice name)
{
	return genops_slice_equal(name, GENOPS_LITERAL("error_msg"));
}

static bool
IsHeadersName(GenopsSlice name)
{
	return genops_slice_equal(name, GENOPS_LITERAL("headers"));
}

static bool
IsStatus(int64 number)
{
	return number >= MIN_STATUS && number <= MAX_STATUS;
}

/*
 * jsonb
 */
static GenopsSlice
StringOf(const JsonbValue *value)
{
	return (GenopsSlice){ value->val.string.val, value->val.string.len };
}

/* The status in a jsonb object that wraps a reply; 0 if it is none.  A provider's own reply may
 * have a "status" as well: a word. */
static int
WrappedStatus(const JsonbValue *value)
{
	Datum number;

	if (value->type != jbvNumeric || numeric_is_nan(value->val.numeric) ||
	    numeric_is_inf(value->val.numeric))
		return 0;
	number = DirectFunctionCall1(numeric_floor, NumericGetDatum(value->val.numeric));
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, number,
	                                      NumericGetDatum(int64_to_numeric(MAX_STATUS)))) > 0)
		return 0;
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, number,
	                                      NumericGetDatum(int64_to_numeric(MIN_STATUS)))) < 0)
		return 0;
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, number));
}

static bool
Member(Jsonb *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&object->root, name, (int) strlen(name), value) != NULL;
}

static void
TakeJsonMember(Reply *wrapped, GenopsSlice name, JsonbValue *value)
{
	if (IsBodyName(name) && value->type == jbvString)
		wrapped->text = StringOf(value);
	else if (IsBodyName(name) && value->type == jbvBinary)
		wrapped->jsonb = JsonbValueToJsonb(value);
	else if (IsHeadersName(name) && value->type == jbvBinary)
		wrapped->header_json = JsonbValueToJsonb(value);
	else if (IsErrorName(name) && value->type == jbvString)
		wrapped->error = StringOf(value);
}

/* Opens it if it is a wrapped one: two look-ups for one that is not. */
static Reply
OfJsonb(Jsonb *json)
{
	Reply reply = { .given = true, .jsonb = json };
	Reply wrapped = { .given = true };
	JsonbValue value;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	GenopsSlice name = GENOPS_ABSENT;

	if (!JB_ROOT_IS_OBJECT(json))
		return reply;
	if (Member(json, "status_code", &value) || Member(json, "status", &value))
		wrapped.http_status = WrappedStatus(&value);
	if (wrapped.http_status == 0 ||
	    (!Member(json, "content", &value) && !Member(json, "body", &value)))
		return reply;
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			name = StringOf(&value);
		else if (token == WJB_VALUE)
			TakeJsonMember(&wrapped, name, &value);
	return wrapped;
}

/*
 * Rows
 */
static GenopsSlice
TextSlice(Datum datum)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);

	return (GenopsSlice){ VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text) };
}

static bool
IsTextual(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == JSONOID;
}

static int64
IntegerOf(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return DatumGetInt64(value);
		default:
			return 0;
	}
}

/* An array of rows of two texts, like pgsql-http's http_header[]. */
static bool
IsArrayOfRows(Oid type)
{
	Oid element = get_element_type(type);

	return OidIsValid(element) && type_is_rowtype(element);
}

static void
TakeColumn(Reply *reply, GenopsSlice name, Oid type, Datum value)
{
	if (IsStatusName(name) && IsStatus(IntegerOf(type, value)))
		reply->http_status = (int) IntegerOf(type, value);
	else if (IsBodyName(name) && type == JSONBOID)
		reply->jsonb = DatumGetJsonbP(value);
	else if (IsBodyName(name) && IsTextual(type))
		reply->text = TextSlice(value);
	else if (IsErrorName(name) && IsTextual(type))
		reply->error = TextSlice(value);
	else if (IsHeadersName(name) && type == JSONBOID)
		reply->header_json = DatumGetJsonbP(value);
	else if (IsHeadersName(name) && IsArrayOfRows(type))
		reply->header_rows = DatumGetArrayTypeP(value);
}

/* Needs its columns' names: two look-ups in the type cache a call. */
static Reply
OfRow(Datum datum)
{
	Reply reply = { .given = true };
	HeapTupleHeader row = DatumGetHeapTupleHeader(datum);
	TupleDesc descriptor =
	    lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = { .t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row };

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		bool null;
		Datum value;

		if (attribute->attisdropped)
			continue;
		value = heap_getattr(&tuple, i + 1, descriptor, &null);
		if (!null)
			TakeColumn(&reply, genops_slice(NameStr(attribute->attname)),
			           getBaseType(attribute->atttypid), value);
	}
	ReleaseTupleDesc(descriptor);
	return reply;
}

static int
FormOfType(Oid type)
{
	type = getBaseType(type);
	if (type == JSONBOID)
		return FORM_JSONB;
	if (IsTextual(type))
		return FORM_TEXT;
	return type_is_rowtype(type) ? FORM_ROW : FORM_UNREADABLE;
}

Reply
ReplyOfDatum(Datum value, Oid type, ReplyType *known)
{
	if (unlikely(known->type != type))
	{
		known->type = type;
		known->form = OidIsValid(type) ? FormOfType(type) : FORM_UNREADABLE;
	}
	switch (known->form)
	{
		case FORM_JSONB:
			return OfJsonb(DatumGetJsonbP(value));
		case FORM_TEXT:
			return (Reply){ .given = true, .text = TextSlice(value) };
		case FORM_ROW:
			return OfRow(value);
		default:
			return (Reply){ .given = true };
	}
}

Reply
ReplyOfValue(Datum value)
{
	Jsonb *json = ValueJsonb(value);

	if (json != NULL)
		return OfJsonb(json);
	return (Reply){ .given = true, .text = ValueText(value) };
}

/*
 * Headers
 */
static bool
NamesAreEqual(GenopsSlice a, GenopsSlice b)
{
	return a.length == b.length && pg_strncasecmp(a.data, b.data, a.length) == 0;
}

static GenopsSlice
HeaderInObject(Jsonb *headers, GenopsSlice name)
{
	JsonbIterator *iterator = JsonbIteratorInit(&headers->root);
	JsonbIteratorToken token;
	JsonbValue value;
	bool found = false;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			found = NamesAreEqual(StringOf(&value), name);
		else if (token == WJB_VALUE && found && value.type == jbvString)
			return StringOf(&value);
	return GENOPS_ABSENT;
}

static GenopsSlice
HeaderInArray(Jsonb *headers, GenopsSlice name)
{
	uint32 count = JB_ROOT_COUNT(headers);

	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(&headers->root, i);
		JsonbValue field;
		JsonbValue value;

		if (item->type == jbvBinary && JsonContainerIsObject(item->val.binary.data) &&
		    getKeyJsonValueFromContainer(item->val.binary.data, "field", 5, &field) != NULL &&
		    field.type == jbvString && NamesAreEqual(StringOf(&field), name) &&
		    getKeyJsonValueFromContainer(item->val.binary.data, "value", 5, &value) != NULL &&
		    value.type == jbvString)
			return StringOf(&value);
	}
	return GENOPS_ABSENT;
}

/* A row of two texts: the name and the value. */
static bool
HeaderOfRow(Datum row, GenopsSlice *name, GenopsSlice *value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	TupleDesc descriptor =
	    lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = { .t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header };
	bool texts = descriptor->natts == 2 && IsTextual(TupleDescAttr(descriptor, 0)->atttypid) &&
	             IsTextual(TupleDescAttr(descriptor, 1)->atttypid);
	bool no_name = true;
	bool no_value = true;

	*name = *value = GENOPS_ABSENT;
	if (texts)
	{
		Datum first = heap_getattr(&tuple, 1, descriptor, &no_name);
		Datum second = heap_getattr(&tuple, 2, descriptor, &no_value);

		*name = no_name ? GENOPS_ABSENT : TextSlice(first);
		*value = no_value ? GENOPS_ABSENT : TextSlice(second);
	}
	ReleaseTupleDesc(descriptor);
	return !no_name && !no_value;
}

static GenopsSlice
HeaderInRows(ArrayType *rows, GenopsSlice wanted)
{
	ArrayIterator iterator = array_create_iterator(rows, 0, NULL);
	GenopsSlice found = GENOPS_ABSENT;
	Datum row;
	bool null;

	while (!genops_slice_present(found) && array_iterate(iterator, &row, &null))
	{
		GenopsSlice name;
		GenopsSlice value;

		if (!null && HeaderOfRow(row, &name, &value) && NamesAreEqual(name, wanted))
			found = value;
	}
	array_free_iterator(iterator);
	return found;
}

GenopsSlice
ReplyHeader(const Reply *reply, GenopsSlice name)
{
	GenopsSlice value = GENOPS_ABSENT;

	if (reply->header_json != NULL && JB_ROOT_IS_OBJECT(reply->header_json))
		value = HeaderInObject(reply->header_json, name);
	else if (reply->header_json != NULL && JB_ROOT_IS_ARRAY(reply->header_json))
		value = HeaderInArray(reply->header_json, name);
	if (!genops_slice_present(value) && reply->header_rows != NULL)
		value = HeaderInRows(reply->header_rows, name);
	return value;
}
