/* SPDX-License-Identifier: PostgreSQL */
/*
 * Writes the URLs of Tempo's HTTP API: what is asked, all of it in the address.
 *
 * Each function appends a URL, with a zero byte at its end, to "out": the query
 * address (genops_endpoint_query_url), a path, and the parameters, percent-encoded.
 * As ever with a GenopsBytes, see "failed" at the end.
 */
#ifndef GENOPS_CORE_TEMPO_REQUEST_H
#define GENOPS_CORE_TEMPO_REQUEST_H

#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/slice.h"

/* Microseconds since 1970. */
typedef struct GenopsTempoRange
{
	int64_t start_us;
	int64_t end_us;
} GenopsTempoRange;

/* Search and tags take whole seconds: the start is rounded down, the end up and at
 * least to a second more. */
extern void genops_tempo_search_url(GenopsBytes *out, const char *base, GenopsSlice query,
                                    GenopsTempoRange range, int limit, int spans_per_spanset);

/* step_us: 0 leaves it to Tempo. */
extern void genops_tempo_metrics_url(GenopsBytes *out, const char *base, GenopsSlice query,
                                     GenopsTempoRange range, int64_t step_us);
extern void genops_tempo_instant_url(GenopsBytes *out, const char *base, GenopsSlice query,
                                     GenopsTempoRange range);

/* The id is 1 to 32 hexadecimal digits. */
extern void genops_tempo_trace_url(GenopsBytes *out, const char *base, GenopsSlice trace_id);

/* Absent: all scopes; NULL: as Tempo chooses. */
extern void genops_tempo_tags_url(GenopsBytes *out, const char *base, GenopsSlice scope,
                                  const GenopsTempoRange *range);
extern void genops_tempo_tag_values_url(GenopsBytes *out, const char *base, GenopsSlice tag,
                                        GenopsSlice query, const GenopsTempoRange *range);

extern void genops_tempo_build_url(GenopsBytes *out, const char *base);

#endif
