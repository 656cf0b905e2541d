/* SPDX-License-Identifier: PostgreSQL */
/*
 * OTLP's values as jsonb.
 *
 * jsonb cannot say all that an AnyValue can: NaN and the infinities become
 * texts, bytes become base64 (as in OTLP/JSON).  A double that is a whole number keeps a
 * decimal ("2.0"), which tells it from an integer, though jsonb takes both
 * for equal.  Of several values of one key the first is shown, as Tempo
 * does.  Values nested deeper than MAX_DEPTH are shown as null.
 */
#include "postgres.h"

#include <math.h>

#include "ask/otlp_jsonb.h"
#include "common/base64.h"
#include "common/shortest_dec.h"
#include "core/span/otlp_read.h"
#include "core/span/trace_context.h"
#include "datatype/timestamp.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define MAX_DEPTH 64

/* ArrayValue.values and KeyValueList.values. */
#define CONTENT_FIELD 1

typedef struct Builder
{
	JsonbParseState *state;
	JsonbValue *result;
} Builder;

static void PushValue(Builder *builder, const GenopsValue *value, JsonbIteratorToken token,
                      int depth);

void
OtlpMalformed(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
	                errmsg("a segment of the genops ledger is malformed")));
}

static void
Push(Builder *builder, JsonbIteratorToken token, JsonbValue *value)
{
	builder->result = pushJsonbValue(&builder->state, token, value);
}

static void
PushText(Builder *builder, JsonbIteratorToken token, GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);
	JsonbValue value = { .type = jbvString };

	value.val.string.val = unconstify(char *, converted.length > 0 ? converted.data : "");
	value.val.string.len = (int) converted.length;
	Push(builder, token, &value);
}

static void
PushNull(Builder *builder, JsonbIteratorToken token)
{
	JsonbValue value = { .type = jbvNull };

	Push(builder, token, &value);
}

static void
PushNumeric(Builder *builder, JsonbIteratorToken token, Numeric number)
{
	JsonbValue value = { .type = jbvNumeric };

	value.val.numeric = number;
	Push(builder, token, &value);
}

static void
PushDouble(Builder *builder, JsonbIteratorToken token, double number)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN + 2];

	if (isnan(number))
		PushText(builder, token, GENOPS_LITERAL("NaN"));
	else if (isinf(number))
		PushText(builder, token,
		         number > 0 ? GENOPS_LITERAL("Infinity") : GENOPS_LITERAL("-Infinity"));
	else
	{
		double_to_shortest_decimal_buf(number, text);
		if (strpbrk(text, ".e") == NULL)
			strcat(text, ".0");
		PushNumeric(
		    builder, token,
		    DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
		                                        ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
	}
}

static void
PushBytes(Builder *builder, JsonbIteratorToken token, GenopsSlice bytes)
{
	int room = pg_b64_enc_len((int) bytes.length);
	char *text = palloc(room + 1);
	int length = pg_b64_encode((const void *) bytes.data, (int) bytes.length, text, room);

	PushText(builder, token, (GenopsSlice){ text, (size_t) Max(length, 0) });
}

static void
PushArray(Builder *builder, GenopsSlice content, int depth)
{
	GenopsFields fields = genops_fields(content);
	GenopsWireField field;
	GenopsValue value;

	Push(builder, WJB_BEGIN_ARRAY, NULL);
	while (genops_fields_next(&fields, &field))
	{
		if (field.number != CONTENT_FIELD || field.wire_type != 2)
			continue;
		if (!genops_read_value(field.bytes, &value))
			OtlpMalformed();
		PushValue(builder, &value, WJB_ELEM, depth);
	}
	Push(builder, WJB_END_ARRAY, NULL);
}

typedef struct KeyedValue
{
	GenopsSlice key;
	GenopsValue value;
} KeyedValue;

static KeyedValue *
ReadPairs(GenopsSlice message, uint32 field_number, int *count)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;
	int room = 32;
	KeyedValue *pairs = palloc(room * sizeof(KeyedValue));

	*count = 0;
	while (genops_fields_next(&fields, &field))
	{
		if (field.number != field_number || field.wire_type != 2)
			continue;
		if (*count == room)
		{
			room *= 2;
			pairs = repalloc(pairs, room * sizeof(KeyedValue));
		}
		if (!genops_read_key_value(field.bytes, &pairs[*count].key, &pairs[*count].value))
			OtlpMalformed();
		(*count)++;
	}
	if (fields.malformed)
		OtlpMalformed();
	return pairs;
}

/* jsonb keeps the last of equal keys, so they are pushed from the end. */
static void
PushObject(Builder *builder, GenopsSlice message, uint32 field_number, int depth)
{
	int count;
	KeyedValue *pairs = ReadPairs(message, field_number, &count);

	Push(builder, WJB_BEGIN_OBJECT, NULL);
	while (--count >= 0)
	{
		PushText(builder, WJB_KEY, pairs[count].key);
		PushValue(builder, &pairs[count].value, WJB_VALUE, depth);
	}
	Push(builder, WJB_END_OBJECT, NULL);
	pfree(pairs);
}

static void
PushValue(Builder *builder, const GenopsValue *value, JsonbIteratorToken token, int depth)
{
	JsonbValue boolean = { .type = jbvBool };

	switch (depth < MAX_DEPTH ? value->type : GENOPS_VALUE_EMPTY)
	{
		case GENOPS_VALUE_EMPTY:
			PushNull(builder, token);
			break;
		case GENOPS_VALUE_TEXT:
			PushText(builder, token, value->bytes);
			break;
		case GENOPS_VALUE_BOOL:
			boolean.val.boolean = value->boolean;
			Push(builder, token, &boolean);
			break;
		case GENOPS_VALUE_INT:
			PushNumeric(builder, token, int64_to_numeric(value->integer));
			break;
		case GENOPS_VALUE_DOUBLE:
			PushDouble(builder, token, value->number);
			break;
		case GENOPS_VALUE_ARRAY:
			PushArray(builder, value->bytes, depth + 1);
			break;
		case GENOPS_VALUE_MAP:
			PushObject(builder, value->bytes, CONTENT_FIELD, depth + 1);
			break;
		case GENOPS_VALUE_BYTES:
			PushBytes(builder, token, value->bytes);
			break;
	}
}

Jsonb *
OtlpAttributes(GenopsSlice message, uint32 field_number)
{
	Builder builder = { 0 };

	PushObject(&builder, message, field_number, 0);
	return JsonbValueToJsonb(builder.result);
}

static void
PushMember(Builder *builder, const char *key, GenopsSlice text)
{
	PushText(builder, WJB_KEY, genops_slice(key));
	PushText(builder, WJB_VALUE, text);
}

/* ISO 8601 with nanoseconds, in UTC; timestamptz reads it. */
static GenopsSlice
PrintTime(uint64 unix_ns)
{
	uint64 seconds = unix_ns / 1000000000;
	int of_day = (int) (seconds % SECS_PER_DAY);
	int year, month, day;

	j2date((int) (seconds / SECS_PER_DAY) + UNIX_EPOCH_JDATE, &year, &month, &day);
	return genops_slice(psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", year, month, day,
	                             of_day / 3600, of_day / 60 % 60, of_day % 60,
	                             (int) (unix_ns % 1000000000)));
}

/* Event: 1 time, 2 name, 3 attributes. */
static void
PushEvent(Builder *builder, GenopsSlice event)
{
	GenopsFields fields = genops_fields(event);
	GenopsWireField field;
	GenopsSlice name = GENOPS_LITERAL("");
	uint64 time = 0;

	while (genops_fields_next(&fields, &field))
	{
		if (field.number == 1 && field.wire_type == 1)
			time = field.scalar;
		else if (field.number == 2 && field.wire_type == 2)
			name = field.bytes;
	}
	Push(builder, WJB_BEGIN_OBJECT, NULL);
	PushMember(builder, "time", PrintTime(time));
	PushMember(builder, "name", name);
	PushText(builder, WJB_KEY, GENOPS_LITERAL("attributes"));
	PushObject(builder, event, 3, 1);
	Push(builder, WJB_END_OBJECT, NULL);
}

static void
PushHex(Builder *builder, const char *key, GenopsSlice id)
{
	char *digits = palloc(2 * id.length + 1);

	genops_hex(digits, (const uint8_t *) id.data, id.length);
	PushMember(builder, key, (GenopsSlice){ digits, 2 * id.length });
}

/* Link: 1 trace_id, 2 span_id, 3 trace_state, 4 attributes. */
static void
PushLink(Builder *builder, GenopsSlice link)
{
	GenopsFields fields = genops_fields(link);
	GenopsWireField field;
	GenopsSlice members[4] = { GENOPS_LITERAL(""), GENOPS_LITERAL(""), GENOPS_LITERAL(""),
		                       GENOPS_LITERAL("") };

	while (genops_fields_next(&fields, &field))
		if (field.number < lengthof(members) && field.wire_type == 2)
			members[field.number] = field.bytes;
	Push(builder, WJB_BEGIN_OBJECT, NULL);
	PushHex(builder, "trace_id", members[1]);
	PushHex(builder, "span_id", members[2]);
	PushMember(builder, "trace_state", members[3]);
	PushText(builder, WJB_KEY, GENOPS_LITERAL("attributes"));
	PushObject(builder, link, 4, 1);
	Push(builder, WJB_END_OBJECT, NULL);
}

static Jsonb *
ArrayOf(GenopsSlice span, uint32 field_number, void (*push)(Builder *, GenopsSlice))
{
	Builder builder = { 0 };
	GenopsFields fields = genops_fields(span);
	GenopsWireField field;

	Push(&builder, WJB_BEGIN_ARRAY, NULL);
	while (genops_fields_next(&fields, &field))
		if (field.number == field_number && field.wire_type == 2)
			push(&builder, field.bytes);
	Push(&builder, WJB_END_ARRAY, NULL);
	if (fields.malformed)
		OtlpMalformed();
	return JsonbValueToJsonb(builder.result);
}

Jsonb *
OtlpEvents(GenopsSlice span)
{
	return ArrayOf(span, GENOPS_SPAN_EVENTS, PushEvent);
}

Jsonb *
OtlpLinks(GenopsSlice span)
{
	return ArrayOf(span, GENOPS_SPAN_LINKS, PushLink);
}
