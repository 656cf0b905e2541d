/*
 * The facts of a span that others made.
 *
 * The same fact goes by many names: the guide's, GenOps' own, OpenTelemetry's
 * past and present, and those of other instrumentations.  Of the names a span
 * carries, the one that stands first in the list of its fact counts.  A
 * value that cannot be meant (a cost that is text, a negative count) is taken
 * as not being there: the span itself is fine.
 */
#include <math.h>

#include "core/base/money.h"
#include "core/span/ai_call.h"
#include "core/base/utf8.h"
#include "core/span/fact_names.h"
#include "core/span/otlp_read.h"

/* The facts being read, and the rank of the name that each came by. */
typedef struct Reading
{
	GenopsSpanFacts *facts;
	GenopsError *error;
	uint8_t text_rank[GENOPS_TEXT_COUNT];
	uint8_t tokens_rank[GENOPS_TOKENS_COUNT];
	uint8_t cost_rank[GENOPS_COST_COUNT];
} Reading;

/* Whether a value by a name of that rank is wanted, and if so, takes note. */
static bool
better(uint8_t *rank_so_far, uint8_t rank)
{
	if (*rank_so_far != 0 && *rank_so_far <= rank)
		return false;
	*rank_so_far = rank;
	return true;
}

static bool
take_text(Reading *reading, const GenopsFactName *name, const GenopsValue *value)
{
	/* An id that was sent as a number has no text to point at; an empty text
	 * is the same as none. */
	if (value->type != GENOPS_VALUE_TEXT || value->bytes.length == 0)
		return true;
	if (!genops_utf8_valid(value->bytes))
		return genops_error_set(reading->error, GENOPS_MALFORMED,
		                        "attribute \"%s\" is not valid UTF-8", name->key.data);
	if (better(&reading->text_rank[name->which], name->rank))
		reading->facts->text[name->which] = value->bytes;
	return true;
}

/* Digits only: a count of tokens that was sent as text. */
static int64_t
count_from_text(GenopsSlice text)
{
	int64_t count = 0;

	if (text.length == 0)
		return GENOPS_UNKNOWN_TOKENS;
	for (size_t i = 0; i < text.length; i++)
	{
		int digit = text.data[i] - '0';

		if (digit < 0 || digit > 9 || count > (INT64_MAX - digit) / 10)
			return GENOPS_UNKNOWN_TOKENS;
		count = count * 10 + digit;
	}
	return count;
}

static int64_t
count_from_value(const GenopsValue *value)
{
	switch (value->type)
	{
		case GENOPS_VALUE_INT:
			return value->integer;
		case GENOPS_VALUE_DOUBLE:
			/* 2^63 is the first double that is too large. */
			if (value->number >= 0 && value->number < 0x1p63 &&
			    value->number == floor(value->number))
				return (int64_t) value->number;
			return GENOPS_UNKNOWN_TOKENS;
		case GENOPS_VALUE_TEXT:
			return count_from_text(value->bytes);
		default:
			return GENOPS_UNKNOWN_TOKENS;
	}
}

static void
take_tokens(Reading *reading, const GenopsFactName *name, const GenopsValue *value)
{
	int64_t count = count_from_value(value);

	if (count >= 0 && better(&reading->tokens_rank[name->which], name->rank))
		reading->facts->tokens[name->which] = count;
}

static bool
money_from_value(const GenopsValue *value, GenopsMoney *money)
{
	GenopsError ignored;

	switch (value->type)
	{
		case GENOPS_VALUE_DOUBLE:
			return genops_money_from_double(value->number, money, &ignored);
		case GENOPS_VALUE_TEXT:
			return genops_money_parse(value->bytes, money, &ignored);
		case GENOPS_VALUE_INT:
			if (value->integer < 0 || value->integer > INT64_MAX / GENOPS_MONEY_UNIT)
				return false;
			*money = value->integer * GENOPS_MONEY_UNIT;
			return true;
		default:
			return false;
	}
}

static void
take_cost(Reading *reading, const GenopsFactName *name, const GenopsValue *value)
{
	GenopsMoney money;

	if (!money_from_value(value, &money) || !better(&reading->cost_rank[name->which], name->rank))
		return;
	reading->facts->cost[name->which] = money;
	reading->facts->known_costs |= (uint8_t) (1u << name->which);
}

static bool
take_attribute(Reading *reading, const GenopsFactName *name, const GenopsValue *value)
{
	switch (name->kind)
	{
		case GENOPS_FACT_TEXT:
			return take_text(reading, name, value);
		case GENOPS_FACT_TOKENS:
			take_tokens(reading, name, value);
			break;
		case GENOPS_FACT_COST:
			take_cost(reading, name, value);
			break;
	}
	return true;
}

typedef const GenopsFactName *NameFinder(GenopsSlice key);

/* Reads the attributes among the fields of a message. */
static bool
take_attributes(Reading *reading, GenopsSlice message, uint32_t number, NameFinder *find)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice key;
		GenopsValue value;
		const GenopsFactName *name;

		if (field.number != number || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		if (!genops_read_key_value(field.bytes, &key, &value))
			return genops_error_set(reading->error, GENOPS_MALFORMED,
			                        "attribute is no valid protobuf");
		name = find(key);
		if (name != NULL && !take_attribute(reading, name, &value))
			return false;
	}
	if (fields.malformed)
		return genops_error_set(reading->error, GENOPS_MALFORMED,
		                        "attributes are no valid protobuf");
	return true;
}

static bool
take_id(uint8_t *out, size_t size, GenopsSlice id, const char *what, GenopsError *error)
{
	bool zero = true;

	if (id.length != size)
		return genops_error_set(error, GENOPS_MALFORMED, "%s id has %zu bytes instead of %zu", what,
		                        id.length, size);
	for (size_t i = 0; i < size; i++)
		zero = zero && id.data[i] == 0;
	if (zero)
		return genops_error_set(error, GENOPS_MALFORMED, "%s id is all zeros", what);
	memcpy(out, id.data, size);
	return true;
}

static bool
take_ids(const GenopsSpanView *span, GenopsSpanFacts *facts, GenopsError *error)
{
	if (!take_id(facts->trace_id, GENOPS_TRACE_ID_SIZE, span->trace_id, "trace", error) ||
	    !take_id(facts->span_id, GENOPS_SPAN_ID_SIZE, span->span_id, "span", error))
		return false;

	/* A root has no parent, or one of zeros. */
	if (span->parent_span_id.length == 0)
		return true;
	if (span->parent_span_id.length != GENOPS_SPAN_ID_SIZE)
		return genops_error_set(error, GENOPS_MALFORMED,
		                        "parent span id has %zu bytes instead of %d",
		                        span->parent_span_id.length, GENOPS_SPAN_ID_SIZE);
	memcpy(facts->parent_span_id, span->parent_span_id.data, GENOPS_SPAN_ID_SIZE);
	return true;
}

static bool
take_times(const GenopsSpanView *span, GenopsSpanFacts *facts, GenopsError *error)
{
	if (span->start_ns > INT64_MAX || span->end_ns > INT64_MAX)
		return genops_error_set(error, GENOPS_MALFORMED, "span's time is out of range");
	facts->start_ns = (int64_t) span->start_ns;
	facts->end_ns = (int64_t) span->end_ns;

	/* The sender's clock was set back, or the end is missing: what it cost is true all the same. */
	if (facts->end_ns < facts->start_ns)
	{
		facts->end_ns = facts->start_ns;
		facts->flags |= GENOPS_FLAG_NO_DURATION;
	}
	return true;
}

static bool
is_one_of(GenopsSlice text, const GenopsSlice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (genops_slice_equal(text, list[i]))
			return true;
	}
	return false;
}

/*
 * Whether the span is a call that costs.  An agent's or workflow's span inside
 * the same program often repeats the sum of its calls: counting it would
 * charge them twice.
 */
static bool
is_ai_call(const GenopsSpanFacts *facts)
{
	static const GenopsSlice containers[] = {
		GENOPS_LITERAL("invoke_agent"), GENOPS_LITERAL("create_agent"),
		GENOPS_LITERAL("invoke_workflow"), GENOPS_LITERAL("execute_tool"), GENOPS_LITERAL("plan")
	};
	GenopsSlice operation = facts->text[GENOPS_TEXT_OPERATION];
	bool named = genops_slice_present(facts->text[GENOPS_TEXT_PROVIDER]) ||
	             genops_slice_present(facts->text[GENOPS_TEXT_MODEL]);
	bool measured = (facts->known_costs & 1u << GENOPS_COST_TOTAL) != 0 ||
	                facts->tokens[GENOPS_TOKENS_INPUT] >= 0 ||
	                facts->tokens[GENOPS_TOKENS_OUTPUT] >= 0;

	if (genops_ai_is_inference(operation))
		return true;
	if (facts->kind != GENOPS_KIND_CLIENT &&
	    is_one_of(operation, containers, sizeof(containers) / sizeof(containers[0])))
		return false;
	return named && measured;
}

static void
reset_facts(GenopsSpanFacts *facts)
{
	*facts = (GenopsSpanFacts){ .sampled = true };
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts->tokens[i] = GENOPS_UNKNOWN_TOKENS;
}

bool
genops_facts_from_span(GenopsSlice resource, const GenopsSpanView *span, GenopsSpanFacts *facts,
                       GenopsError *error)
{
	Reading reading = { .facts = facts, .error = error };

	reset_facts(facts);
	if (!take_ids(span, facts, error) || !take_times(span, facts, error))
		return false;
	if (!genops_utf8_valid(span->name))
		return genops_error_set(error, GENOPS_MALFORMED, "span's name is not valid UTF-8");
	facts->text[GENOPS_TEXT_NAME] = span->name;
	facts->kind = span->kind <= GENOPS_KIND_CONSUMER ? (uint8_t) span->kind : 0;
	facts->status = span->status <= GENOPS_STATUS_ERROR ? (uint8_t) span->status : 0;

	if (!take_attributes(&reading, span->message, GENOPS_SPAN_ATTRIBUTES,
	                     genops_fact_of_span_key) ||
	    !take_attributes(&reading, resource, GENOPS_RESOURCE_ATTRIBUTES,
	                     genops_fact_of_resource_key))
		return false;
	facts->ai_call = is_ai_call(facts);
	return true;
}
