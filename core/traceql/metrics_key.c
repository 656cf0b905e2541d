/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_key.h"

#include <math.h>

void
genops_key_put_count(GenopsBytes *bytes, uint32_t count)
{
	genops_bytes_put(bytes, &count, sizeof(count));
}

void
genops_key_put_real(GenopsBytes *bytes, double real)
{
	genops_bytes_put(bytes, &real, sizeof(real));
}

bool
genops_key_take_bytes(GenopsSlice *bytes, size_t length, GenopsSlice *taken)
{
	if (bytes->length < length)
		return false;
	*taken = (GenopsSlice){ bytes->data, length };
	bytes->data += length;
	bytes->length -= length;
	return true;
}

static bool
take_memory(GenopsSlice *bytes, void *memory, size_t size)
{
	GenopsSlice taken;

	if (!genops_key_take_bytes(bytes, size, &taken))
		return false;
	memcpy(memory, taken.data, size);
	return true;
}

bool
genops_key_take_count(GenopsSlice *bytes, uint32_t *count)
{
	return take_memory(bytes, count, sizeof(*count));
}

bool
genops_key_take_real(GenopsSlice *bytes, double *real)
{
	return take_memory(bytes, real, sizeof(*real));
}

/* One of the two zeros, and of the many that are no number. */
static double
canonical(double real)
{
	if (isnan(real))
		return NAN;
	return real == 0 ? 0.0 : real;
}

void
genops_key_put(GenopsBytes *key, const GenopsTraceqlValue *value)
{
	uint8_t type = value->array ? GENOPS_TYPE_NIL : (uint8_t) value->type;

	genops_bytes_put(key, &type, 1);
	switch (type)
	{
		case GENOPS_TYPE_NIL:
			break;
		case GENOPS_TYPE_STRING:
			genops_key_put_count(key, (uint32_t) value->text.length);
			genops_bytes_put(key, value->text.data, (uint32_t) value->text.length);
			break;
		case GENOPS_TYPE_FLOAT:
			genops_key_put_real(key, canonical(value->real));
			break;
		default:
			genops_bytes_put(key, &value->integer, sizeof(value->integer));
			break;
	}
}

static bool
take_text(GenopsSlice *key, GenopsSlice *text)
{
	uint32_t length;

	return genops_key_take_count(key, &length) && genops_key_take_bytes(key, length, text);
}

bool
genops_key_take(GenopsSlice *key, GenopsTraceqlValue *value)
{
	uint8_t type;

	*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	if (!take_memory(key, &type, 1))
		return false;
	value->type = (GenopsValueType) type;
	switch (type)
	{
		case GENOPS_TYPE_NIL:
			return true;
		case GENOPS_TYPE_STRING:
			return take_text(key, &value->text);
		case GENOPS_TYPE_FLOAT:
			return genops_key_take_real(key, &value->real);
		case GENOPS_TYPE_INT:
		case GENOPS_TYPE_BOOLEAN:
		case GENOPS_TYPE_DURATION:
		case GENOPS_TYPE_STATUS:
		case GENOPS_TYPE_KIND:
			return take_memory(key, &value->integer, sizeof(value->integer));
		default:
			return false;
	}
}
