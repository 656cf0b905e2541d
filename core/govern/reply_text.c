/* SPDX-License-Identifier: PostgreSQL */
/*
 * Replies that are text.
 *
 * cJSON parses them, after a look at each that bounds what the parser will take: it makes
 * a node of 64 bytes from a value of one.  Lines of server-sent events and JSON values one
 * after another become one array of chunks.
 */
#include "core/base/bytes.h"
#include "core/govern/reply.h"

typedef struct Chunks
{
	cJSON *array;
	size_t values; /* seen in all of them */
} Chunks;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Behind the text that starts at its quote; "end" if it does not end. */
static const char *
skip_text(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
	{
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at < end ? at + 1 : end;
}

/* Whether the JSON is within the limits of depth and values, of which it adds its own. */
static bool
within_limits(GenopsSlice json, size_t *values)
{
	const char *end = json.data + json.length;
	int depth = 0;

	for (const char *at = json.data; at < end;)
	{
		switch (*at)
		{
			case '"':
				at = skip_text(at, end);
				continue;
			case '{':
			case '[':
				if (++depth > GENOPS_REPLY_MAX_DEPTH)
					return false;
				++*values;
				break;
			case '}':
			case ']':
				depth--;
				break;
			case ',':
				++*values;
				break;
		}
		if (*values > GENOPS_REPLY_MAX_VALUES)
			return false;
		at++;
	}
	return true;
}

/* The values of the text, one after the other; false if the first is none. */
static bool
parse_values(Chunks *chunks, GenopsSlice text)
{
	bool any = false;

	if (!within_limits(text, &chunks->values))
		return false;
	for (;;)
	{
		const char *end = NULL;
		cJSON *value;

		while (text.length > 0 && is_blank(text.data[0]))
		{
			text.data++;
			text.length--;
		}
		if (text.length == 0)
			return any;
		value = cJSON_ParseWithLengthOpts(text.data, text.length, &end, false);
		if (value == NULL || !cJSON_AddItemToArray(chunks->array, value))
		{
			cJSON_Delete(value);
			return any;
		}
		any = true;
		text.length -= (size_t) (end - text.data);
		text.data = end;
	}
}

static GenopsSlice
take_line(GenopsSlice *text)
{
	const char *newline = memchr(text->data, '\n', text->length);
	GenopsSlice line = { text->data, newline ? (size_t) (newline - text->data) : text->length };
	size_t taken = line.length + (newline != NULL);

	text->data += taken;
	text->length -= taken;
	if (line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	return line;
}

static bool
begins(GenopsSlice text, GenopsSlice start)
{
	return text.length >= start.length && memcmp(text.data, start.data, start.length) == 0;
}

/* An event ends with an empty line; its data may be on several. */
static void
parse_events(Chunks *chunks, GenopsSlice text)
{
	const GenopsSlice field = GENOPS_LITERAL("data:");
	GenopsBytes data = genops_bytes_growing();
	bool good = true;

	while (good && text.length > 0)
	{
		GenopsSlice line = take_line(&text);

		if (begins(line, field))
			genops_bytes_put(&data, line.data + field.length, line.length - field.length);
		if ((line.length > 0 && text.length > 0) || data.length == 0)
			continue;

		/* What is no JSON, such as "[DONE]", is no chunk. */
		(void) parse_values(chunks, (GenopsSlice){ (const char *) data.data, data.length });
		good = !data.failed && chunks->values <= GENOPS_REPLY_MAX_VALUES;
		genops_bytes_clear(&data);
	}
	genops_bytes_free(&data);
}

static bool
looks_like_events(GenopsSlice text)
{
	return begins(text, GENOPS_LITERAL("data:")) || begins(text, GENOPS_LITERAL("event:")) ||
	       begins(text, GENOPS_LITERAL("id:")) || begins(text, GENOPS_LITERAL("retry:")) ||
	       begins(text, GENOPS_LITERAL(":"));
}

static GenopsSlice
without_blanks_in_front(GenopsSlice text)
{
	if (begins(text, GENOPS_LITERAL("\xEF\xBB\xBF")))
		text = (GenopsSlice){ text.data + 3, text.length - 3 };
	while (text.length > 0 && is_blank(text.data[0]))
	{
		text.data++;
		text.length--;
	}
	return text;
}

void
genops_reply_read_text(const GenopsReplyInput *input, GenopsSlice text, GenopsReply *reply)
{
	Chunks chunks = { NULL, 0 };
	bool events;
	int count;

	text = without_blanks_in_front(text);
	events = looks_like_events(text);
	if (text.length > 0 && text.length <= GENOPS_REPLY_MAX_SIZE &&
	    (events || text.data[0] == '{' || text.data[0] == '['))
		chunks.array = cJSON_CreateArray();
	if (chunks.array == NULL)
	{
		genops_reply_unread(input, reply);
		return;
	}
	if (events)
		parse_events(&chunks, text);
	else
		(void) parse_values(&chunks, text);

	count = cJSON_GetArraySize(chunks.array);
	if (count == 0)
		genops_reply_unread(input, reply);
	else
		genops_reply_read(
		    input, genops_json_of_cjson(count == 1 && !events ? chunks.array->child : chunks.array),
		    reply);
	cJSON_Delete(chunks.array);
}
