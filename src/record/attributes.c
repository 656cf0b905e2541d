/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "core/span/ai_call.h"
#include "core/span/otlp_write.h"
#include "record/arguments.h"
#include "record/attributes.h"
#include "record/complaint.h"
#include "record/outcome.h"
#include "record/text.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* Deeper is dropped: no tool shows it. */
#define MAX_DEPTH 8

/* Tags, lengths and a number around a key and a value, generously. */
#define OVERHEAD 40

/* Which argument sets an attribute that people may try to set themselves. */
static const struct
{
	const char *key;
	const char *argument;
} arguments[] = {
	{ "team", "team" },
	{ "project", "project" },
	{ "customer_id", "customer_id" },
	{ "cost_center", "cost_center" },
	{ "feature", "feature" },
	{ "service.name", "service_name" },
	{ "deployment.environment", "environment" },
	{ "deployment.environment.name", "environment" },
	{ "user_id", "user_id" },
	{ "cost", "total_cost" },
	{ "error.type", "error" },
	{ "exception.type", "error" },
	{ "exception.message", "error" },
	{ "gen_ai.operation.name", "operation" },
	{ "gen_ai.provider.name", "provider" },
	{ "gen_ai.request.model", "model" },
	{ "gen_ai.usage.input_tokens", "prompt_tokens" },
	{ "gen_ai.usage.output_tokens", "completion_tokens" },
	{ "genops.provider", "provider" },
	{ "genops.model", "model" },
	{ "genops.team", "team" },
	{ "genops.project", "project" },
	{ "genops.customer_id", "customer_id" },
	{ "genops.cost_center", "cost_center" },
	{ "genops.feature", "feature" },
	{ "genops.user_id", "user_id" },
	{ "genops.environment", "environment" },
	{ "genops.cost.total", "total_cost" },
	{ "genops.cost.total_cost", "total_cost" },
	{ "genops.cost.prompt_tokens", "prompt_tokens" },
	{ "genops.cost.completion_tokens", "completion_tokens" },
	{ "genops.tokens.input", "prompt_tokens" },
	{ "genops.tokens.output", "completion_tokens" },
};

static void
ComplainOfOwnedKey(GenopsSlice key)
{
	const char *argument = NULL;

	for (int i = 0; i < (int) lengthof(arguments); i++)
		if (genops_slice_equal(genops_slice(arguments[i].key), key))
			argument = arguments[i].argument;
	Complain(COMPLAINT_ATTRIBUTES, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("attribute \"%s\" cannot be set by \"attributes\"", TextForMessage(key)),
	         errdetail("It is made from the call's arguments, and a span has each attribute once."),
	         argument ? errhint("Use the argument \"%s\".", argument)
	                  : errhint("Use the argument that stands for it, or a key in \"options\"."));
}

/* "1" is an int, "1.0" and what is beyond 64 bits a double. */
static void
PutNumber(GenopsBytes *any, Numeric number)
{
	char *digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));

	if (strchr(digits, '.') == NULL)
	{
		char *end;
		long long integer;

		errno = 0;
		integer = strtoll(digits, &end, 10);
		if (errno == 0 && *end == '\0')
		{
			genops_otlp_any_int(any, integer);
			return;
		}
	}
	genops_otlp_any_double(any, strtod(digits, NULL));
}

static bool PutContainer(GenopsBytes *any, JsonbContainer *container, int depth);

/* The content of an AnyValue; a null is an empty one.  False if it is too deep. */
static bool
PutValue(GenopsBytes *any, JsonbValue *value, int depth)
{
	switch (value->type)
	{
		case jbvString:
			genops_otlp_any_text(
			    any, TextFromServer((GenopsSlice){ value->val.string.val, value->val.string.len },
			                        TextLimit()));
			return true;
		case jbvNumeric:
			PutNumber(any, value->val.numeric);
			return true;
		case jbvBool:
			genops_otlp_any_bool(any, value->val.boolean);
			return true;
		case jbvBinary:
			return PutContainer(any, value->val.binary.data, depth + 1);
		default:
			return true;
	}
}

static GenopsSlice
KeyOf(const JsonbValue *key)
{
	return TextFromServer((GenopsSlice){ key->val.string.val, key->val.string.len },
	                      TextNameLimit());
}

static GenopsSlice
Written(const GenopsBytes *bytes)
{
	return (GenopsSlice){ (const char *) bytes->data, bytes->length };
}

/* Lengths precede contents, so that an item is made before it is written to
 * its container. */
static bool
PutItems(GenopsBytes *content, GenopsBytes *item, JsonbContainer *container, int depth)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;
	GenopsSlice key = GENOPS_ABSENT;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = KeyOf(&value);
		if (token != WJB_ELEM && (token != WJB_VALUE || value.type == jbvNull))
			continue;
		genops_bytes_clear(item);
		if (!PutValue(item, &value, depth) || item->failed)
			return false;
		if (token == WJB_ELEM)
			genops_otlp_any_array_item(content, Written(item));
		else
			genops_otlp_any_map_item(content, key, Written(item));
	}
	return !content->failed;
}

static bool
PutContainer(GenopsBytes *any, JsonbContainer *container, int depth)
{
	size_t size = any->capacity - any->length;
	char *memory;
	GenopsBytes content;
	GenopsBytes item;
	bool fits;

	if (depth > MAX_DEPTH)
		return false;
	memory = palloc(2 * size);
	content = genops_bytes_over(memory, size);
	item = genops_bytes_over(memory + size, size);
	fits = PutItems(&content, &item, container, depth);
	if (fits && JsonContainerIsArray(container))
		genops_otlp_any_array(any, Written(&content));
	else if (fits)
		genops_otlp_any_map(any, Written(&content));
	pfree(memory);
	return fits && !any->failed;
}

/* False if there is no room for it. */
static bool
PutAttribute(GenopsBytes *out, GenopsSlice key, JsonbValue *value, size_t room)
{
	GenopsBytes any;
	size_t used = out->length + key.length + OVERHEAD;
	bool fits;

	if (key.length == 0 || used >= room)
		return false;
	if (value->type == jbvString)
	{
		GenopsSlice text = { value->val.string.val, value->val.string.len };

		text = TextFromServer(text, TextLimit());
		if (used + text.length > room)
			return false;
		genops_otlp_put_text(out, key, text);
		return true;
	}
	any = genops_bytes_over(palloc(room - used), room - used);
	fits = PutValue(&any, value, 0) && !any.failed;
	if (fits)
		genops_otlp_put_any(out, key, Written(&any));
	pfree(any.data);
	return fits;
}

static bool
IsObject(Jsonb *attributes)
{
	if (JB_ROOT_IS_OBJECT(attributes))
		return true;
	Complain(COMPLAINT_ATTRIBUTES, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("\"attributes\" must be a JSON object"),
	         errdetail("It is a JSON %s.", JB_ROOT_IS_SCALAR(attributes) ? "scalar" : "array"),
	         errhint("Use for example jsonb_build_object('document', 42)."));
	return false;
}

/* Those that the arguments set are not the caller's to set another time. */
static bool
IsOwned(GenopsSlice key)
{
	if (!genops_ai_call_owns_key(key) && !genops_slice_equal(key, GENOPS_AI_DUPLICATE_KEY))
		return false;
	ComplainOfOwnedKey(key);
	return true;
}

uint32
AttributesPut(GenopsBytes *out, Jsonb *attributes, size_t room)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	GenopsSlice key = GENOPS_ABSENT;
	bool owned = false;
	uint32 count = 0;
	uint32 dropped = 0;

	if (attributes == NULL || !IsObject(attributes))
		return 0;
	iterator = JsonbIteratorInit(&attributes->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			key = KeyOf(&value);
			owned = IsOwned(key);
		}
		if (token != WJB_VALUE || value.type == jbvNull || owned)
			continue;
		if (count < ATTRIBUTES_MAX && PutAttribute(out, key, &value, room))
			count++;
		else
			dropped++;
	}
	return dropped;
}
