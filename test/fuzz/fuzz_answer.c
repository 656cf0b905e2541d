/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an endpoint answers: any status, any content type, any bytes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/net/answer.h"

#define SENT_SPANS 100

/* The first byte chooses status and content type, the second one how much of
 * the rest is the Retry-After header. */
extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_answer(const GenopsAnswer *answer)
{
	GenopsSlice reason = genops_slice(answer->reason);

	if (!genops_utf8_valid(reason) || strpbrk(answer->reason, "\r\n\t\x1B") != NULL ||
	    answer->rejected_spans < 0 || answer->rejected_spans > SENT_SPANS ||
	    answer->min_delay_ms < 0 || answer->min_delay_ms > GENOPS_MAX_RETRY_AFTER_MS ||
	    strstr(answer->reason, "s3cret-token") != NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 400, 401, 413, 429, 500, 503, 302 };
	static const char *const types[] = { "application/json", "application/x-protobuf", "text/plain",
		                                 "" };
	GenopsHttpReply reply = { .failure = GENOPS_HTTP_ANSWERED };
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsAnswer answer;
	GenopsError error;
	size_t header_size;

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % 8];
	snprintf(reply.content_type, sizeof(reply.content_type), "%s", types[data[0] / 8 % 4]);
	header_size = data[1] % sizeof(reply.retry_after);
	if (header_size > size - 2)
		header_size = size - 2;
	memcpy(reply.retry_after, data + 2, header_size);
	reply.body = (GenopsSlice){ (const char *) data + 2 + header_size, size - 2 - header_size };

	genops_headers_set(&headers, GENOPS_LITERAL("Authorization"),
	                   GENOPS_LITERAL("Bearer s3cret-token"), &error);
	genops_answer_judge(&reply, &headers, SENT_SPANS, 1795435200, &answer);
	check_answer(&answer);
	genops_headers_free(&headers);
	return 0;
}
