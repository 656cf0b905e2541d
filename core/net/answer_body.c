/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/answer_body.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "otlp.pb-c.h"

/* An answer has a few hundred bytes; of a larger one only the start is shown,
 * because a parser's memory is a multiple of what it parses. */
#define LARGEST_PARSED ((size_t) 128 * 1024)

#define RETRY_INFO "google.rpc.RetryInfo"

/* Longer than any delay that is honoured; keeps the arithmetic in range. */
#define LONGEST_DELAY_SECONDS 86400

static size_t
control_character(GenopsSlice text)
{
	unsigned char first = (unsigned char) text.data[0];

	if (first <= ' ' || first == 0x7F)
		return 1;
	/* U+0080 to U+009F */
	if (first == 0xC2 && text.length > 1 && (unsigned char) text.data[1] < 0xA0)
		return 2;
	return 0;
}

/* Runs of blanks and control characters become one blank.  "out" has room for
 * text.length + 1 bytes. */
static void
one_line(char *out, GenopsSlice text)
{
	size_t written = 0;

	while (text.length > 0)
	{
		size_t skip = control_character(text);

		if (skip == 0)
		{
			out[written++] = text.data[0];
			skip = 1;
		}
		else if (written > 0 && out[written - 1] != ' ')
			out[written++] = ' ';
		text.data += skip;
		text.length -= skip;
	}
	while (written > 0 && out[written - 1] == ' ')
		written--;
	out[written] = '\0';
}

static void
set_message(GenopsAnswerBody *body, GenopsSlice text)
{
	char repaired[3 * sizeof(body->message)];

	text.length = genops_utf8_clip(text, sizeof(body->message));
	text.length = genops_utf8_repair(repaired, text);
	text.data = repaired;
	text.length = genops_utf8_clip(text, sizeof(body->message) - 1);
	one_line(body->message, text);
}

static int64_t
duration_ms(int64_t seconds, int64_t nanoseconds)
{
	if (seconds < 0 || nanoseconds < 0)
		return 0;
	if (seconds > LONGEST_DELAY_SECONDS)
		seconds = LONGEST_DELAY_SECONDS;
	if (nanoseconds > 999999999)
		nanoseconds = 999999999;
	return seconds * 1000 + nanoseconds / 1000000;
}

static bool
ends_in(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool
read_protobuf_response(GenopsSlice bytes, GenopsAnswerBody *body)
{
	Genops__Otlp__ExportTraceServiceResponse *response =
	    genops__otlp__export_trace_service_response__unpack(NULL, bytes.length,
	                                                        (const uint8_t *) bytes.data);

	if (response == NULL)
		return false;
	if (response->partial_success != NULL)
	{
		body->rejected_spans = response->partial_success->rejected_spans;
		set_message(body, genops_slice(response->partial_success->error_message));
	}
	genops__otlp__export_trace_service_response__free_unpacked(response, NULL);
	return true;
}

static int64_t
protobuf_retry_ms(const Genops__Otlp__Any *detail)
{
	Genops__Otlp__RetryInfo *info;
	int64_t delay = 0;

	if (!ends_in(detail->type_url, RETRY_INFO))
		return 0;
	info = genops__otlp__retry_info__unpack(NULL, detail->value.len, detail->value.data);
	if (info == NULL)
		return 0;
	if (info->retry_delay != NULL)
		delay = duration_ms(info->retry_delay->seconds, info->retry_delay->nanos);
	genops__otlp__retry_info__free_unpacked(info, NULL);
	return delay;
}

static bool
read_protobuf_status(GenopsSlice bytes, GenopsAnswerBody *body)
{
	Genops__Otlp__RpcStatus *status =
	    genops__otlp__rpc_status__unpack(NULL, bytes.length, (const uint8_t *) bytes.data);

	if (status == NULL)
		return false;
	set_message(body, genops_slice(status->message));
	for (size_t i = 0; i < status->n_details && body->retry_ms == 0; i++)
		body->retry_ms = protobuf_retry_ms(status->details[i]);
	genops__otlp__rpc_status__free_unpacked(status, NULL);
	return true;
}

/* protobuf's JSON writes 64-bit integers as texts; some write numbers. */
static int64_t
json_integer(const cJSON *item)
{
	if (cJSON_IsString(item))
		return strtoll(item->valuestring, NULL, 10);
	if (cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 9e15)
		return (int64_t) item->valuedouble;
	return 0;
}

static void
read_json_response(const cJSON *root, GenopsAnswerBody *body)
{
	const cJSON *partial = cJSON_GetObjectItemCaseSensitive(root, "partialSuccess");
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(partial, "errorMessage");

	body->rejected_spans = json_integer(cJSON_GetObjectItemCaseSensitive(partial, "rejectedSpans"));
	if (cJSON_IsString(message))
		set_message(body, genops_slice(message->valuestring));
}

/* A duration is a text like "5s" or "1.5s". */
static int64_t
json_retry_ms(const cJSON *detail)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(detail, "@type");
	const cJSON *delay = cJSON_GetObjectItemCaseSensitive(detail, "retryDelay");
	double seconds;

	if (!cJSON_IsString(type) || !ends_in(type->valuestring, RETRY_INFO) ||
	    !cJSON_IsString(delay) || !ends_in(delay->valuestring, "s"))
		return 0;
	seconds = strtod(delay->valuestring, NULL);
	if (!(seconds > 0))
		return 0;
	return (int64_t) (1000 * (seconds < LONGEST_DELAY_SECONDS ? seconds : LONGEST_DELAY_SECONDS));
}

/* Gateways in front of Tempo say "error" instead of "message". */
static void
read_json_status(const cJSON *root, GenopsAnswerBody *body)
{
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(root, "message");
	const cJSON *detail;

	if (!cJSON_IsString(message))
		message = cJSON_GetObjectItemCaseSensitive(root, "error");
	if (cJSON_IsString(message))
		set_message(body, genops_slice(message->valuestring));
	cJSON_ArrayForEach(detail, cJSON_GetObjectItemCaseSensitive(root, "details"))
	{
		if (body->retry_ms == 0)
			body->retry_ms = json_retry_ms(detail);
	}
}

static bool
read_json(GenopsSlice bytes, bool success, GenopsAnswerBody *body)
{
	cJSON *root = cJSON_ParseWithLength(bytes.data, bytes.length);
	bool good = cJSON_IsObject(root);

	if (good && success)
		read_json_response(root, body);
	else if (good)
		read_json_status(root, body);
	cJSON_Delete(root);
	return good;
}

static bool
is_html(const char *content_type, GenopsSlice bytes)
{
	static const char doctype[] = "<!doctype html";
	static const char tag[] = "<html";

	while (bytes.length > 0 && strchr(" \t\r\n", bytes.data[0]) != NULL && bytes.data[0] != '\0')
	{
		bytes.data++;
		bytes.length--;
	}
	return strncasecmp(content_type, "text/html", 9) == 0 ||
	       (bytes.length >= sizeof(doctype) - 1 &&
	        strncasecmp(bytes.data, doctype, sizeof(doctype) - 1) == 0) ||
	       (bytes.length >= sizeof(tag) - 1 && strncasecmp(bytes.data, tag, sizeof(tag) - 1) == 0);
}

static bool
read_structured(const char *content_type, GenopsSlice bytes, bool success, GenopsAnswerBody *body)
{
	if (bytes.length > LARGEST_PARSED)
		return false;
	if (strncasecmp(content_type, "application/json", 16) == 0 || bytes.data[0] == '{')
		return read_json(bytes, success, body);
	if (strncasecmp(content_type, "application/x-protobuf", 22) == 0 ||
	    strncasecmp(content_type, "application/protobuf", 20) == 0)
		return success ? read_protobuf_response(bytes, body) : read_protobuf_status(bytes, body);
	return false;
}

/* Whether the bytes are something to show. */
static bool
is_text(GenopsSlice bytes)
{
	if (!genops_utf8_valid(bytes))
		return false;
	for (size_t i = 0; i < bytes.length; i++)
	{
		if ((unsigned char) bytes.data[i] < ' ' && strchr("\t\r\n", bytes.data[i]) == NULL)
			return false;
	}
	return true;
}

void
genops_answer_body_read(const char *content_type, GenopsSlice bytes, bool success,
                        GenopsAnswerBody *body)
{
	body->rejected_spans = 0;
	body->retry_ms = 0;
	body->message[0] = '\0';
	body->html = bytes.length > 0 && is_html(content_type, bytes);
	if (bytes.length == 0 || body->html || read_structured(content_type, bytes, success, body))
		return;
	/* A success that says nothing we know is a success. */
	bytes.length = genops_utf8_clip(bytes, sizeof(body->message));
	if (!success && is_text(bytes))
		set_message(body, bytes);
}
