/* SPDX-License-Identifier: PostgreSQL */
/*
 * Questions to the Tempo whose query address is configured as "endpoint".
 *
 * Each waits for the answer, at most as long as the configured timeout says, and
 * can be cancelled meanwhile.  The tenant is that of the argument, or the
 * configuration's where it is NULL; '' asks without one, "a|b" asks for two.  An
 * answer that is none raises an error whose DETAIL is Tempo's own text.
 *
 * Texts go to Tempo and come from it in UTF-8.  A reply lies in memory of its own,
 * which goes with the memory context that was current.  A partial answer raises a
 * WARNING.
 */
#ifndef GENOPS_ASK_TEMPO_QUERY_H
#define GENOPS_ASK_TEMPO_QUERY_H

#include "postgres.h"

#include "core/tempo/reply.h"
#include "datatype/timestamp.h"

/* Times that a question looks at, in whole seconds for all but metrics: the
 * start is rounded down, the end up. */
typedef struct TempoRange
{
	TimestampTz start;
	TimestampTz end;
} TempoRange;

/* Asked for where the caller leaves it open; a Tempo that allows less is asked for
 * what it allows. */
#define TEMPO_MAX_TRACES 10000
#define TEMPO_SPANS_PER_TRACE 100

/*
 * max_traces and spans_per_trace of 0 ask for as many as there are; then, or when
 * Tempo's own limit is lower, a WARNING is raised if as many traces came as were
 * asked for.  Of a spanset with more spans than came "matched" tells; that raises a
 * WARNING too, where spans_per_trace is 0.
 */
extern GenopsTempoSearch *TempoSearch(GenopsSlice query, TempoRange range, int max_traces,
                                      int spans_per_trace, const char *tenant);

/* Series over the range, with a sample for every step of microseconds; 0 leaves
 * the step to Tempo. */
extern GenopsTempoMetrics *TempoMetrics(GenopsSlice query, TempoRange range, int64 step_us,
                                        const char *tenant);

/* One value per series over the range. */
extern GenopsTempoMetrics *TempoInstant(GenopsSlice query, TempoRange range, const char *tenant);

/* All of a trace: 1 to 32 hexadecimal digits. */
extern GenopsTempoWholeTrace *TempoTrace(const char *trace_id, const char *tenant);

/* "scope" is NULL for all; the range may be NULL, then Tempo chooses. */
extern GenopsTempoTags *TempoTags(const char *scope, const TempoRange *range, const char *tenant);

/* "tag" as TraceQL names it: ".team", "resource.service.name", "name".  "query" is a
 * filter for the spans that are looked at, or absent. */
extern GenopsTempoTagValues *TempoTagValues(GenopsSlice tag, GenopsSlice query,
                                            const TempoRange *range, const char *tenant);

extern GenopsTempoBuild *TempoBuild(void);

#endif
