/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a segment's spans are wrapped in.
 */
#ifndef GENOPS_KEEP_RESOURCE_H
#define GENOPS_KEEP_RESOURCE_H

#include "record/span_record.h"

#include "core/span/otlp_read.h"

/*
 * The envelope of a record: as it came with the span, or, for the server's own
 * spans, made of its service name, its environment, the server and the
 * configuration.  In the current memory context, or in the record's memory.
 */
extern GenopsEnvelope ResourceEnvelope(const SpanRecord *record);

/* Whether a span is the server's own, and its resource says nothing about it but
 * the service's name and the environment that the facts have, too. */
extern bool ResourceFollowsFacts(const SpanRecord *record);

#endif
