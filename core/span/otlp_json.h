/* SPDX-License-Identifier: PostgreSQL */
/*
 * OTLP/JSON to OTLP bytes: what genops_ingest is given becomes what
 * everything else reads.
 *
 * Follows the specification's JSON mapping: lowerCamelCase names, ids as hex
 * digits, enumerations as numbers or names, 64-bit integers as numbers or
 * texts, unknown fields ignored.  Texts that are not valid UTF-8 are repaired.
 * Also takes what Tempo answers when it is asked for a trace.
 */
#ifndef GENOPS_CORE_SPAN_OTLP_JSON_H
#define GENOPS_CORE_SPAN_OTLP_JSON_H

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

/* Appends an ExportTraceServiceRequest to "request" (growing).  False, with
 * nothing appended and an error that names the place, e.g. resourceSpans[0].scopeSpans[0].spans[3].traceId. */
extern bool genops_otlp_from_json(GenopsSlice json, GenopsBytes *request, GenopsError *error);

#endif
