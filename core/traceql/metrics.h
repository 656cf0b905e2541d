/* SPDX-License-Identifier: PostgreSQL */
/*
 * The metrics side of a query: spans into time buckets and groups, and these
 * into series.  traceql.md 5.9 has the rules.
 *
 *	grid      which buckets there are
 *	metrics   the query's calls, each of which takes spans ("count") or what
 *	          others have counted ("load", "add")
 *	finish    functions, second stages and arithmetic make series
 *
 * What is counted can be saved as bytes and loaded elsewhere, so that several
 * processes can each count a part.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_H
#define GENOPS_CORE_TRACEQL_METRICS_H

#include "core/base/bytes.h"
#include "core/traceql/span_field.h"
#include "core/traceql/traceql.h"

/* Bounds on what one query may ask for; more is an error. */
#define GENOPS_METRICS_MAX_POINTS 10000  /* buckets of a series */
#define GENOPS_METRICS_MAX_SERIES 100000 /* groups of one call */
/* Numbers kept at once, of 8 bytes: a count is one for each group and bucket, a
 * sum two, an average three, a histogram one for each power of two that occurs. */
#define GENOPS_METRICS_MAX_CELLS 20000000

/* Bucket i holds the spans that begin in (edge - step, edge], where edge is
 * first_ns + i * step_ns.  An instant query has one, over (start, end]. */
typedef struct GenopsMetricsGrid
{
	int64_t first_ns; /* Unix time: the right edge of the first bucket */
	int64_t step_ns;
	size_t count;
	bool instant;
} GenopsMetricsGrid;

/* A range: start is rounded down to a multiple of the step, end up, and the
 * bucket that ends at the start is the first.  step_ns 0: chosen by the range's
 * length, as Tempo does.  False for an empty range and for too many buckets. */
extern bool genops_metrics_range(int64_t start_ns, int64_t end_ns, int64_t step_ns,
                                 GenopsMetricsGrid *grid, GenopsError *error);
extern bool genops_metrics_instant(int64_t start_ns, int64_t end_ns, GenopsMetricsGrid *grid,
                                   GenopsError *error);

/* The bucket of a span's start; false if it is in none. */
extern bool genops_metrics_bucket(const GenopsMetricsGrid *grid, int64_t start_ns, size_t *bucket);

/* The exponent of the histogram bucket, the least power of two that is not
 * below the value (nanoseconds or a plain count); -1 for a value that no
 * bucket takes (below 2). */
extern int genops_metrics_exponent(int64_t value);

typedef struct GenopsTraceqlMetrics GenopsTraceqlMetrics;

/* "query" is a checked metrics query and must live as long. */
extern GenopsTraceqlMetrics *genops_traceql_metrics_prepare(const GenopsQuery *query,
                                                            const GenopsMetricsGrid *grid,
                                                            GenopsError *error);
extern void genops_traceql_metrics_free(GenopsTraceqlMetrics *metrics);

/* The calls of the query, in the order of the text: one, or, with arithmetic,
 * several, each over a pipeline of its own. */
extern size_t genops_traceql_metrics_call_count(const GenopsTraceqlMetrics *metrics);
extern const GenopsMetrics *genops_traceql_metrics_call(const GenopsTraceqlMetrics *metrics,
                                                        size_t call);

/* Counts a span that the call's pipeline let through; one that begins in no
 * bucket is passed over. */
extern bool genops_traceql_metrics_count(GenopsTraceqlMetrics *metrics, size_t call,
                                         GenopsTraceqlSpan *span, GenopsError *error);

/*
 * Adds spans that were counted together elsewhere (by SQL, on the ledger's
 * columns): all in one bucket and with these values of the by() attributes.
 * Not for compare() and not with the hint extrapolate.
 */
typedef struct GenopsMetricsPartial
{
	size_t bucket;
	const GenopsTraceqlValue *by; /* as many as the call has; NIL: missing */
	uint64_t count; /* spans; for the functions of an attribute, those with a number */
	double sum;     /* in the unit of the function's result (durations: seconds) */
	double min;
	double max;
	int exponent; /* histogram and quantile: of all these spans (genops_metrics_exponent) */
} GenopsMetricsPartial;

extern bool genops_traceql_metrics_add(GenopsTraceqlMetrics *metrics, size_t call,
                                       const GenopsMetricsPartial *partial, GenopsError *error);

/* What has been counted so far, for genops_traceql_metrics_load() in metrics
 * prepared for the same query and grid, on the same machine; "saved" may be
 * hostile.  After a failure part of it may have been loaded. */
extern void genops_traceql_metrics_save(const GenopsTraceqlMetrics *metrics, GenopsBytes *out);
extern bool genops_traceql_metrics_load(GenopsTraceqlMetrics *metrics, GenopsSlice saved,
                                        GenopsError *error);

/* Forgets what has been counted and keeps what is prepared. */
extern void genops_traceql_metrics_reset(GenopsTraceqlMetrics *metrics);

typedef struct GenopsSeriesLabel
{
	GenopsSlice key;          /* ".team", "resource.service.name", "p", "__bucket", "__name__" */
	GenopsTraceqlValue value; /* never an array; the text "nil" where Tempo has that */
} GenopsSeriesLabel;

typedef struct GenopsSeries
{
	const GenopsSeriesLabel *labels;
	size_t label_count;
	const double *values; /* one per bucket; NaN: no sample there */
} GenopsSeries;

/* Sorted as in traceql.md 5.9; valid as long as the metrics. */
typedef struct GenopsSeriesList
{
	const GenopsSeries *series;
	size_t count;
} GenopsSeriesList;

/* Once, at the end. */
extern bool genops_traceql_metrics_finish(GenopsTraceqlMetrics *metrics, GenopsSeriesList *list,
                                          GenopsError *error);

#endif
