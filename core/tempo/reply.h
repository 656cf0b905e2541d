/* SPDX-License-Identifier: PostgreSQL */
/*
 * What Tempo answers, as plain structs.
 *
 * A reply is read from JSON as protobuf writes it: 64-bit numbers as texts or
 * numbers, zeros and empty texts left out, NaN and the infinities as texts.  What
 * a newer Tempo adds is passed over; what is there but of another type is an
 * error, whose message names the place.
 *
 * Text is counted before it is parsed, and parsed a trace, a series or a tag at a time, so that
 * memory is bounded by a few times the text; between two of these it can be interrupted.
 *
 * A reply's first member is the arena in which all its slices lie: genops_arena_free
 * releases it.  After a failure there is nothing to be released.  Texts are valid
 * UTF-8.
 *
 * Sets of attributes and labels are typed, and kept as OTLP has them: KeyValues in
 * the fields of number GENOPS_TEMPO_PAIRS of a message (genops_fields and
 * genops_read_key_value read them).  A key may occur twice: an attribute without
 * scope that is on the span and on its resource.
 */
#ifndef GENOPS_CORE_TEMPO_REPLY_H
#define GENOPS_CORE_TEMPO_REPLY_H

#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"
#include "core/base/slice.h"
#include "core/span/otlp_read.h"
#include "core/traceql/arena.h"

#define GENOPS_TEMPO_PAIRS GENOPS_RESOURCE_ATTRIBUTES

/* "status": "PARTIAL", and what Tempo says about it (absent: nothing). */
typedef struct GenopsTempoCompleteness
{
	bool partial;
	GenopsSlice message;
} GenopsTempoCompleteness;

/*
 * Search
 */

typedef struct GenopsTempoSpan
{
	GenopsSlice span_id; /* 16 hexadecimal digits */
	GenopsSlice name;    /* absent: the query does not mention it */
	uint64_t start_ns;
	uint64_t duration_ns;
	GenopsSlice attributes; /* what the query mentions or selects */
} GenopsTempoSpan;

typedef struct GenopsTempoSpanset
{
	GenopsTempoSpan *spans;
	size_t span_count;
	uint32_t matched;       /* spans, also those that were left out */
	GenopsSlice attributes; /* "by(.team)", "count()" */
} GenopsTempoSpanset;

typedef struct GenopsTempoTrace
{
	GenopsSlice trace_id;          /* 32 hexadecimal digits */
	GenopsSlice root_service_name; /* absent: Tempo has no root span, as for the next */
	GenopsSlice root_name;
	uint64_t start_ns; /* of the whole trace */
	uint64_t duration_ms;
	GenopsTempoSpanset *spansets;
	size_t spanset_count;
} GenopsTempoTrace;

typedef struct GenopsTempoSearch
{
	GenopsArena arena;
	GenopsTempoTrace *traces;
	size_t trace_count;
	GenopsTempoCompleteness completeness;
	/* How much Tempo looked at. */
	uint64_t inspected_traces;
	uint64_t inspected_spans;
	uint64_t inspected_bytes;
	uint32_t completed_jobs; /* fewer than total_jobs: it stopped early */
	uint32_t total_jobs;
} GenopsTempoSearch;

extern bool genops_tempo_search_read(GenopsSlice json, GenopsTempoSearch *search,
                                     const GenopsInterrupt *interrupt, GenopsError *error);

/*
 * Metrics
 */

typedef struct GenopsTempoSample
{
	int64_t unix_ms; /* 0 in the answer to an instant query, which has no time */
	double value;
} GenopsTempoSample;

typedef struct GenopsTempoSeries
{
	GenopsSlice labels;
	GenopsTempoSample *samples;
	size_t sample_count; /* of an instant query: 1 */
} GenopsTempoSeries;

typedef struct GenopsTempoMetrics
{
	GenopsArena arena;
	GenopsTempoSeries *series;
	size_t series_count;
	GenopsTempoCompleteness completeness;
} GenopsTempoMetrics;

/* "instant": the answer of /api/metrics/query, a value per series. */
extern bool genops_tempo_metrics_read(GenopsSlice json, bool instant, GenopsTempoMetrics *metrics,
                                      const GenopsInterrupt *interrupt, GenopsError *error);

/*
 * Tags and their values
 */

typedef struct GenopsTempoTag
{
	GenopsSlice scope; /* "span", "resource", "intrinsic" ... */
	GenopsSlice name;
} GenopsTempoTag;

typedef struct GenopsTempoTags
{
	GenopsArena arena;
	GenopsTempoTag *tags;
	size_t tag_count;
} GenopsTempoTags;

extern bool genops_tempo_tags_read(GenopsSlice json, GenopsTempoTags *tags,
                                   const GenopsInterrupt *interrupt, GenopsError *error);

typedef struct GenopsTempoTagValue
{
	GenopsSlice type; /* string, int, float, bool, duration, keyword */
	GenopsSlice value;
} GenopsTempoTagValue;

typedef struct GenopsTempoTagValues
{
	GenopsArena arena;
	GenopsTempoTagValue *values;
	size_t value_count;
} GenopsTempoTagValues;

extern bool genops_tempo_tag_values_read(GenopsSlice json, GenopsTempoTagValues *values,
                                         const GenopsInterrupt *interrupt, GenopsError *error);

/*
 * One trace, and the version
 */

typedef struct GenopsTempoWholeTrace
{
	GenopsArena arena;
	GenopsSlice request; /* the bytes of an ExportTraceServiceRequest; empty: not found */
	GenopsTempoCompleteness completeness;
} GenopsTempoWholeTrace;

extern bool genops_tempo_trace_read(GenopsSlice json, GenopsTempoWholeTrace *trace,
                                    GenopsError *error);

typedef struct GenopsTempoBuild
{
	GenopsArena arena;
	GenopsSlice version; /* empty where it was built without */
	GenopsSlice revision;
} GenopsTempoBuild;

extern bool genops_tempo_build_read(GenopsSlice json, GenopsTempoBuild *build, GenopsError *error);

#endif
