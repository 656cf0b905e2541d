/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the configuration says of the resource that spans come from.
 */
#include "postgres.h"

#include "configure/environment.h"
#include "configure/json_pairs.h"
#include "configure/resource_attributes.h"
#include "configure/utf8_text.h"
#include "core/net/key_values.h"
#include "core/span/otlp_write.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* As many as OpenTelemetry allows on a span; a resource has no limit of its own. */
#define MAX_ATTRIBUTES 128
#define MAX_VALUE 4096

/* Items in the order of their precedence: of a key, the first counts. */
typedef struct ResourceItems
{
	GenopsBytes bytes;
	List *keys; /* of char *: what is there */
} ResourceItems;

static const char *const own_settings[][2] = {
	{ "service.name", "service_name" },
	{ "deployment.environment", "environment" },
	{ "deployment.environment.name", "environment" },
};

/* The setting that a key belongs to, or NULL. */
static const char *
SettingOfKey(const char *key)
{
	for (int i = 0; i < (int) lengthof(own_settings); i++)
		if (strcmp(own_settings[i][0], key) == 0)
			return own_settings[i][1];
	return NULL;
}

static bool
Take(ResourceItems *items, const char *key)
{
	ListCell *cell;

	if (SettingOfKey(key) != NULL)
		return false;
	foreach (cell, items->keys)
		if (strcmp(lfirst(cell), key) == 0)
			return false;
	items->keys = lappend(items->keys, pstrdup(key));
	return true;
}

static void
Put(ResourceItems *items, const char *key, const GenopsBytes *any_value)
{
	genops_otlp_resource_item(&items->bytes, genops_slice(key),
	                          (GenopsSlice){ (const char *) any_value->data, any_value->length });
}

/* Key and text in UTF-8. */
static void
PutText(ResourceItems *items, const char *key, const char *text)
{
	GenopsBytes any_value = genops_bytes_growing();

	if (!Take(items, key))
		return;
	genops_otlp_any_text(&any_value, genops_slice(text));
	Put(items, key, &any_value);
	genops_bytes_free(&any_value);
}

/* An integral number is an int, any other a double, as on spans. */
static void
EncodeNumber(GenopsBytes *out, Numeric number)
{
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
	char *end;
	long long integer;

	errno = 0;
	integer = strtoll(text, &end, 10);
	if (errno == 0 && *end == '\0')
		genops_otlp_any_int(out, integer);
	else
		genops_otlp_any_double(out, strtod(text, NULL));
}

static void
PutJson(ResourceItems *items, const char *key, const JsonbValue *value)
{
	GenopsBytes any_value = genops_bytes_growing();

	if (value->type == jbvNull || !Take(items, key))
		return;
	if (value->type == jbvString)
		genops_otlp_any_text(
		    &any_value,
		    genops_slice(Utf8FromServer(pnstrdup(value->val.string.val, value->val.string.len))));
	else if (value->type == jbvNumeric)
		EncodeNumber(&any_value, value->val.numeric);
	else if (value->type == jbvBool)
		genops_otlp_any_bool(&any_value, value->val.boolean);
	Put(items, key, &any_value);
	genops_bytes_free(&any_value);
}

static void
CheckPair(const char *key, const JsonbValue *value, void *arg)
{
	const char *setting = SettingOfKey(key);

	(void) arg;
	if (setting != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("resource attribute \"%s\" has a setting of its own", key),
		                errhint("Set \"%s\" instead.", setting)));
	if (key[0] == '\0' || value->type == jbvBinary ||
	    (value->type == jbvString && value->val.string.len > MAX_VALUE))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid resource attribute \"%s\"", key),
		                errdetail("A resource attribute has a name, and a value that is a text of "
		                          "at most %d bytes, a number, true or false.",
		                          MAX_VALUE)));
}

void
ResourceCheck(Jsonb *attributes)
{
	JsonRequireObject(attributes, "resource_attributes");
	if (JB_ROOT_COUNT(attributes) > MAX_ATTRIBUTES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid value for parameter \"resource_attributes\": it has more "
		                       "than %d attributes",
		                       MAX_ATTRIBUTES)));
	JsonForEachPair(attributes, CheckPair, NULL);
}

static void
PutConfigured(const char *key, const JsonbValue *value, void *arg)
{
	PutJson(arg, Utf8FromServer(key), value);
}

static bool
PutFromEnvironment(GenopsSlice key, GenopsSlice value, void *arg, GenopsError *error)
{
	(void) error;
	if (key.length > 0)
		PutText(arg, pnstrdup(key.data, key.length), pnstrdup(value.data, value.length));
	return true;
}

typedef struct WantedKey
{
	GenopsSlice key;
	char *text;
} WantedKey;

static bool
FindKey(GenopsSlice key, GenopsSlice value, void *arg, GenopsError *error)
{
	WantedKey *wanted = arg;

	(void) error;
	if (value.length > 0 && genops_slice_equal(key, wanted->key))
		wanted->text = pnstrdup(value.data, value.length);
	return true;
}

const char *
ResourceEnvironmentText(const char *key)
{
	GenopsEnvText attributes = Environment()->resource_attributes;
	WantedKey wanted = { genops_slice(key), NULL };
	GenopsError error;

	if (attributes.variable == NULL ||
	    !genops_key_values_each(genops_slice(attributes.value), true, FindKey, &wanted, &error) ||
	    wanted.text == NULL)
		return NULL;
	return pg_any_to_server(wanted.text, (int) strlen(wanted.text), PG_UTF8);
}

char *
ResourceEncode(const char *configured, Size *length)
{
	ResourceItems items = { genops_bytes_growing(), NIL };
	GenopsEnvText variable = Environment()->resource_attributes;
	GenopsError error;
	char *encoded;

	if (configured != NULL)
		JsonForEachPair(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(configured))),
		                PutConfigured, &items);
	if (variable.variable != NULL)
		(void) genops_key_values_each(genops_slice(variable.value), true, PutFromEnvironment,
		                              &items, &error);

	if (items.bytes.failed)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	*length = items.bytes.length;
	encoded = palloc(items.bytes.length);
	memcpy(encoded, items.bytes.data, items.bytes.length);
	genops_bytes_free(&items.bytes);
	return encoded;
}
