/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_value.h"

#include <math.h>

/* Within the first event or link that has it; afterwards none is looked at. */
static bool
look_up_repeated(GenopsTraceqlSpan *span, uint32_t number, const GenopsAttribute *attribute,
                 GenopsTraceqlValue *value, GenopsError *error)
{
	GenopsFields fields = genops_fields(span->span.message);
	GenopsWireField field;
	GenopsSlice *at = number == GENOPS_SPAN_EVENTS ? &span->event : &span->link;
	bool present = false;
	bool done = true;

	*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	while (done && !present && genops_fields_next(&fields, &field))
	{
		if (field.number != number || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		*at = field.bytes;
		done = genops_traceql_look_up(span, attribute, value, &present, error);
	}
	*at = GENOPS_ABSENT;
	return done;
}

bool
genops_metrics_look_up(GenopsTraceqlSpan *span, const GenopsAttribute *attribute,
                       GenopsTraceqlValue *value, GenopsError *error)
{
	uint32_t repeated = genops_traceql_repeated(attribute);
	bool present;
	bool done;

	if (repeated != 0)
		done = look_up_repeated(span, repeated, attribute, value, error);
	else
		done = genops_traceql_look_up(span, attribute, value, &present, error);
	if (value->array)
		*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	return done;
}

double
genops_metrics_number(const GenopsAttribute *attribute, const GenopsTraceqlValue *value)
{
	switch (value->type)
	{
		case GENOPS_TYPE_INT:
			return (double) value->integer;
		case GENOPS_TYPE_FLOAT:
			return value->real;
		case GENOPS_TYPE_DURATION:
			return attribute->intrinsic == GENOPS_INTRINSIC_DURATION ? (double) value->integer / 1e9
			                                                         : (double) value->integer;
		default:
			return NAN;
	}
}
