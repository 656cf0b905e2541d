/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include <math.h>

#include "ask/value_jsonb.h"
#include "core/traceql/traceql.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"

static JsonbValue
TextValue(GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);
	JsonbValue value = { .type = jbvString };

	value.val.string.val = pnstrdup(converted.length > 0 ? converted.data : "", converted.length);
	value.val.string.len = (int) converted.length;
	return value;
}

static JsonbValue
NumericValue(Numeric number)
{
	JsonbValue value = { .type = jbvNumeric };

	value.val.numeric = number;
	return value;
}

/* jsonb has no NaN and no infinity.  A whole number keeps a decimal, which tells it
 * from an int, though jsonb takes both for equal. */
static JsonbValue
RealValue(double real)
{
	char *text = float8out_internal(real);

	if (isnan(real) || isinf(real))
		return TextValue(genops_slice(text));
	if (strpbrk(text, ".e") == NULL)
		text = psprintf("%s.0", text);
	return NumericValue(DatumGetNumeric(DirectFunctionCall3(
	    numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
}

/* As a query would write it. */
static JsonbValue
PrintedValue(const GenopsTraceqlValue *value)
{
	GenopsLiteral literal = { .type = value->type, .integer = value->integer };
	char memory[64];
	GenopsBytes printed = genops_bytes_over(memory, sizeof(memory));

	genops_traceql_print_literal(&printed, &literal);
	return TextValue((GenopsSlice){ memory, printed.length });
}

static JsonbValue
ValueOf(const GenopsTraceqlValue *value)
{
	JsonbValue result = { .type = jbvNull };

	switch (value->type)
	{
		case GENOPS_TYPE_STRING:
			return TextValue(value->text);
		case GENOPS_TYPE_INT:
			return NumericValue(int64_to_numeric(value->integer));
		case GENOPS_TYPE_FLOAT:
			return RealValue(value->real);
		case GENOPS_TYPE_BOOLEAN:
			result.type = jbvBool;
			result.val.boolean = value->integer != 0;
			return result;
		case GENOPS_TYPE_DURATION:
		case GENOPS_TYPE_STATUS:
		case GENOPS_TYPE_KIND:
			return PrintedValue(value);
		default:
			return result;
	}
}

static void
PushArray(JsonbParseState **state, GenopsSlice elements)
{
	GenopsTraceqlValue element;

	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	while (genops_traceql_value_next(&elements, &element))
	{
		JsonbValue value = ValueOf(&element);

		pushJsonbValue(state, WJB_ELEM, &value);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

void
LabelsBegin(LabelsBuilder *builder)
{
	builder->state = NULL;
	pushJsonbValue(&builder->state, WJB_BEGIN_OBJECT, NULL);
}

void
LabelsAdd(LabelsBuilder *builder, GenopsSlice key, const GenopsTraceqlValue *value)
{
	JsonbValue label = TextValue(key);
	JsonbValue content;

	pushJsonbValue(&builder->state, WJB_KEY, &label);
	if (value->array)
	{
		PushArray(&builder->state, value->text);
		return;
	}
	content = ValueOf(value);
	pushJsonbValue(&builder->state, WJB_VALUE, &content);
}

Jsonb *
LabelsEnd(LabelsBuilder *builder)
{
	return JsonbValueToJsonb(pushJsonbValue(&builder->state, WJB_END_OBJECT, NULL));
}
