/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "record/value.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

/* In front of jsonb: of a text, no byte is 0.  As long as the header of a jsonb, so that what
 * follows is aligned. */
static const char jsonb_mark[VARHDRSZ] = { 0 };

PG_FUNCTION_INFO_V1(genops_value_in);
PG_FUNCTION_INFO_V1(genops_value_out);
PG_FUNCTION_INFO_V1(genops_value_recv);
PG_FUNCTION_INFO_V1(genops_value_send);
PG_FUNCTION_INFO_V1(genops_value_text);
PG_FUNCTION_INFO_V1(genops_value_of_int2);
PG_FUNCTION_INFO_V1(genops_value_of_int4);
PG_FUNCTION_INFO_V1(genops_value_of_int8);
PG_FUNCTION_INFO_V1(genops_value_of_float4);
PG_FUNCTION_INFO_V1(genops_value_of_float8);
PG_FUNCTION_INFO_V1(genops_value_of_numeric);
PG_FUNCTION_INFO_V1(genops_value_of_uuid);
PG_FUNCTION_INFO_V1(genops_value_of_interval);
PG_FUNCTION_INFO_V1(genops_value_of_json);
PG_FUNCTION_INFO_V1(genops_value_of_jsonb);

static GenopsSlice
Content(Datum value)
{
	struct varlena *content = PG_DETOAST_DATUM_PACKED(value);

	return (GenopsSlice){ VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content) };
}

static bool
HoldsJsonb(GenopsSlice content)
{
	return content.length > sizeof(jsonb_mark) && content.data[0] == '\0';
}

static Jsonb *
JsonbOf(GenopsSlice content)
{
	Size length = content.length - sizeof(jsonb_mark);
	Jsonb *json = palloc(VARHDRSZ + length);

	SET_VARSIZE(json, VARHDRSZ + length);
	memcpy(VARDATA(json), content.data + sizeof(jsonb_mark), length);
	return json;
}

Jsonb *
ValueJsonb(Datum value)
{
	GenopsSlice content = Content(value);

	return HoldsJsonb(content) ? JsonbOf(content) : NULL;
}

GenopsSlice
ValueText(Datum value)
{
	GenopsSlice content = Content(value);

	if (HoldsJsonb(content))
		return genops_slice(
		    JsonbToCString(NULL, &JsonbOf(content)->root, (int) content.length));
	return content;
}

Datum
genops_value_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(PG_GETARG_CSTRING(0)));
}

Datum
genops_value_out(PG_FUNCTION_ARGS)
{
	GenopsSlice text = ValueText(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(pnstrdup(text.data, text.length));
}

Datum
genops_value_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length;
	char *text = pq_getmsgtext(message, message->len - message->cursor, &length);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(text, length));
}

Datum
genops_value_send(PG_FUNCTION_ARGS)
{
	GenopsSlice text = ValueText(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendtext(&message, text.data, (int) text.length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
genops_value_text(PG_FUNCTION_ARGS)
{
	GenopsSlice text = ValueText(PG_GETARG_DATUM(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, (int) text.length));
}

static Datum
OfInteger(int64 number)
{
	char text[MAXINT8LEN + 1];

	return PointerGetDatum(cstring_to_text_with_len(text, pg_lltoa(number, text)));
}

Datum
genops_value_of_int2(PG_FUNCTION_ARGS)
{
	return OfInteger(PG_GETARG_INT16(0));
}

Datum
genops_value_of_int4(PG_FUNCTION_ARGS)
{
	return OfInteger(PG_GETARG_INT32(0));
}

Datum
genops_value_of_int8(PG_FUNCTION_ARGS)
{
	return OfInteger(PG_GETARG_INT64(0));
}

static Datum
OfPrinted(PGFunction print, Datum value)
{
	PG_RETURN_TEXT_P(cstring_to_text(DatumGetCString(DirectFunctionCall1(print, value))));
}

Datum
genops_value_of_float4(PG_FUNCTION_ARGS)
{
	return OfPrinted(float4out, PG_GETARG_DATUM(0));
}

Datum
genops_value_of_float8(PG_FUNCTION_ARGS)
{
	return OfPrinted(float8out, PG_GETARG_DATUM(0));
}

Datum
genops_value_of_numeric(PG_FUNCTION_ARGS)
{
	return OfPrinted(numeric_out, PG_GETARG_DATUM(0));
}

Datum
genops_value_of_uuid(PG_FUNCTION_ARGS)
{
	return OfPrinted(uuid_out, PG_GETARG_DATUM(0));
}

Datum
genops_value_of_interval(PG_FUNCTION_ARGS)
{
	return OfPrinted(interval_out, PG_GETARG_DATUM(0));
}

static Datum
OfScalar(FunctionCallInfo fcinfo, const JsonbValue *scalar)
{
	switch (scalar->type)
	{
		case jbvString:
			PG_RETURN_TEXT_P(
			    cstring_to_text_with_len(scalar->val.string.val, scalar->val.string.len));
		case jbvNumeric:
			return OfPrinted(numeric_out, NumericGetDatum(scalar->val.numeric));
		case jbvBool:
			PG_RETURN_TEXT_P(cstring_to_text(scalar->val.boolean ? "true" : "false"));
		default:
			PG_RETURN_NULL();
	}
}

static Datum
OfJsonb(FunctionCallInfo fcinfo, Jsonb *json)
{
	JsonbValue scalar;
	Size length;
	struct varlena *value;

	if (JB_ROOT_IS_SCALAR(json))
	{
		(void) JsonbExtractScalar(&json->root, &scalar);
		return OfScalar(fcinfo, &scalar);
	}
	length = VARSIZE(json) - VARHDRSZ;
	value = palloc(VARHDRSZ + sizeof(jsonb_mark) + length);
	SET_VARSIZE(value, VARHDRSZ + sizeof(jsonb_mark) + length);
	memcpy(VARDATA(value), jsonb_mark, sizeof(jsonb_mark));
	memcpy(VARDATA(value) + sizeof(jsonb_mark), VARDATA(json), length);
	PG_RETURN_POINTER(value);
}

Datum
genops_value_of_jsonb(PG_FUNCTION_ARGS)
{
	return OfJsonb(fcinfo, PG_GETARG_JSONB_P(0));
}

/* What jsonb is asked to hold of a number: far less than numeric can.  Digits. */
#define NUMBER_MAX 1000

/* Longer strings than jsonb takes are longer than anything that is recorded.  Bytes. */
#define STRING_MAX (64 * 1024 * 1024)

/* Of an escape by code: json has seen that it has four digits. */
static unsigned
EscapedCode(const char *at)
{
	char digits[5] = { at[0], at[1], at[2], at[3], '\0' };

	return (unsigned) strtoul(digits, NULL, 16);
}

static bool
IsHighSurrogate(unsigned code)
{
	return code >= 0xD800 && code <= 0xDBFF;
}

static bool
IsLowSurrogate(unsigned code)
{
	return code >= 0xDC00 && code <= 0xDFFF;
}

/* Whether an escape, from its digits on, means a character that a text can have.  Moves behind it. */
static bool
EscapeHasText(const char **at)
{
	unsigned code = EscapedCode(*at);

	*at += 4;
	if (code == 0 || IsLowSurrogate(code))
		return false;
	if (IsHighSurrogate(code))
	{
		if ((*at)[0] != '\\' || (*at)[1] != 'u' || !IsLowSurrogate(EscapedCode(*at + 2)))
			return false;
		*at += 6;
	}
	return code < 0x80 || GetDatabaseEncoding() == PG_UTF8;
}

static bool
StringFitsJsonb(const char *at)
{
	if (strlen(at) > STRING_MAX)
		return false;
	while (*at != '\0')
	{
		if (*at++ != '\\')
			continue;
		if (*at++ == 'u' && !EscapeHasText(&at))
			return false;
	}
	return true;
}

static bool
NumberFitsJsonb(const char *number)
{
	const char *at = strpbrk(number, "eE");
	long exponent = at == NULL ? 0 : strtol(at + 1, NULL, 10);

	return strlen(number) < NUMBER_MAX && exponent < NUMBER_MAX && exponent > -NUMBER_MAX;
}

/* An object or array stays the text that it is, and so does a scalar that jsonb would refuse. */
Datum
genops_value_of_json(PG_FUNCTION_ARGS)
{
	text *json = PG_GETARG_TEXT_PP(0);
	const char *at = VARDATA_ANY(json);
	const char *end = at + VARSIZE_ANY_EXHDR(json);
	char *scalar;
	Datum parsed;

	while (at < end && strchr(" \t\r\n", *at) != NULL)
		at++;
	if (at < end && (*at == '{' || *at == '['))
		PG_RETURN_TEXT_P(json);
	scalar = pnstrdup(at, end - at);
	if (*scalar == '"' ? !StringFitsJsonb(scalar) : !NumberFitsJsonb(scalar))
		PG_RETURN_TEXT_P(json);
	parsed = DirectFunctionCall1(jsonb_in, CStringGetDatum(scalar));
	return OfJsonb(fcinfo, DatumGetJsonbP(parsed));
}
