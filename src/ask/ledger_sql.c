/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/ledger_sql.h"
#include "ask/promoted.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "keep/segment_scan.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * A span may be recorded long after it began, but hardly before.  So what began
 * in the range lies in partitions from a day before its start on, which leaves
 * room for clocks that differ.  A range in the future is about spans whose clock is
 * off, or which were made up: they were recorded at any time.
 */
#define RECORDED "recorded_at >= $8"
#define SEGMENTS_IN_RANGE "max_end >= $1 AND min_start <= $2 AND " RECORDED
#define SPANS_IN_RANGE                           \
	"start_time <= $2 AND (start_time >= $1 OR " \
	"start_time + duration_ns / 1000 * interval '1 microsecond' >= $1) AND " RECORDED

/* Days before or after a time, which may be infinite. */
static TimestampTz
DaysOff(TimestampTz time, int64 days)
{
	if (!TIMESTAMP_NOT_FINITE(time))
		time += days * USECS_PER_DAY;
	return Min(Max(time, MIN_TIMESTAMP), END_TIMESTAMP - 1);
}

/* A day before the range begins, see RECORDED. */
static TimestampTz
LedgerRecordedFrom(const TraceqlRequest *request)
{
	TimestampTz recorded =
	    request->range.start > request->asked_at ? DT_NOBEGIN : request->range.start;

	return DaysOff(recorded, -1);
}

static void
AddTenants(StringInfo sql, const TraceqlRequest *request, const char *column)
{
	if (request->tenant_id != NULL)
		appendStringInfo(sql, " AND %s = ANY ($5)", column);
}

/*
 * Segments are rows of genops.ledger_segment, or share one, which only
 * genops_internal.packed_segments() lists.
 */
static void
AddOwnRows(StringInfo sql, const TraceqlRequest *request)
{
	appendStringInfoString(sql, " FROM genops.ledger_segment WHERE " SEGMENTS_IN_RANGE
	                            " AND seq BETWEEN $3 AND $4 AND directory IS NULL");
	AddTenants(sql, request, "tenant_id");
}

static void
AddPackedSegments(StringInfo sql, bool not_exact, bool by_row)
{
	appendStringInfo(sql,
	                 " FROM genops_internal.packed_segments($8, $3, $4, $1, $2, %s, NULL::bytea, $5, %s)",
	                 not_exact ? "true" : "false", by_row ? "true" : "false");
}

/* The columns of both; of rows that segments share, once, with the last one's number. */
static void
AddSegments(StringInfo sql, const TraceqlRequest *request, const char *columns)
{
	appendStringInfo(sql, "SELECT %s", columns);
	AddOwnRows(sql, request);
	if (!SegmentsSharingRows(LedgerRecordedFrom(request)))
		return;
	appendStringInfo(sql, " UNION ALL SELECT %s", columns);
	AddPackedSegments(sql, false, true);
}

static void
AddExactSpans(StringInfo sql, const TraceqlRequest *request, Condition condition)
{
	/* What leaves the fewest rows comes first. */
	appendStringInfoString(sql, " FROM genops.ledger_span WHERE ");
	if (condition.kind == CONDITION_SQL)
		appendStringInfo(sql, "%s AND ", condition.sql);
	appendStringInfoString(sql, "exact AND " SPANS_IN_RANGE " AND seq BETWEEN $3 AND $4");
	AddTenants(sql, request, "coalesce(tenant_id, '')");
}

/* The segments that have spans that fulfil the condition, with their offsets, and those
 * of which it cannot be told, with NULL. */
static void
AddSegmentsByColumns(StringInfo sql, const TraceqlRequest *request, Condition condition)
{
	appendStringInfoString(sql, "SELECT recorded_at, seq, array_agg(\"offset\") AS offsets");
	AddExactSpans(sql, request, condition);
	appendStringInfoString(
	    sql, " GROUP BY recorded_at, seq UNION ALL SELECT recorded_at, seq, NULL::integer[]");
	AddOwnRows(sql, request);
	appendStringInfoString(sql, " AND NOT exact");
}

/* The segments' bytes with the offsets of the spans in them that fulfil the
 * condition, NULL for all; those that have such spans. */
static void
AddChosenByColumns(StringInfo sql, const TraceqlRequest *request, Condition condition)
{
	/* The inner query keeps each scan parallel. */
	if (!SegmentsSharingRows(LedgerRecordedFrom(request)))
	{
		appendStringInfoString(sql, " FROM (");
		AddSegmentsByColumns(sql, request, condition);
		appendStringInfoString(sql,
		                       ") AS chosen JOIN genops.ledger_segment USING (recorded_at, seq)");
		return;
	}
	appendStringInfoString(sql, " FROM (SELECT recorded_at, seq, "
	                            "genops_internal.segment_bytes(recorded_at, seq) AS bytes, offsets FROM (");
	AddSegmentsByColumns(sql, request, condition);
	appendStringInfoString(sql, " UNION ALL SELECT recorded_at, seq, NULL::integer[]");
	AddPackedSegments(sql, true, false);
	appendStringInfoString(sql, ") AS numbers) AS chosen");
}

static void
AddChosenSegments(StringInfo sql, const TraceqlRequest *request, Condition condition)
{
	/* What is decided by its columns is not looked at, or looked at by another
	 * query. */
	bool not_exact = condition.kind == CONDITION_NEVER || condition.exact;

	if (condition.kind == CONDITION_SQL)
	{
		AddChosenByColumns(sql, request, condition);
		return;
	}
	appendStringInfoString(sql,
	                       " FROM (SELECT recorded_at, seq, bytes, NULL::integer[] AS offsets");
	AddOwnRows(sql, request);
	if (not_exact)
		appendStringInfoString(sql, " AND NOT exact");
	if (SegmentsSharingRows(LedgerRecordedFrom(request)))
	{
		appendStringInfoString(
		    sql, " UNION ALL SELECT recorded_at, seq, genops_internal.segment_bytes(recorded_at, seq), "
		         "NULL::integer[]");
		AddPackedSegments(sql, not_exact, false);
	}
	appendStringInfoString(sql, ") AS chosen");
}

/* A condition that leaves nothing to be looked at in exact spans. */
static Condition
Decided(Condition condition)
{
	if (condition.exact)
		return (Condition){ CONDITION_NEVER, true, NULL };
	return condition;
}

LedgerSpanQueries
LedgerSpans(const TraceqlRequest *request, Condition condition, bool candidates)
{
	LedgerSpanQueries queries = { .columns = NULL };
	StringInfoData sql;

	if (condition.exact && condition.kind != CONDITION_NEVER)
	{
		initStringInfo(&sql);
		appendStringInfoString(&sql, "SELECT recorded_at, seq, \"offset\", trace_id, start_time, "
		                             "parent_span_id IS NOT NULL");
		AddExactSpans(&sql, request, condition);
		queries.columns = sql.data;
	}
	initStringInfo(&sql);
	appendStringInfo(&sql,
	                 "SELECT recorded_at, seq, matches FROM (SELECT recorded_at, seq, "
	                 "genops_internal.segment_matches($6, %s, $1, $2, bytes, offsets) AS matches",
	                 candidates ? "true" : "false");
	AddChosenSegments(&sql, request, Decided(condition));
	appendStringInfoString(&sql, " OFFSET 0) AS looked_at WHERE matches IS NOT NULL");
	queries.bytes = sql.data;
	return queries;
}

/* Some traces are in few segments, which their filters tell before any is read. */
char *
LedgerTraces(const TraceqlRequest *request, bool some)
{
	StringInfoData sql;
	StringInfoData segments;

	initStringInfo(&segments);
	appendStringInfoString(&segments, "max_end >= $9 AND min_start <= $10 AND recorded_at >= $11 "
	                                  "AND directory IS NULL");
	AddTenants(&segments, request, "tenant_id");
	initStringInfo(&sql);
	appendStringInfo(
	    &sql,
	    "SELECT recorded_at, seq, trace_id, spans, offsets FROM genops.ledger_segment, "
	    "LATERAL genops_internal.segment_traces(bytes, $7) WHERE %s",
	    segments.data);
	if (some)
		appendStringInfo(&sql,
		                 " AND seq = ANY (ARRAY (SELECT seq FROM genops.ledger_segment WHERE %s "
		                 "AND genops_internal.bloom_has_any(bloom, $7)))",
		                 segments.data);
	appendStringInfoString(
	    &sql,
	    " UNION ALL SELECT recorded_at, seq, trace_id, spans, offsets "
	    "FROM genops_internal.packed_segments($11, NULL::bigint, NULL::bigint, $9, $10, false, $7, $5, "
	    "false), LATERAL genops_internal.segment_traces(genops_internal.segment_bytes(recorded_at, seq), $7) "
	    "ORDER BY trace_id, seq");
	return sql.data;
}

char *
LedgerSegments(const TraceqlRequest *request)
{
	StringInfoData sql;

	initStringInfo(&sql);
	AddSegments(&sql, request, "seq, max_end");
	appendStringInfoString(&sql, " ORDER BY seq DESC");
	return sql.data;
}

char *
LedgerFirstTime(const TraceqlRequest *request)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT min(min_start) FROM (");
	AddSegments(&sql, request, "min_start");
	appendStringInfoString(&sql, ") AS segment");
	return sql.data;
}

char *
LedgerRoots(const TraceqlRequest *request)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(
	    &sql, "SELECT trace_id, coalesce(service_name, ''), "
	          "coalesce(name, operation || coalesce(' ' || model, '')), seq, \"offset\" "
	          "FROM genops.ledger_span "
	          "WHERE parent_span_id IS NULL AND recorded_at >= $11 AND trace_id = ANY ($7)");
	AddTenants(&sql, request, "coalesce(tenant_id, '')");
	return sql.data;
}

/* Counting */

static const Promoted *
CallColumn(const GenopsMetricsCall *call, bool *possible)
{
	const Promoted *column;

	*possible = true;
	if (call->function == GENOPS_METRICS_RATE || call->function == GENOPS_METRICS_COUNT_OVER_TIME)
		return NULL;
	*possible = call->function != GENOPS_METRICS_COMPARE;
	if (!*possible)
		return NULL;
	column = PromotedFind(&call->attribute);
	*possible = column != NULL && column->number != NULL;
	return column;
}

/* Whether rows alone tell everything that the call asks. */
static bool
CanCountColumns(const GenopsMetricsCall *call, Condition condition, bool extrapolate)
{
	bool possible;

	if (extrapolate || !condition.exact || condition.kind == CONDITION_NEVER)
		return false;
	for (size_t i = 0; i < call->by_count; i++)
		if (PromotedFind(&call->by[i]) == NULL)
			return false;
	(void) CallColumn(call, &possible);
	return possible;
}

/* Aggregates as in GenopsMetricsPartial; NULL where the function needs none. */
static void
AddAggregates(StringInfo sql, const GenopsMetricsCall *call)
{
	bool possible;
	const Promoted *column = CallColumn(call, &possible);
	const char *values = column == NULL ? NULL : column->number;
	GenopsMetricsFunction function = call->function;

	if (values == NULL)
		appendStringInfoString(sql, "count(*), NULL::float8, NULL::float8, NULL::float8, 0");
	else if (function == GENOPS_METRICS_HISTOGRAM_OVER_TIME ||
	         function == GENOPS_METRICS_QUANTILE_OVER_TIME)
		appendStringInfo(sql,
		                 "count(*), NULL::float8, NULL::float8, NULL::float8, "
		                 "genops_internal.duration_exponent(%s) AS exponent",
		                 column->type == GENOPS_TYPE_FLOAT ? "NULL::bigint" : values);
	else
		appendStringInfo(sql, "count(%s), sum(%s)::float8, min(%s)::float8, max(%s)::float8, 0",
		                 values, values, values, values);
}

static char *
CountColumns(const TraceqlRequest *request, Condition condition, const GenopsMetricsCall *call,
             const GenopsMetricsGrid *grid)
{
	StringInfoData sql;
	StringInfoData groups;

	initStringInfo(&sql);
	initStringInfo(&groups);
	appendStringInfoString(&sql, "SELECT ");
	if (grid->count == 1)
		appendStringInfoString(&sql, "0");
	else
	{
		appendStringInfo(&sql, "genops_internal.time_bucket(start_time, " INT64_FORMAT ", " INT64_FORMAT ")",
		                 (int64) SpanTimeFloor(grid->first_ns), grid->step_ns / 1000);
		appendStringInfoString(&groups, ", 1");
	}
	appendStringInfoString(&sql, " AS bucket, ");
	AddAggregates(&sql, call);
	if (call->function == GENOPS_METRICS_HISTOGRAM_OVER_TIME ||
	    call->function == GENOPS_METRICS_QUANTILE_OVER_TIME)
		appendStringInfoString(&groups, ", 6");
	for (size_t i = 0; i < call->by_count; i++)
	{
		appendStringInfo(&sql, ", %s", PromotedFind(&call->by[i])->sql);
		appendStringInfo(&groups, ", %d", 7 + (int) i);
	}
	AddExactSpans(&sql, request, condition);
	/* The buckets' left edges are open. */
	appendStringInfoString(&sql, " AND start_time > $1");
	if (groups.len > 0)
		appendStringInfo(&sql, " GROUP BY %s", groups.data + 2);
	return sql.data;
}

static char *
CountBytes(const TraceqlRequest *request, Condition condition, size_t number,
           const GenopsMetricsGrid *grid)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql,
	                 "SELECT genops_internal.segment_counts($6, %zu, " INT64_FORMAT ", " INT64_FORMAT
	                 ", %zu, %s, bytes, offsets)",
	                 number, grid->first_ns, grid->step_ns, grid->count,
	                 grid->instant ? "true" : "false");
	AddChosenSegments(&sql, request, condition);
	return sql.data;
}

LedgerCountQueries
LedgerCounts(const TraceqlRequest *request, Condition condition, const GenopsMetricsCall *call,
             size_t number, bool extrapolate, const GenopsMetricsGrid *grid)
{
	LedgerCountQueries queries = { .columns = NULL };

	if (CanCountColumns(call, condition, extrapolate))
	{
		queries.columns = CountColumns(request, condition, call, grid);
		condition = Decided(condition);
	}
	else
		condition.exact = false;
	queries.bytes = CountBytes(request, condition, number, grid);
	return queries;
}

/* Parameters */

/* An empty text is the tenant of spans that have none. */
static Datum
Tenants(const char *tenant_id)
{
	Datum none = CStringGetTextDatum("");

	if (*tenant_id == '\0')
		return PointerGetDatum(construct_array(&none, 1, TEXTOID, -1, false, TYPALIGN_INT));
	return DirectFunctionCall2Coll(text_to_array, C_COLLATION_OID, CStringGetTextDatum(tenant_id),
	                               CStringGetTextDatum("|"));
}

static Datum
Bytea(GenopsSlice bytes)
{
	bytea *value = palloc(VARHDRSZ + bytes.length);

	SET_VARSIZE(value, VARHDRSZ + bytes.length);
	memcpy(VARDATA(value), bytes.data, bytes.length);
	return PointerGetDatum(value);
}

/* Computed here, as SQL would do it for every row. */
static void
FillTimes(LedgerParameters *parameters, const TraceqlRequest *request)
{
	TimestampTz recorded =
	    request->range.start > request->asked_at ? DT_NOBEGIN : request->range.start;

	parameters->list[LEDGER_RECORDED_FROM - 1].value =
	    TimestampTzGetDatum(LedgerRecordedFrom(request));
	parameters->list[LEDGER_TRACES_START - 1].value =
	    TimestampTzGetDatum(DaysOff(request->range.start, -1));
	parameters->list[LEDGER_TRACES_END - 1].value =
	    TimestampTzGetDatum(DaysOff(request->range.end, 1));
	parameters->list[LEDGER_TRACES_RECORDED_FROM - 1].value =
	    TimestampTzGetDatum(DaysOff(recorded, -2));
}

LedgerParameters
LedgerParametersOf(const TraceqlRequest *request, GenopsSlice query)
{
	LedgerParameters parameters = { {
		{ TIMESTAMPTZOID, TimestampTzGetDatum(request->range.start), false },
		{ TIMESTAMPTZOID, TimestampTzGetDatum(request->range.end), false },
		{ INT8OID, Int64GetDatum(PG_INT64_MIN), false },
		{ INT8OID, Int64GetDatum(PG_INT64_MAX), false },
		{ TEXTARRAYOID, (Datum) 0, true },
		{ BYTEAOID, Bytea(query), false },
		{ BYTEAOID, (Datum) 0, true },
		{ TIMESTAMPTZOID, (Datum) 0, false },
		{ TIMESTAMPTZOID, (Datum) 0, false },
		{ TIMESTAMPTZOID, (Datum) 0, false },
		{ TIMESTAMPTZOID, (Datum) 0, false },
	} };

	FillTimes(&parameters, request);
	if (request->tenant_id != NULL)
	{
		parameters.list[LEDGER_TENANTS - 1].value = Tenants(request->tenant_id);
		parameters.list[LEDGER_TENANTS - 1].is_null = false;
	}
	return parameters;
}
