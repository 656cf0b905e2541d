/* SPDX-License-Identifier: PostgreSQL */
/*
 * Attributes: OTLP/JSON's AnyValue and KeyValue.  These nest, as deep as
 * genops_json_prepare has let them.
 */
#include "core/base/base64.h"
#include "core/span/json_convert.h"
#include "core/span/otlp_put.h"
#include "core/span/otlp_write.h"

static bool
convert_bool(GenopsConverter *converter, const cJSON *value)
{
	if (!cJSON_IsBool(value))
		return genops_convert_refuse(converter, "boolValue", "true or false");
	genops_otlp_any_bool(converter->out, cJSON_IsTrue(value));
	return true;
}

static bool
convert_int(GenopsConverter *converter, const cJSON *value)
{
	int64_t number;

	if (!genops_json_int64(value, &number))
		return genops_convert_refuse(converter, "intValue",
		                             "an integer of 64 bits, as a text or number");
	genops_otlp_any_int(converter->out, number);
	return true;
}

/* A double may be a text: not only for NaN and Infinity, because
 * genops_json_prepare has made texts of long integers. */
static bool
double_of_text(const char *text, double *number)
{
	static const struct
	{
		const char *name;
		double value;
	} names[] = {
		{ "NaN", (double) __builtin_nanf("") },
		{ "Infinity", (double) __builtin_inff() },
		{ "-Infinity", (double) -__builtin_inff() },
	};
	cJSON *parsed;
	bool is_number;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strcmp(text, names[i].name) == 0)
		{
			*number = names[i].value;
			return true;
		}
	}
	/* Not strtod, whose decimal point is the locale's. */
	parsed = cJSON_ParseWithOpts(text, NULL, true);
	is_number = cJSON_IsNumber(parsed);
	if (is_number)
		*number = parsed->valuedouble;
	cJSON_Delete(parsed);
	return is_number;
}

bool
genops_json_double(const cJSON *item, double *value)
{
	if (!cJSON_IsNumber(item))
		return cJSON_IsString(item) && double_of_text(item->valuestring, value);
	*value = item->valuedouble;
	return true;
}

static bool
convert_double(GenopsConverter *converter, const cJSON *value)
{
	double number;

	if (!genops_json_double(value, &number))
		return genops_convert_refuse(converter, "doubleValue", "a number");
	genops_otlp_any_double(converter->out, number);
	return true;
}

static bool
convert_bytes(GenopsConverter *converter, const cJSON *value)
{
	GenopsSlice text = genops_slice(cJSON_GetStringValue(value));
	size_t start;
	size_t length;

	if (!genops_slice_present(text))
		return genops_convert_refuse(converter, "bytesValue", "a text in base64");
	start = genops_convert_open(converter, LENGTH(7));
	if (!genops_bytes_room(converter->out, genops_base64_room(text)))
		return true; /* out of memory: the caller looks at the end */
	if (!genops_base64_decode(converter->out->data + converter->out->length, text, &length))
		return genops_convert_refuse(converter, "bytesValue", "a text in base64");
	converter->out->length += length;
	genops_convert_close(converter, start);
	return true;
}

static bool convert_any_value(GenopsConverter *converter, const cJSON *any_value);
static bool convert_key_value(GenopsConverter *converter, const cJSON *key_value);

static bool
convert_array_value(GenopsConverter *converter, const cJSON *array_value)
{
	return genops_convert_array(converter, array_value, "values", LENGTH(1), convert_any_value);
}

static bool
convert_map_value(GenopsConverter *converter, const cJSON *map_value)
{
	return genops_convert_array(converter, map_value, "values", LENGTH(1), convert_key_value);
}

/* The content of an AnyValue; one without a member is a null. */
static bool
convert_any_value(GenopsConverter *converter, const cJSON *any_value)
{
	const cJSON *member;

	if ((member = genops_json_member(any_value, "stringValue")) != NULL)
	{
		/* An empty text is a value here. */
		if (!cJSON_IsString(member))
			return genops_convert_refuse(converter, "stringValue", "a text");
		genops_otlp_any_text(converter->out, genops_slice(member->valuestring));
		return true;
	}
	if ((member = genops_json_member(any_value, "intValue")) != NULL)
		return convert_int(converter, member);
	if ((member = genops_json_member(any_value, "doubleValue")) != NULL)
		return convert_double(converter, member);
	if ((member = genops_json_member(any_value, "boolValue")) != NULL)
		return convert_bool(converter, member);
	if (genops_json_member(any_value, "arrayValue") != NULL)
		return genops_convert_object(converter, any_value, "arrayValue", LENGTH(5),
		                             convert_array_value);
	if (genops_json_member(any_value, "kvlistValue") != NULL)
		return genops_convert_object(converter, any_value, "kvlistValue", LENGTH(6),
		                             convert_map_value);
	if ((member = genops_json_member(any_value, "bytesValue")) != NULL)
		return convert_bytes(converter, member);
	return true;
}

static bool
convert_key_value(GenopsConverter *converter, const cJSON *key_value)
{
	return genops_convert_text(converter, key_value, "key", LENGTH(1)) &&
	       genops_convert_object(converter, key_value, "value", LENGTH(2), convert_any_value);
}

bool
genops_convert_key_values(GenopsConverter *converter, const cJSON *object, const char *name,
                          uint8_t tag)
{
	return genops_convert_array(converter, object, name, tag, convert_key_value);
}

bool
genops_convert_attributes(GenopsConverter *converter, const cJSON *object, uint8_t tag)
{
	return genops_convert_key_values(converter, object, "attributes", tag);
}
