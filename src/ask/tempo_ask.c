/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/tempo_ask.h"
#include "ask/tempo_exchange.h"
#include "ask/tempo_rows.h"
#include "core/traceql/normalise.h"
#include "record/arguments.h"
#include "utils/memutils.h"

/* A query as it is sent. */
typedef struct SentQuery
{
	GenopsTraceql traceql;
	GenopsBytes text;
	bool named[GENOPS_COLUMN_COUNT]; /* columns that the query itself mentions */
} SentQuery;

static void
ReleaseQuery(void *arg)
{
	SentQuery *sent = arg;

	genops_traceql_free(&sent->traceql);
	genops_bytes_free(&sent->text);
}

static SentQuery *
NewQuery(void)
{
	SentQuery *sent = palloc0(sizeof(SentQuery));
	MemoryContextCallback *callback = palloc0(sizeof(*callback));

	sent->text = genops_bytes_growing();
	callback->func = ReleaseQuery;
	callback->arg = sent;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return sent;
}

static void
OutOfMemory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/* A tree of its own, which can be added to. */
static void
Copy(const GenopsTraceql *query, SentQuery *sent)
{
	GenopsTraceqlError error;

	genops_traceql_print(&sent->text, &query->query);
	if (sent->text.failed)
		OutOfMemory();
	if (!genops_traceql_parse((GenopsSlice){ (const char *) sent->text.data, sent->text.length },
	                          GENOPS_TRACEQL_STRICT, &sent->traceql, &error))
		ReportCoreError(&error.error, ERRCODE_SYNTAX_ERROR);
}

static SentQuery *
PrepareQuery(const TempoQuestion *question)
{
	SentQuery *sent = NewQuery();
	GenopsTraceqlError error;

	if (question->verbatim)
		Copy(question->query, sent);
	else if (!genops_traceql_normalise(question->query, &sent->traceql, &error))
		ReportCoreError(&error.error, ERRCODE_PROGRAM_LIMIT_EXCEEDED);
	if (!genops_traceql_select_columns(&sent->traceql, sent->named))
		OutOfMemory();
	genops_bytes_clear(&sent->text);
	genops_traceql_print(&sent->text, &sent->traceql.query);
	if (sent->text.failed)
		OutOfMemory();
	return sent;
}

static void
Ask(const TempoQuestion *question, Tuplestorestate *rows, TupleDesc row_type)
{
	const char *tenant = TempoTenant(question->tenant);
	const GenopsQuery *query = &question->query->query;
	SentQuery *sent = PrepareQuery(question);
	GenopsSlice text = { (const char *) sent->text.data, sent->text.length };

	if (query->kind == GENOPS_QUERY_SEARCH)
		TempoSearchRows(TempoSearch(text, question->range, question->max_traces,
		                            question->spans_per_trace, question->tenant),
		                sent->named, tenant, rows, row_type);
	else if (query->instant)
		TempoInstantRows(TempoInstant(text, question->range, question->tenant), question->range.end,
		                 rows, row_type);
	else
		TempoMetricsRows(TempoMetrics(text, question->range, question->step_us, question->tenant),
		                 rows, row_type);
}

void
TempoAsk(const TempoQuestion *question, Tuplestorestate *rows, TupleDesc row_type)
{
	MemoryContext work =
	    AllocSetContextCreate(CurrentMemoryContext, "genops Tempo answer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);

	Ask(question, rows, row_type);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}
