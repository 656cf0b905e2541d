/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading a provider's reply.
 *
 * A whole reply is read once.  Of a stream every chunk is read as a whole reply would be,
 * and so are the members of a chunk that its shape names, such as the message inside
 * Anthropic's message_start; what a later chunk knows goes over what an earlier one knew.
 * Only then is what was read made into one usage.
 */
#include "core/govern/reply.h"

#include <stdio.h>

#include "core/base/money.h"
#include "core/base/utf8.h"
#include "core/govern/reply_shapes.h"
#include "core/span/ai_provider.h"

#define NAME(literal) GENOPS_LITERAL(literal)

/* The fields of one reply, on their way. */
typedef struct Reading
{
	const GenopsReplyInput *input;
	GenopsSlice provider; /* OpenTelemetry's name */
	const GenopsReplyShape *shape;
	GenopsReply *reply;
	int64_t quantity[GENOPS_QUANTITY_COUNT]; /* or GENOPS_UNKNOWN_TOKENS */
	bool other_unit;
} Reading;

/* Keeps a text in the reply's own memory; what no longer fits is absent. */
static GenopsSlice
keep(GenopsReply *reply, GenopsSlice text, size_t limit)
{
	char *place = reply->memory + reply->used;
	size_t length = genops_utf8_clip(text, limit);
	bool valid = genops_utf8_valid((GenopsSlice){ text.data, length });

	if (!valid)
		length = genops_utf8_clip(text, limit / 3);
	if (length == 0 || (valid ? length : 3 * length) > sizeof(reply->memory) - reply->used)
		return GENOPS_ABSENT;
	if (valid)
		memcpy(place, text.data, length);
	else
		length = genops_utf8_repair(place, (GenopsSlice){ text.data, length });
	reply->used += length;
	return (GenopsSlice){ place, length };
}

static void
take_name(GenopsReply *reply, GenopsJsonItem item, GenopsSlice *name)
{
	/* Chunks repeat it. */
	if (item.kind == GENOPS_JSON_TEXT && item.text.length > 0 &&
	    !genops_slice_equal(*name, item.text))
	{
		GenopsSlice kept = keep(reply, item.text, GENOPS_REPLY_NAME_MAX);

		if (genops_slice_present(kept))
			*name = kept;
	}
}

/*
 * Why it ended.
 */
static void
add_finish_reason(GenopsReply *reply, GenopsSlice reason)
{
	GenopsSlice kept;

	if (reason.length == 0 || reply->finish_reason_count == GENOPS_REPLY_FINISH_REASONS)
		return;
	kept = keep(reply, reason, GENOPS_USAGE_FLAG_WORD_MAX);
	if (genops_slice_present(kept))
		reply->finish_reasons[reply->finish_reason_count++] = kept;
}

static bool
see_choice(void *context, GenopsSlice name, GenopsJsonItem choice)
{
	Reading *reading = context;
	GenopsJsonItem reason = genops_reply_at(choice, &reading->shape->finish);

	(void) name;
	if (reason.kind == GENOPS_JSON_TEXT)
		add_finish_reason(reading->reply, reason.text);
	return reading->reply->finish_reason_count < GENOPS_REPLY_FINISH_REASONS;
}

/* Of OpenAI's responses the status is the reason, once it is a last one. */
static bool
still_running(GenopsSlice status)
{
	return genops_slice_equal(status, NAME("in_progress")) ||
	       genops_slice_equal(status, NAME("queued"));
}

static void
take_finish_reasons(Reading *reading, GenopsJsonItem body)
{
	const GenopsReplyShape *shape = reading->shape;
	GenopsJsonItem reason;

	if (genops_slice_present(shape->finish_list))
	{
		genops_json_each(genops_json_get(body, shape->finish_list), see_choice, reading);
		return;
	}
	if (!genops_slice_present(shape->finish.step[0]))
		return;
	reason = genops_reply_at(body, &shape->finish);
	if (reason.kind == GENOPS_JSON_TEXT && genops_slice_equal(reason.text, NAME("incomplete")))
	{
		GenopsJsonItem why =
		    genops_json_get(genops_json_get(body, NAME("incomplete_details")), NAME("reason"));

		if (why.kind == GENOPS_JSON_TEXT)
			reason = why;
	}
	if (reason.kind != GENOPS_JSON_TEXT || still_running(reason.text))
		return;
	add_finish_reason(reading->reply, reason.text);
	if (genops_slice_equal(reason.text, NAME("failed")))
		reading->reply->failed = true;
}

/*
 * How much was used.
 */

/* A stream's later zero says nothing. */
static void
take_quantity(Reading *reading, GenopsQuantity quantity, int64_t count)
{
	if (reading->quantity[quantity] == GENOPS_UNKNOWN_TOKENS || count > 0)
		reading->quantity[quantity] = count;
}

static void
take_fields(Reading *reading, GenopsJsonItem usage)
{
	unsigned known = 0;

	for (const GenopsReplyField *field = reading->shape->fields;
	     field->quantity != GENOPS_QUANTITY_COUNT; field++)
	{
		int64_t count;

		if (known & 1u << field->quantity ||
		    !genops_reply_count(genops_reply_at(usage, &field->path), &count))
			continue;
		known |= 1u << field->quantity;
		take_quantity(reading, field->quantity, count);
	}
}

static void
take_units(Reading *reading, GenopsJsonItem usage)
{
	int64_t count;

	if (reading->shape->units == NULL)
		return;
	for (const GenopsReplyUnit *unit = reading->shape->units; unit->unit != NULL; unit++)
	{
		if (!genops_reply_count(genops_reply_at(usage, &unit->path), &count) || count == 0)
			continue;
		genops_usage_flag_word(&reading->reply->flags, GENOPS_USAGE_FLAG_OTHER_UNIT,
		                       genops_slice(unit->unit));
		reading->other_unit = true;
	}
}

/* Bedrock's list of cache writes by lifetime. */
static bool
see_cache_detail(void *context, GenopsSlice name, GenopsJsonItem detail)
{
	Reading *reading = context;
	GenopsJsonItem lifetime = genops_json_get(detail, NAME("ttl"));
	int64_t count;
	GenopsQuantity quantity;

	(void) name;
	if (lifetime.kind != GENOPS_JSON_TEXT ||
	    !genops_reply_count(genops_json_get(detail, NAME("inputTokens")), &count))
		return true;
	quantity = genops_slice_equal(lifetime.text, NAME("1h"))    ? GENOPS_QUANTITY_CACHE_WRITE_1H
	           : genops_slice_equal(lifetime.text, NAME("12h")) ? GENOPS_QUANTITY_CACHE_WRITE_12H
	                                                            : GENOPS_QUANTITY_CACHE_WRITE_SHORT;
	take_quantity(reading, quantity, count);
	return true;
}

/* One of the pieces of a count. */
static bool
see_piece(void *context, GenopsSlice name, GenopsJsonItem piece)
{
	Reading *reading = context;
	const GenopsReplySum *sum = &reading->shape->sum;
	int64_t *total = &reading->quantity[sum->quantity];
	int64_t count = 1;

	(void) name;
	if (genops_slice_present(sum->path.step[0]) &&
	    !genops_reply_count(genops_reply_at(piece, &sum->path), &count))
		return true;
	*total = (*total == GENOPS_UNKNOWN_TOKENS ? 0 : *total) + count;
	return *total <= GENOPS_TOKENS_MAX;
}

static void
take_usage(Reading *reading, GenopsJsonItem body)
{
	GenopsJsonItem usage = genops_reply_at(body, &reading->shape->usage);

	if (usage.kind != GENOPS_JSON_OBJECT)
		return;
	take_fields(reading, usage);
	take_units(reading, usage);
	if (reading->shape->rules & GENOPS_SHAPE_CACHE_OUTSIDE)
		genops_json_each(genops_json_get(usage, NAME("cacheDetails")), see_cache_detail, reading);
	if (genops_slice_present(reading->shape->sum.array))
		genops_json_each(genops_json_get(usage, reading->shape->sum.array), see_piece, reading);
}

static void
take_cost(Reading *reading, GenopsJsonItem body)
{
	GenopsReply *reply = reading->reply;

	if (reading->shape->stated_cost == NULL ||
	    !reading->shape->stated_cost(body, &reply->stated_cost))
		return;
	reply->has_stated_cost = true;
	reply->stated_by_its_provider =
	    genops_slice_equal(reading->provider, genops_slice(reading->shape->provider));
}

/*
 * What went wrong.
 */
static void
fail(GenopsReply *reply, GenopsSlice type, GenopsSlice message)
{
	if (!reply->failed || !genops_slice_present(reply->error_type))
		reply->error_type = keep(reply, type, GENOPS_USAGE_FLAG_WORD_MAX - 1);
	if (!reply->failed || !genops_slice_present(reply->error_message))
		reply->error_message = keep(reply, message, GENOPS_REPLY_MESSAGE_MAX);
	reply->failed = true;
}

static GenopsSlice
text_of(GenopsJsonItem item)
{
	return item.kind == GENOPS_JSON_TEXT && item.text.length > 0 ? item.text : GENOPS_ABSENT;
}

static void
take_error_object(GenopsReply *reply, GenopsJsonItem error)
{
	char digits[24];
	GenopsJsonItem code = genops_json_get(error, NAME("code"));
	GenopsSlice type = text_of(genops_json_get(error, NAME("type")));
	int64_t number;

	if (!genops_slice_present(type))
		type = text_of(genops_json_get(error, NAME("status")));
	if (!genops_slice_present(type))
		type = text_of(code);
	if (!genops_slice_present(type) && genops_reply_count(code, &number))
		type = (GenopsSlice){ digits, (size_t) snprintf(digits, sizeof(digits), "%lld",
			                                            (long long) number) };
	fail(reply, type, text_of(genops_json_get(error, NAME("message"))));
}

/* An error that has a place of its own in the body, beside a usage or without one. */
static void
take_error(Reading *reading, GenopsJsonItem body)
{
	GenopsReply *reply = reading->reply;
	GenopsJsonItem error = genops_json_get(body, NAME("error"));
	GenopsJsonItem object;

	if (error.kind == GENOPS_JSON_OBJECT)
		take_error_object(reply, error);
	else if (error.kind == GENOPS_JSON_TEXT && error.text.length > 0)
		fail(reply, text_of(genops_json_get(body, NAME("error_type"))), error.text);
	if (reply->failed || reading->shape != NULL)
		return;
	object = genops_json_get(body, NAME("object"));
	if (genops_slice_equal(text_of(object), NAME("error")))
		take_error_object(reply, body);
}

/* "com.amazon#ThrottlingException", "ThrottlingException:http://...": the name alone. */
static GenopsSlice
exception_name(GenopsSlice type)
{
	const char *end = type.length > 0 ? memchr(type.data, ':', type.length) : NULL;
	const char *hash;

	if (end != NULL)
		type.length = (size_t) (end - type.data);
	hash = type.length > 0 ? memchr(type.data, '#', type.length) : NULL;
	if (hash != NULL)
	{
		type.length -= (size_t) (hash + 1 - type.data);
		type.data = hash + 1;
	}
	return type.length > 0 ? type : GENOPS_ABSENT;
}

static GenopsSlice
header(const GenopsReplyInput *input, GenopsSlice name)
{
	return input->header ? input->header(input->header_context, name) : GENOPS_ABSENT;
}

/* A body that is nothing but a message: AWS', Cohere's, a validator's list. */
static void
take_bare_error(Reading *reading, GenopsJsonItem body)
{
	const GenopsReplyInput *input = reading->input;
	GenopsSlice message = text_of(genops_json_get(body, NAME("message")));
	GenopsSlice type = exception_name(header(input, NAME("x-amzn-errortype")));
	GenopsJsonItem detail = genops_json_get(body, NAME("detail"));

	if (!genops_slice_present(message))
		message = text_of(genops_json_get(body, NAME("Message")));
	if (!genops_slice_present(type))
		type = exception_name(text_of(genops_json_get(body, NAME("__type"))));
	if (detail.kind == GENOPS_JSON_ARRAY)
	{
		GenopsJsonItem first = genops_json_at(detail, 0);

		message = text_of(genops_json_get(first, NAME("msg")));
		type = text_of(genops_json_get(first, NAME("type")));
	}
	else if (detail.kind == GENOPS_JSON_TEXT)
		message = detail.text;
	if (genops_slice_present(message) || genops_slice_present(type))
		fail(reading->reply, type, message);
}

static void
settle_failure(Reading *reading)
{
	GenopsReply *reply = reading->reply;
	int status = reading->input->status;
	char digits[16];

	if (status >= 400)
		reply->failed = true;
	if (!reply->failed)
		return;
	if (!genops_slice_present(reply->error_type) && status >= 400)
		reply->error_type = keep(
		    reply, (GenopsSlice){ digits, (size_t) snprintf(digits, sizeof(digits), "%d", status) },
		    sizeof(digits));
	if (!genops_slice_present(reply->error_type))
		reply->error_type = NAME("_OTHER");
	genops_usage_flag_word(&reply->flags, GENOPS_USAGE_FLAG_ERROR, reply->error_type);
}

/*
 * Making one usage of what was read.
 */
static bool
known(const Reading *reading, GenopsQuantity quantity)
{
	return reading->quantity[quantity] != GENOPS_UNKNOWN_TOKENS;
}

static int64_t
or_zero(const Reading *reading, GenopsQuantity quantity)
{
	return known(reading, quantity) ? reading->quantity[quantity] : 0;
}

static void
settle_cache_writes(Reading *reading, GenopsUsage *usage)
{
	int64_t parts = or_zero(reading, GENOPS_QUANTITY_CACHE_WRITE_SHORT) +
	                or_zero(reading, GENOPS_QUANTITY_CACHE_WRITE_1H) +
	                or_zero(reading, GENOPS_QUANTITY_CACHE_WRITE_12H);

	usage->cache_read = or_zero(reading, GENOPS_QUANTITY_CACHE_READ);
	usage->cache_write = or_zero(reading, GENOPS_QUANTITY_CACHE_WRITE);
	usage->cache_write_1h = or_zero(reading, GENOPS_QUANTITY_CACHE_WRITE_1H);
	usage->cache_write_12h = or_zero(reading, GENOPS_QUANTITY_CACHE_WRITE_12H);
	if (usage->cache_write < parts)
		usage->cache_write = parts;
}

/* The input as it is said, with what comes on top. */
static void
settle_input(Reading *reading, GenopsUsage *usage)
{
	int64_t cache = usage->cache_read + usage->cache_write;

	usage->input = reading->quantity[GENOPS_QUANTITY_INPUT];
	if (!known(reading, GENOPS_QUANTITY_INPUT))
		return;
	usage->input += or_zero(reading, GENOPS_QUANTITY_MORE_INPUT);
	if (!(reading->shape->rules & GENOPS_SHAPE_CACHE_OUTSIDE) || cache == 0)
		return;
	if (known(reading, GENOPS_QUANTITY_TOTAL) && known(reading, GENOPS_QUANTITY_OUTPUT) &&
	    reading->quantity[GENOPS_QUANTITY_TOTAL] ==
	        usage->input + reading->quantity[GENOPS_QUANTITY_OUTPUT])
		genops_usage_flag(&reading->reply->flags, GENOPS_USAGE_FLAG_INCLUSIVE_INPUT_BY_TOTAL);
	else
		usage->input += cache;
}

static bool
reasoning_is_outside(const Reading *reading, const GenopsUsage *usage)
{
	int64_t reasoning = or_zero(reading, GENOPS_QUANTITY_REASONING);
	int64_t output = or_zero(reading, GENOPS_QUANTITY_OUTPUT);

	if (reading->shape->rules & GENOPS_SHAPE_REASONING_OUTSIDE)
		return true;
	if (known(reading, GENOPS_QUANTITY_TOTAL) && usage->input != GENOPS_UNKNOWN_TOKENS)
	{
		int64_t rest = reading->quantity[GENOPS_QUANTITY_TOTAL] - usage->input;

		if (rest == output + reasoning)
			return true;
		if (rest == output)
			return false;
	}
	return reasoning > output || (reading->shape->rules & GENOPS_SHAPE_REASONING_OUTSIDE_MOSTLY);
}

static void
settle_output(Reading *reading, GenopsUsage *usage)
{
	bool has_reasoning = known(reading, GENOPS_QUANTITY_REASONING);

	usage->reasoning = reading->quantity[GENOPS_QUANTITY_REASONING];
	usage->output = reading->quantity[GENOPS_QUANTITY_OUTPUT];
	if (known(reading, GENOPS_QUANTITY_OUTPUT))
	{
		if (has_reasoning && usage->reasoning > 0 && reasoning_is_outside(reading, usage))
			usage->output += usage->reasoning;
	}
	else if (has_reasoning && (reading->shape->rules & GENOPS_SHAPE_REASONING_OUTSIDE))
		usage->output = usage->reasoning;
}

/* The total tells the side that is missing. */
static void
settle_missing_side(Reading *reading, GenopsUsage *usage)
{
	GenopsUsageFlags *flags = &reading->reply->flags;
	int64_t total = reading->quantity[GENOPS_QUANTITY_TOTAL];
	bool zero_is_absent = (reading->shape->rules & GENOPS_SHAPE_ZERO_IS_ABSENT) != 0;

	if (reading->shape->rules & GENOPS_SHAPE_NO_OUTPUT)
	{
		if (usage->input == GENOPS_UNKNOWN_TOKENS)
			usage->input = total;
		if (usage->input != GENOPS_UNKNOWN_TOKENS)
			usage->output = 0;
	}
	else if (usage->output == GENOPS_UNKNOWN_TOKENS && usage->input != GENOPS_UNKNOWN_TOKENS)
	{
		if (total >= usage->input)
		{
			usage->output = total - usage->input;
			if (usage->output > 0 || !zero_is_absent)
				genops_usage_flag(flags, GENOPS_USAGE_FLAG_OUTPUT_FROM_TOTAL);
		}
		else if (zero_is_absent && total == GENOPS_UNKNOWN_TOKENS)
			usage->output = 0;
	}
	else if (usage->input == GENOPS_UNKNOWN_TOKENS && usage->output != GENOPS_UNKNOWN_TOKENS)
	{
		if (total >= usage->output)
		{
			usage->input = total - usage->output;
			genops_usage_flag(flags, GENOPS_USAGE_FLAG_INPUT_FROM_TOTAL);
		}
		else if (zero_is_absent && total == GENOPS_UNKNOWN_TOKENS)
			usage->input = 0;
	}
}

static int64_t
at_most(int64_t count, int64_t limit, bool *clamped)
{
	if (count <= limit)
		return count;
	*clamped = true;
	return limit;
}

/* The cache is a part of the input, and reasoning of the output. */
static void
settle_contradictions(Reading *reading, GenopsUsage *usage)
{
	bool clamped = false;

	if (usage->output != GENOPS_UNKNOWN_TOKENS && usage->reasoning > usage->output)
		usage->reasoning = usage->output;
	if (usage->input == GENOPS_UNKNOWN_TOKENS)
		return;
	usage->cache_read = at_most(usage->cache_read, usage->input, &clamped);
	usage->cache_write = at_most(usage->cache_write, usage->input - usage->cache_read, &clamped);
	usage->cache_write_1h = at_most(usage->cache_write_1h, usage->cache_write, &clamped);
	usage->cache_write_12h =
	    at_most(usage->cache_write_12h, usage->cache_write - usage->cache_write_1h, &clamped);
	if (clamped)
		genops_usage_flag(&reading->reply->flags, GENOPS_USAGE_FLAG_CACHE_READ_CLAMPED);
}

static void
settle_usage(Reading *reading)
{
	GenopsUsage usage = GENOPS_NO_USAGE;

	settle_cache_writes(reading, &usage);
	settle_input(reading, &usage);
	settle_output(reading, &usage);
	settle_missing_side(reading, &usage);
	settle_contradictions(reading, &usage);
	if (usage.input == GENOPS_UNKNOWN_TOKENS && usage.output == GENOPS_UNKNOWN_TOKENS)
		return;
	reading->reply->has_usage = true;
	reading->reply->usage = usage;
}

/*
 * What the headers say and the body doesn't.
 */
static void
take_header_count(Reading *reading, const char *name, GenopsQuantity quantity)
{
	GenopsSlice text = header(reading->input, genops_slice(name));
	GenopsJsonItem item = { .kind = GENOPS_JSON_TEXT, .text = text };
	int64_t count;

	if (text.length > 0 && !known(reading, quantity) && genops_reply_count(item, &count))
		reading->quantity[quantity] = count;
}

static bool
counts_in_body(const Reading *reading)
{
	return known(reading, GENOPS_QUANTITY_INPUT) || known(reading, GENOPS_QUANTITY_OUTPUT) ||
	       known(reading, GENOPS_QUANTITY_TOTAL);
}

static void
take_header_counts(Reading *reading)
{
	if (counts_in_body(reading))
		return;
	take_header_count(reading, "x-amzn-bedrock-input-token-count", GENOPS_QUANTITY_INPUT);
	take_header_count(reading, "x-amzn-bedrock-output-token-count", GENOPS_QUANTITY_OUTPUT);
	take_header_count(reading, "x-amzn-bedrock-cache-read-input-token-count",
	                  GENOPS_QUANTITY_CACHE_READ);
	take_header_count(reading, "x-amzn-bedrock-cache-write-input-token-count",
	                  GENOPS_QUANTITY_CACHE_WRITE);
	take_header_count(reading, "x-compute-tokens", GENOPS_QUANTITY_INPUT);
}

static void
take_headers(Reading *reading)
{
	GenopsReply *reply = reading->reply;
	GenopsSlice cost = header(reading->input, NAME("x-litellm-response-cost"));
	GenopsSlice id = header(reading->input, NAME("x-amzn-requestid"));
	GenopsJsonItem item = { .kind = GENOPS_JSON_TEXT, .text = cost };

	if (cost.length > 0 && genops_reply_money(item, &reply->stated_cost))
	{
		reply->has_stated_cost = true;
		reply->stated_by_its_provider = genops_slice_equal(reading->provider, NAME("litellm"));
	}
	if (!genops_slice_present(reply->id) && id.length > 0)
		reply->id = keep(reply, id, GENOPS_REPLY_NAME_MAX);
	if (reading->shape != NULL)
		take_header_counts(reading);
}

/*
 * One reply, or one chunk.
 */
static void
take(Reading *reading, GenopsJsonItem body)
{
	const GenopsReplyShape *shape = reading->shape;
	GenopsReply *reply = reading->reply;

	take_error(reading, body);
	if (shape == NULL)
	{
		/* Most have it there, and it tells one reply from another. */
		take_name(reply, genops_json_get(body, NAME("id")), &reply->id);
		return;
	}
	if (genops_slice_present(shape->model.step[0]))
		take_name(reply, genops_reply_at(body, &shape->model), &reply->model);
	if (genops_slice_present(shape->id.step[0]))
		take_name(reply, genops_reply_at(body, &shape->id), &reply->id);
	if (genops_slice_present(shape->service_tier.step[0]))
		take_name(reply, genops_reply_at(body, &shape->service_tier), &reply->service_tier);
	take_finish_reasons(reading, body);
	take_usage(reading, body);
	take_cost(reading, body);
}

static bool
see_chunk(void *context, GenopsSlice name, GenopsJsonItem chunk)
{
	Reading *reading = context;

	(void) name;
	if (chunk.kind != GENOPS_JSON_OBJECT)
		return true;
	if (reading->shape == NULL)
		reading->shape = genops_reply_chunk_shape(chunk, reading->provider);
	take(reading, chunk);
	if (reading->shape == NULL || reading->shape->wrappers == NULL)
		return true;
	for (const char *const *wrapper = reading->shape->wrappers; *wrapper != NULL; wrapper++)
	{
		GenopsJsonItem inside = genops_json_get(chunk, genops_slice(*wrapper));

		if (inside.kind == GENOPS_JSON_OBJECT)
			take(reading, inside);
	}
	return true;
}

static void
take_stream(Reading *reading, GenopsJsonItem chunks)
{
	GenopsReply *reply = reading->reply;

	reply->stream = true;
	genops_json_each(chunks, see_chunk, reading);
	if (reading->shape != NULL && reply->finish_reason_count == 0)
		genops_usage_flag(&reply->flags, GENOPS_USAGE_FLAG_PARTIAL_STREAM);
}

static void
take_whole(Reading *reading, GenopsJsonItem body)
{
	GenopsReply *reply = reading->reply;
	GenopsJsonItem blocked;

	reading->shape = genops_reply_shape(body, reading->provider);
	take(reading, body);
	if (reading->shape == NULL && !reply->failed)
		take_bare_error(reading, body);
	if (reading->shape == NULL || reply->finish_reason_count > 0)
		return;
	blocked = genops_json_get(genops_json_get(body, NAME("promptFeedback")), NAME("blockReason"));
	if (blocked.kind == GENOPS_JSON_TEXT)
		add_finish_reason(reply, blocked.text);
}

static void
start(Reading *reading, const GenopsReplyInput *input, GenopsReply *reply)
{
	GenopsSlice provider = input->provider.length > 0 ? input->provider : GENOPS_ABSENT;

	memset(reply, 0, offsetof(GenopsReply, memory));
	reply->usage = GENOPS_NO_USAGE;
	reading->input = input;
	reading->provider =
	    genops_slice_present(provider) ? genops_ai_provider_name(provider) : GENOPS_ABSENT;
	if (genops_slice_equal(reading->provider, NAME("litellm_proxy")))
		reading->provider = NAME("litellm");
	reading->shape = NULL;
	reading->reply = reply;
	for (int i = 0; i < GENOPS_QUANTITY_COUNT; i++)
		reading->quantity[i] = GENOPS_UNKNOWN_TOKENS;
	reading->other_unit = false;
}

static void
finish(Reading *reading)
{
	GenopsReply *reply = reading->reply;

	take_headers(reading);
	settle_failure(reading);
	if (reading->shape != NULL)
	{
		reply->shape = reading->shape->name;
		settle_usage(reading);
	}
	if (!reply->has_usage && !reply->failed && !reading->other_unit)
		genops_usage_flag(&reply->flags, GENOPS_USAGE_FLAG_NO_USAGE);
}

void
genops_reply_read(const GenopsReplyInput *input, GenopsJsonItem body, GenopsReply *reply)
{
	Reading reading;

	start(&reading, input, reply);
	if (body.kind == GENOPS_JSON_ARRAY && genops_json_at(body, 0).kind == GENOPS_JSON_OBJECT)
		take_stream(&reading, body);
	else
		take_whole(&reading, body);
	finish(&reading);
}

void
genops_reply_unread(const GenopsReplyInput *input, GenopsReply *reply)
{
	Reading reading;

	start(&reading, input, reply);
	finish(&reading);
}

/*
 * Headers that JSON has.
 */
typedef struct HeaderSearch
{
	GenopsSlice name; /* in lower case */
	GenopsSlice value;
} HeaderSearch;

static bool
equal_in_lower_case(GenopsSlice text, GenopsSlice lower)
{
	if (text.length != lower.length)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != lower.data[i])
			return false;
	}
	return true;
}

static bool
see_header(void *context, GenopsSlice name, GenopsJsonItem item)
{
	HeaderSearch *search = context;

	if (!genops_slice_present(name))
	{
		name = text_of(genops_json_get(item, NAME("field")));
		item = genops_json_get(item, NAME("value"));
	}
	if (!equal_in_lower_case(name, search->name))
		return true;
	/* Some clients keep a list of values. */
	if (item.kind == GENOPS_JSON_ARRAY)
		item = genops_json_at(item, 0);
	search->value = text_of(item);
	return false;
}

GenopsSlice
genops_reply_header_of_json(void *context, GenopsSlice name)
{
	HeaderSearch search = { name, GENOPS_ABSENT };

	genops_json_each(*(const GenopsJsonItem *) context, see_header, &search);
	return search.value;
}
