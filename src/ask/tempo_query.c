/* SPDX-License-Identifier: PostgreSQL */
/*
 * Questions to Tempo: the URL, the exchange, the parsed answer.
 */
#include "postgres.h"

#include "ask/tempo_exchange.h"
#include "ask/tempo_query.h"
#include "core/tempo/request.h"
#include "miscadmin.h"
#include "server_text.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* With a lower limit of each kind. */
#define MAX_ATTEMPTS 3

/*
 * Memory of the core's, released with the memory context that was current.
 */
static void *
Attach(Size size, void (*release)(void *))
{
	void *owner = palloc0(size);
	MemoryContextCallback *callback = palloc0(sizeof(*callback));

	callback->func = release;
	callback->arg = owner;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return owner;
}

static void
FreeUrl(void *arg)
{
	genops_bytes_free(arg);
}

static void
FreeReply(void *arg)
{
	genops_arena_free(arg);
}

/* Each begins with its arena. */
static void *
NewReply(Size size)
{
	return Attach(size, FreeReply);
}

static GenopsBytes *
NewUrl(void)
{
	GenopsBytes *url = Attach(sizeof(GenopsBytes), FreeUrl);

	*url = genops_bytes_growing();
	return url;
}

static GenopsTempoProblem
TryUrl(TempoExchange *exchange, const GenopsBytes *url, GenopsError *error)
{
	if (url->failed)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return TempoExchangeAsk(exchange, (const char *) url->data, error);
}

static void
AskUrl(TempoExchange *exchange, const GenopsBytes *url)
{
	GenopsError error;
	GenopsTempoProblem problem = TryUrl(exchange, url, &error);

	if (problem != GENOPS_TEMPO_ANSWERED)
		TempoRaise(problem, &error);
}

static bool
CancelWanted(void *context)
{
	(void) context;
	return QueryCancelPending || ProcDiePending;
}

static const GenopsInterrupt interrupt = { CancelWanted, NULL };

static void
RequireRead(bool read, const GenopsError *error)
{
	if (!read && error->code == GENOPS_INTERRUPTED)
		CHECK_FOR_INTERRUPTS();
	if (!read)
		TempoRaise(error->code == GENOPS_TOO_LARGE ? GENOPS_TEMPO_TOO_LARGE
		                                           : GENOPS_TEMPO_SOMETHING_ELSE,
		           error);
}

static int64
UnixUs(TimestampTz time)
{
	return time + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

static GenopsTempoRange
RangeOf(TempoRange range)
{
	if (TIMESTAMP_NOT_FINITE(range.start) || TIMESTAMP_NOT_FINITE(range.end))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("Tempo cannot be asked for an infinite time range")));
	return (GenopsTempoRange){ UnixUs(range.start), UnixUs(range.end) };
}

/*
 * What is missing
 */

static void
WarnIfPartial(const GenopsTempoCompleteness *completeness)
{
	GenopsSlice message = ServerText(completeness->message);

	if (completeness->partial)
		ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("the answer of Tempo is not complete"),
		                  message.length > 0
		                      ? errdetail("Tempo says: %.*s", (int) message.length, message.data)
		                      : 0));
}

typedef struct SearchLimits
{
	int traces;
	int spans;
	bool traces_chosen; /* by us or by Tempo, not by the caller */
	bool spans_chosen;
} SearchLimits;

static int64
CountLeftOut(const GenopsTempoSearch *search)
{
	int64 left_out = 0;

	for (size_t i = 0; i < search->trace_count; i++)
		for (size_t set = 0; set < search->traces[i].spanset_count; set++)
		{
			const GenopsTempoSpanset *spanset = &search->traces[i].spansets[set];

			if (spanset->matched > spanset->span_count)
				left_out += (int64) (spanset->matched - spanset->span_count);
		}
	return left_out;
}

static void
WarnIfTruncated(const GenopsTempoSearch *search, const SearchLimits *limits)
{
	int64 left_out = limits->spans_chosen ? CountLeftOut(search) : 0;

	if (limits->traces_chosen && search->trace_count >= (size_t) limits->traces)
		ereport(WARNING,
		        (errcode(ERRCODE_WARNING), errmsg("the answer of Tempo may not be complete"),
		         errdetail("It has %d traces, as many as Tempo was asked for.", limits->traces),
		         errhint("Ask for a shorter time range.")));
	if (left_out > 0)
		ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("the answer of Tempo is not complete"),
		                  errdetail("It has at most %d spans of each spanset; " INT64_FORMAT
		                            " more matched.",
		                            limits->spans, left_out)));
}

/*
 * Search
 */

/* Whether Tempo's own limit is the reason of a refusal, and lower than what was asked
 * for, which then is it. */
static bool
LowerLimits(SearchLimits *limits, const GenopsError *error)
{
	int traces = genops_tempo_allowed_traces(error);
	int spans = genops_tempo_allowed_spans(error);

	if (traces > 0 && traces < limits->traces)
	{
		limits->traces = traces;
		limits->traces_chosen = true;
		return true;
	}
	if (spans > 0 && spans < limits->spans)
	{
		limits->spans = spans;
		limits->spans_chosen = true;
		return true;
	}
	return false;
}

static void
AskForSpans(TempoExchange *exchange, GenopsSlice query, GenopsTempoRange range,
            SearchLimits *limits)
{
	GenopsBytes *url = NewUrl();

	for (int attempt = 1;; attempt++)
	{
		GenopsError error;
		GenopsTempoProblem problem;

		genops_bytes_clear(url);
		genops_tempo_search_url(url, exchange->target.url, query, range, limits->traces,
		                        limits->spans);
		problem = TryUrl(exchange, url, &error);
		if (problem == GENOPS_TEMPO_ANSWERED)
			return;
		if (problem != GENOPS_TEMPO_BAD_REQUEST || attempt == MAX_ATTEMPTS ||
		    !LowerLimits(limits, &error))
			TempoRaise(problem, &error);
	}
}

GenopsTempoSearch *
TempoSearch(GenopsSlice query, TempoRange range, int max_traces, int spans_per_trace,
            const char *tenant)
{
	GenopsTempoSearch *search = NewReply(sizeof(GenopsTempoSearch));
	GenopsTempoRange when = RangeOf(range);
	TempoExchange *exchange = TempoExchangeBegin(tenant);
	SearchLimits limits = {
		.traces = max_traces > 0 ? max_traces : TEMPO_MAX_TRACES,
		.spans = spans_per_trace > 0 ? spans_per_trace : TEMPO_SPANS_PER_TRACE,
		.traces_chosen = max_traces <= 0,
		.spans_chosen = spans_per_trace <= 0,
	};
	GenopsError error;

	AskForSpans(exchange, query, when, &limits);
	RequireRead(genops_tempo_search_read(exchange->reply.body, search, &interrupt, &error), &error);
	TempoExchangeEnd(exchange);
	WarnIfPartial(&search->completeness);
	WarnIfTruncated(search, &limits);
	return search;
}

/*
 * Metrics
 */

static GenopsTempoMetrics *
ReadMetrics(TempoExchange *exchange, const GenopsBytes *url, bool instant)
{
	GenopsTempoMetrics *metrics = NewReply(sizeof(GenopsTempoMetrics));
	GenopsError error;

	AskUrl(exchange, url);
	RequireRead(
	    genops_tempo_metrics_read(exchange->reply.body, instant, metrics, &interrupt, &error),
	    &error);
	TempoExchangeEnd(exchange);
	WarnIfPartial(&metrics->completeness);
	return metrics;
}

GenopsTempoMetrics *
TempoMetrics(GenopsSlice query, TempoRange range, int64 step_us, const char *tenant)
{
	GenopsTempoRange when = RangeOf(range);
	TempoExchange *exchange = TempoExchangeBegin(tenant);
	GenopsBytes *url = NewUrl();

	genops_tempo_metrics_url(url, exchange->target.url, query, when, step_us);
	return ReadMetrics(exchange, url, false);
}

GenopsTempoMetrics *
TempoInstant(GenopsSlice query, TempoRange range, const char *tenant)
{
	GenopsTempoRange when = RangeOf(range);
	TempoExchange *exchange = TempoExchangeBegin(tenant);
	GenopsBytes *url = NewUrl();

	genops_tempo_instant_url(url, exchange->target.url, query, when);
	return ReadMetrics(exchange, url, true);
}

/*
 * One trace, tags, version
 */

GenopsTempoWholeTrace *
TempoTrace(const char *trace_id, const char *tenant)
{
	GenopsTempoWholeTrace *trace = NewReply(sizeof(GenopsTempoWholeTrace));
	TempoExchange *exchange = TempoExchangeBegin(tenant);
	GenopsBytes *url = NewUrl();
	GenopsError error;

	genops_tempo_trace_url(url, exchange->target.url, genops_slice(trace_id));
	AskUrl(exchange, url);
	RequireRead(genops_tempo_trace_read(exchange->reply.body, trace, &error), &error);
	TempoExchangeEnd(exchange);
	WarnIfPartial(&trace->completeness);
	return trace;
}

GenopsTempoTags *
TempoTags(const char *scope, const TempoRange *range, const char *tenant)
{
	GenopsTempoTags *tags = NewReply(sizeof(GenopsTempoTags));
	GenopsTempoRange when = range != NULL ? RangeOf(*range) : (GenopsTempoRange){ 0 };
	TempoExchange *exchange = TempoExchangeBegin(tenant);
	GenopsBytes *url = NewUrl();
	GenopsError error;

	genops_tempo_tags_url(url, exchange->target.url, genops_slice(scope),
	                      range != NULL ? &when : NULL);
	AskUrl(exchange, url);
	RequireRead(genops_tempo_tags_read(exchange->reply.body, tags, &interrupt, &error), &error);
	TempoExchangeEnd(exchange);
	return tags;
}

GenopsTempoTagValues *
TempoTagValues(GenopsSlice tag, GenopsSlice query, const TempoRange *range, const char *tenant)
{
	GenopsTempoTagValues *values = NewReply(sizeof(GenopsTempoTagValues));
	GenopsTempoRange when = range != NULL ? RangeOf(*range) : (GenopsTempoRange){ 0 };
	TempoExchange *exchange = TempoExchangeBegin(tenant);
	GenopsBytes *url = NewUrl();
	GenopsError error;

	genops_tempo_tag_values_url(url, exchange->target.url, tag, query,
	                            range != NULL ? &when : NULL);
	AskUrl(exchange, url);
	RequireRead(genops_tempo_tag_values_read(exchange->reply.body, values, &interrupt, &error),
	            &error);
	TempoExchangeEnd(exchange);
	return values;
}

GenopsTempoBuild *
TempoBuild(void)
{
	GenopsTempoBuild *build = NewReply(sizeof(GenopsTempoBuild));
	TempoExchange *exchange = TempoExchangeBegin(NULL);
	GenopsBytes *url = NewUrl();
	GenopsError error;

	genops_tempo_build_url(url, exchange->target.url);
	AskUrl(exchange, url);
	RequireRead(genops_tempo_build_read(exchange->reply.body, build, &error), &error);
	TempoExchangeEnd(exchange);
	return build;
}
