/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reads the body of an answer to an OTLP export: protobuf, JSON or text.
 * Private to answer.h.
 */
#ifndef GENOPS_CORE_NET_ANSWER_BODY_H
#define GENOPS_CORE_NET_ANSWER_BODY_H

#include <stdint.h>

#include "core/base/slice.h"

typedef struct GenopsAnswerBody
{
	bool html;              /* a page for people: no OTLP endpoint wrote it */
	int64_t rejected_spans; /* of a partial success, as given */
	int64_t retry_ms;       /* of google.rpc.RetryInfo, 0: none */
	/* The start of it as one line, valid UTF-8 without control characters. */
	char message[1024];
} GenopsAnswerBody;

/* "success": an ExportTraceServiceResponse, else a google.rpc.Status. */
extern void genops_answer_body_read(const char *content_type, GenopsSlice bytes, bool success,
                                    GenopsAnswerBody *body);

#endif
