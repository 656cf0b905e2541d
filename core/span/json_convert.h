/* SPDX-License-Identifier: PostgreSQL */
/*
 * Turns parts of parsed OTLP/JSON, or of what is like it, into OTLP bytes.
 *
 * A converter knows where in the JSON it is, so that an error can name the
 * place.  Each genops_convert function takes the member of that name from an
 * object and appends it as a field; what is missing or null is the default,
 * which is not written.
 */
#ifndef GENOPS_CORE_SPAN_JSON_CONVERT_H
#define GENOPS_CORE_SPAN_JSON_CONVERT_H

#include <cjson/cJSON.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

typedef struct GenopsConverter
{
	GenopsBytes *out;
	GenopsError *error;
	const char *what; /* it is, in errors: "OTLP/JSON" */
	bool base64_ids;  /* as Tempo's own replies have them; OTLP has hex */
	char place[200];  /* resourceSpans[0].scopeSpans[1]; cut when too long */
} GenopsConverter;

/* Steps into a member or an element; genops_convert_leave with what they
 * return steps out again. */
extern size_t genops_convert_enter(GenopsConverter *converter, const char *name);
extern size_t genops_convert_enter_element(GenopsConverter *converter, size_t index);
extern void genops_convert_leave(GenopsConverter *converter, size_t place);

/* Fails: what was expected where we are, or in a member there. */
extern bool genops_convert_refuse(GenopsConverter *converter, const char *member,
                                  const char *expected);

/* The member; NULL if it is missing or null. */
extern const cJSON *genops_json_member(const cJSON *object, const char *name);

/* A length-delimited field; its content is what is written between the two. */
extern size_t genops_convert_open(GenopsConverter *converter, uint8_t tag);
extern void genops_convert_close(GenopsConverter *converter, size_t start);

/* Each element of an array of objects as one field. */
typedef bool GenopsConvertObject(GenopsConverter *converter, const cJSON *object);
extern bool genops_convert_array(GenopsConverter *converter, const cJSON *object, const char *name,
                                 uint8_t tag, GenopsConvertObject *convert);
extern bool genops_convert_object(GenopsConverter *converter, const cJSON *object, const char *name,
                                  uint8_t tag, GenopsConvertObject *convert);

extern bool genops_convert_text(GenopsConverter *converter, const cJSON *object, const char *name,
                                uint8_t tag);
extern bool genops_convert_uint32(GenopsConverter *converter, const cJSON *object, const char *name,
                                  uint8_t tag);
extern bool genops_convert_fixed32(GenopsConverter *converter, const cJSON *object,
                                   const char *name, const uint8_t *tag, size_t tag_size);
extern bool genops_convert_time(GenopsConverter *converter, const cJSON *object, const char *name,
                                uint8_t tag);

/* An enumeration: a number, or the prefix with one of the names. */
typedef struct GenopsJsonEnum
{
	const char *prefix;
	const char *const *names;
	size_t count;
} GenopsJsonEnum;

extern bool genops_convert_enum(GenopsConverter *converter, const cJSON *object, const char *name,
                                uint8_t tag, const GenopsJsonEnum *values);

/* An id of that many bytes; "required" refuses one that is missing or zero. */
extern bool genops_convert_id(GenopsConverter *converter, const cJSON *object, const char *name,
                              uint8_t tag, size_t size, bool required);

/* An array of KeyValues, by whatever name or by its usual one: json_value.c. */
extern bool genops_convert_key_values(GenopsConverter *converter, const cJSON *object,
                                      const char *name, uint8_t tag);
extern bool genops_convert_attributes(GenopsConverter *converter, const cJSON *object, uint8_t tag);

/* A 64-bit integer in a number or a text of digits. */
extern bool genops_json_int64(const cJSON *item, int64_t *value);

/* A double in a number or in a text, which "NaN" and "Infinity" are. */
extern bool genops_json_double(const cJSON *item, double *value);

#endif
