/* SPDX-License-Identifier: PostgreSQL */
/*
 * The facts of a span that others made.
 *
 * The same fact goes by many names: the guide's, GenOps' own, OpenTelemetry's
 * past and present, and those of other instrumentations.  Of the names a span
 * carries, the one that has the lowest rank among those of its fact counts.  A
 * value that cannot be meant (a cost that is text, a negative count) is taken
 * as not being there: the span itself is fine.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/money.h"
#include "core/span/ai_kind.h"
#include "core/base/utf8.h"
#include "core/span/ai_provider.h"
#include "core/span/fact_names.h"
#include "core/span/otlp_read.h"

/* The facts being read, and the rank of the name that each came by. */
typedef struct Reading
{
	GenopsSpanFacts *facts;
	GenopsFactMemory *memory;
	GenopsError *error;
	GenopsSlice reply_id;
	uint8_t reply_rank;
	int64_t total; /* of tokens, as the span says */
	uint8_t total_rank;
	GenopsAiPart part;
	bool hinted;      /* by a name that only AI calls have */
	bool flat_tokens; /* and a cost, by names that others have as well */
	bool flat_cost;
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

/* The shortest text that reads back as the same number, as PostgreSQL prints it. */
static int
print_double(double number, char *out, size_t size)
{
	int length = 0;

	for (int digits = 15; digits <= 17; digits++)
	{
		length = snprintf(out, size, "%.*g", digits, number);
		if (strtod(out, NULL) == number)
			break;
	}
	return length;
}

/* The text of a value that is no text; absent for what has none. */
static GenopsSlice
text_of_number(GenopsFactMemory *memory, const GenopsValue *value)
{
	char *out = memory->text + memory->used;
	size_t size = sizeof(memory->text) - memory->used;
	int length = 0;

	if (value->type == GENOPS_VALUE_INT)
		length = snprintf(out, size, "%" PRId64, value->integer);
	else if (value->type == GENOPS_VALUE_DOUBLE && isfinite(value->number))
		length = print_double(value->number, out, size);
	else if (value->type == GENOPS_VALUE_BOOL)
		length = snprintf(out, size, "%s", value->boolean ? "true" : "false");
	if (length <= 0 || (size_t) length >= size)
		return GENOPS_ABSENT;
	memory->used += (size_t) length;
	return (GenopsSlice){ out, (size_t) length };
}

/* An empty text is the same as none. */
static bool
take_text(Reading *reading, const GenopsFactName *name, const GenopsValue *value)
{
	GenopsSlice text = value->bytes;

	if (value->type == GENOPS_VALUE_TEXT && !genops_utf8_valid(text))
		return genops_error_set(reading->error, GENOPS_MALFORMED,
		                        "attribute \"%s\" is not valid UTF-8", name->key.data);
	if (value->type != GENOPS_VALUE_TEXT)
		text = text_of_number(reading->memory, value);
	if (text.length == 0)
		return true;
	if (name->kind == GENOPS_FACT_REPLY_ID)
	{
		if (better(&reading->reply_rank, name->rank))
			reading->reply_id = text;
	}
	else if (better(&reading->text_rank[name->which], name->rank))
		reading->facts->text[name->which] = text;
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

	if (name->kind == GENOPS_FACT_TOTAL_TOKENS)
	{
		if (count >= 0 && better(&reading->total_rank, name->rank))
			reading->total = count;
		return;
	}
	if (count >= 0)
		reading->flat_tokens |= name->flat;
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
	reading->flat_cost |= name->flat;
	reading->hinted |= !name->flat;
}

static bool
take_attribute(Reading *reading, const GenopsFactName *name, const GenopsValue *value)
{
	switch (name->kind)
	{
		case GENOPS_FACT_TEXT:
		case GENOPS_FACT_REPLY_ID:
			return take_text(reading, name, value);
		case GENOPS_FACT_TOKENS:
		case GENOPS_FACT_TOTAL_TOKENS:
			take_tokens(reading, name, value);
			break;
		case GENOPS_FACT_COST:
			take_cost(reading, name, value);
			break;
	}
	return true;
}

static bool
starts_with(GenopsSlice key, GenopsSlice prefix)
{
	return key.length >= prefix.length && memcmp(key.data, prefix.data, prefix.length) == 0;
}

/* What the name of an attribute, or what it says the span is, tells of AI. */
static void
look_at(Reading *reading, GenopsSlice key, const GenopsValue *value)
{
	static const GenopsSlice prefixes[] = {
		GENOPS_LITERAL("gen_ai.usage."),    GENOPS_LITERAL("gen_ai.request."),
		GENOPS_LITERAL("gen_ai.response."), GENOPS_LITERAL("gen_ai.system"),
		GENOPS_LITERAL("gen_ai.provider."), GENOPS_LITERAL("gen_ai.cost."),
		GENOPS_LITERAL("genops.cost."),     GENOPS_LITERAL("genops.tokens."),
		GENOPS_LITERAL("llm.usage."),       GENOPS_LITERAL("llm.token_count."),
		GENOPS_LITERAL("llm.cost."),        GENOPS_LITERAL("llm.model_name"),
		GENOPS_LITERAL("ai.usage."),        GENOPS_LITERAL("ai.model."),
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		reading->hinted |= starts_with(key, prefixes[i]);
	if (value->type == GENOPS_VALUE_TEXT && reading->part != GENOPS_AI_PART_LEAF)
	{
		GenopsAiPart part = genops_ai_part_of_attribute(key, value->bytes);

		if (part != GENOPS_AI_PART_UNKNOWN)
			reading->part = part;
	}
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
		if (number == GENOPS_SPAN_ATTRIBUTES)
			look_at(reading, key, &value);
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

/* Of input, output and total, two make the third; a total alone is all input, which is what
 * embeddings have. */
static void
complete_tokens(Reading *reading)
{
	int64_t *tokens = reading->facts->tokens;
	int64_t *input = &tokens[GENOPS_TOKENS_INPUT];
	int64_t *output = &tokens[GENOPS_TOKENS_OUTPUT];

	if (reading->total < 0)
		return;
	if (*input < 0 && *output < 0)
		*input = reading->total;
	else if (*input < 0 && reading->total >= *output)
		*input = reading->total - *output;
	else if (*output < 0 && reading->total > *input)
		*output = reading->total - *input;
}

/* Parts of a cost without their total are the cost. */
static void
complete_cost(GenopsSpanFacts *facts)
{
	GenopsMoney total = 0;

	if (facts->known_costs == 0 || (facts->known_costs & 1u << GENOPS_COST_TOTAL) != 0)
		return;
	for (int i = GENOPS_COST_INPUT; i < GENOPS_COST_COUNT; i++)
	{
		if (facts->cost[i] > INT64_MAX - total)
			return;
		total += facts->cost[i];
	}
	facts->cost[GENOPS_COST_TOTAL] = total;
	facts->known_costs |= 1u << GENOPS_COST_TOTAL;
}

static void
fold_provider(Reading *reading)
{
	GenopsSlice *provider = &reading->facts->text[GENOPS_TEXT_PROVIDER];
	GenopsFactMemory *memory = reading->memory;

	if (provider->length == 0)
		return;
	*provider = genops_ai_provider_fold(memory->text + memory->used,
	                                    sizeof(memory->text) - memory->used, *provider);
	if (provider->data == memory->text + memory->used)
		memory->used += provider->length;
}

/* Whether words that may mean anything are in the company that makes them mean an AI call. */
static bool
is_hinted(const Reading *reading)
{
	const GenopsSlice *text = reading->facts->text;
	bool attributed = text[GENOPS_TEXT_TEAM].length > 0 || text[GENOPS_TEXT_PROJECT].length > 0 ||
	                  text[GENOPS_TEXT_CUSTOMER_ID].length > 0 ||
	                  text[GENOPS_TEXT_COST_CENTER].length > 0;

	return reading->hinted || (reading->flat_cost && (attributed || reading->flat_tokens));
}

static void
set_cost_source(GenopsSpanFacts *facts)
{
	if ((facts->known_costs & 1u << GENOPS_COST_TOTAL) != 0)
		facts->cost_source = GENOPS_COST_FROM_CALLER;
	else if (facts->ai_call &&
	         (genops_ai_has_usage(facts) || facts->status != GENOPS_STATUS_ERROR))
		facts->cost_source = GENOPS_COST_UNPRICED;
	else
		facts->cost_source = GENOPS_COST_NONE;
}

static void
reset_facts(GenopsSpanFacts *facts)
{
	*facts = (GenopsSpanFacts){ .sampled = true, .cache_write_1h = GENOPS_UNKNOWN_TOKENS };
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts->tokens[i] = GENOPS_UNKNOWN_TOKENS;
}

bool
genops_facts_from_span(GenopsSlice resource, const GenopsSpanView *span, GenopsFactMemory *memory,
                       GenopsSpanFacts *facts, GenopsSlice *reply_id, GenopsError *error)
{
	Reading reading = {
		.facts = facts, .memory = memory, .error = error, .total = GENOPS_UNKNOWN_TOKENS
	};

	memory->used = 0;
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
	complete_tokens(&reading);
	complete_cost(facts);
	fold_provider(&reading);
	genops_ai_include_cache(facts);
	genops_ai_decide(facts, reading.part, false, is_hinted(&reading));
	set_cost_source(facts);
	*reply_id = reading.reply_id;
	return true;
}
