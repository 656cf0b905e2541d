/* SPDX-License-Identifier: PostgreSQL */
/*
 * Searching the ledger.
 *
 * Where each span decides by itself, the spans are found one by one, sorted by
 * trace to tell which belong together, and sorted again by the trace's time.
 * Else whole traces are put together, of all traces in which a span says that
 * something may be found.  A limit has its own way (limited_search.c).
 */
#include "postgres.h"

#include "ask/ledger_search.h"
#include "ask/prepared.h"
#include "ask/push_down.h"
#include "ask/traceql_error.h"
#include "ask/value_jsonb.h"
#include "server_text.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Ids that a query names; beyond that it is cheaper to look at every trace. */
#define MAX_CANDIDATES 500000

/* Spans by themselves */

static void
AddHit(void *argument, const SpanHit *hit)
{
	FoundSpan span = { .start = hit->start, .place = hit->place, .has_parent = hit->has_parent };

	memcpy(span.trace_id, hit->trace_id, GENOPS_TRACE_ID_SIZE);
	FoundSpansAdd(argument, &span);
}

/* The spans of one trace that were found, in the order of time. */
typedef struct Group
{
	FoundSpan *spans;
	int count;
	Size room;
	TimestampTz latest;
} Group;

static void
GroupAdd(Group *group, const FoundSpan *span)
{
	if (group->count > 0 && (Size) group->count == group->room)
	{
		group->room *= 2;
		group->spans = repalloc_huge(group->spans, group->room * sizeof(FoundSpan));
	}
	group->latest = group->count == 0 ? span->start : Max(group->latest, span->start);
	group->spans[group->count++] = *span;
}

static void
EndGroup(const TraceqlRequest *request, Group *group, FoundSpans *found, TraceRoots *roots)
{
	int count = group->count;

	if (count == 0)
		return;
	if (count > 1 || group->spans[0].has_parent)
		TraceRootsWant(roots, group->spans[0].trace_id);
	if (request->spans_per_trace != 0)
		count = Min(count, request->spans_per_trace);
	for (int i = 0; i < count; i++)
	{
		group->spans[i].matched = group->count;
		group->spans[i].latest = group->latest;
		FoundSpansAdd(found, &group->spans[i]);
	}
	group->count = 0;
}

static void
GroupByTrace(const TraceqlRequest *request, FoundSpans *hits, FoundSpans *found, TraceRoots *roots)
{
	Group group = { .spans = palloc(64 * sizeof(FoundSpan)), .room = 64 };
	FoundSpan span;

	while (FoundSpansNext(hits, &span))
	{
		CHECK_FOR_INTERRUPTS();
		if (group.count > 0 &&
		    memcmp(group.spans[0].trace_id, span.trace_id, GENOPS_TRACE_ID_SIZE) != 0)
			EndGroup(request, &group, found, roots);
		GroupAdd(&group, &span);
	}
	EndGroup(request, &group, found, roots);
	pfree(group.spans);
}

static TraceRoots *
SearchSpans(const TraceqlRequest *request, FoundSpans *found)
{
	FoundSpans *hits = FoundSpansBegin();
	TraceRoots *roots = TraceRootsBegin();

	LedgerEachSpan(request, request->traceql->query.pipeline, false, EVERY_SEGMENT, AddHit, hits);
	GroupByTrace(request, hits, found, roots);
	FoundSpansEnd(hits);
	TraceRootsLookUp(roots, request);
	return roots;
}

/* Whole traces */

static Jsonb *
Labels(const GenopsSpansetResult *set)
{
	LabelsBuilder builder;

	if (set->label_count == 0)
		return NULL;
	LabelsBegin(&builder);
	for (size_t i = 0; i < set->label_count; i++)
		LabelsAdd(&builder, set->labels[i].key, &set->labels[i].value);
	return LabelsEnd(&builder);
}

/* The latest start of the spans in range. */
static TimestampTz
LatestStart(const TraceqlRequest *request, const GenopsTrace *trace, const GenopsSpansets *sets)
{
	TimestampTz latest = DT_NOBEGIN;

	for (size_t i = 0; i < sets->count; i++)
		for (size_t j = 0; j < sets->sets[i].span_count; j++)
		{
			const GenopsSpanView *view = &trace->spans[sets->sets[i].spans[j]].span;

			if (SpanIsInRange(view, &request->range))
				latest = Max(latest, SpanTimeFloor((int64) view->start_ns));
		}
	return latest;
}

static int
CompareStarts(const void *left, const void *right, void *argument)
{
	const GenopsTrace *trace = argument;
	uint64 a = trace->spans[*(const uint32 *) left].span.start_ns;
	uint64 b = trace->spans[*(const uint32 *) right].span.start_ns;

	return (a > b) - (a < b);
}

/* The spans of a spanset that ran in the request's range, in the order of time. */
static uint32 *
SpansInRange(const TraceqlRequest *request, GenopsTrace *trace, const GenopsSpansetResult *set,
             int *count)
{
	uint32 *spans = palloc(Max(set->span_count, 1) * sizeof(uint32));

	*count = 0;
	for (size_t i = 0; i < set->span_count; i++)
		if (SpanIsInRange(&trace->spans[set->spans[i]].span, &request->range))
			spans[(*count)++] = set->spans[i];
	qsort_arg(spans, *count, sizeof(uint32), CompareStarts, trace);
	return spans;
}

/* Adds those spans of a spanset that are wanted.  A span-local pipeline finds each
 * by itself, so that one out of range is none that it found. */
static void
AddSpanset(const TraceqlRequest *request, bool local, GenopsTrace *trace, const SpanPlace *places,
           const GenopsSpansetResult *set, FoundSpan *span, FoundSpans *found)
{
	int count;
	uint32 *spans = SpansInRange(request, trace, set, &count);

	span->matched = local ? count : (int32) set->span_count;
	span->labels = Labels(set);
	if (request->spans_per_trace != 0)
		count = Min(count, request->spans_per_trace);
	for (int i = 0; i < count; i++)
	{
		const GenopsSpanView *view = &trace->spans[spans[i]].span;

		span->start = SpanTimeFloor((int64) view->start_ns);
		span->place = places[spans[i]];
		span->has_parent = !SpanIsRoot(view);
		FoundSpansAdd(found, span);
	}
	pfree(spans);
}

TimestampTz
SearchTrace(const TraceqlRequest *request, GenopsTraceqlPipeline *pipeline, GenopsTrace *trace,
            const SpanPlace *places, FoundSpans *found)
{
	bool local = genops_traceql_pipeline_is_span_local(pipeline);
	FoundSpan span = { .root_name = ServerString(trace->root_name),
		               .root_service = ServerString(trace->root_service_name) };
	GenopsSpansets sets;
	GenopsError error;

	if (!genops_traceql_pipeline_run(pipeline, trace, &sets, &error))
		TraceqlRaise(&error);
	span.latest = LatestStart(request, trace, &sets);
	if (span.latest == DT_NOBEGIN)
		return span.latest;
	memcpy(span.trace_id, trace->spans[0].span.trace_id.data, GENOPS_TRACE_ID_SIZE);
	for (size_t i = 0; i < sets.count; i++)
	{
		span.set = (int32) i;
		AddSpanset(request, local, trace, places, &sets.sets[i], &span, found);
	}
	return span.latest;
}

typedef struct Search
{
	const TraceqlRequest *request;
	GenopsTraceqlPipeline *pipeline;
	FoundSpans *found;
} Search;

static void
SearchOne(void *argument, GenopsTrace *trace, const SpanPlace *places)
{
	Search *search = argument;

	(void) SearchTrace(search->request, search->pipeline, trace, places, search->found);
}

typedef struct Candidates
{
	HTAB *ids;
	bool too_many;
} Candidates;

static void
AddCandidate(void *argument, const SpanHit *hit)
{
	Candidates *candidates = argument;

	candidates->too_many =
	    candidates->too_many || hash_get_num_entries(candidates->ids) >= MAX_CANDIDATES;
	if (!candidates->too_many)
		(void) hash_search(candidates->ids, hit->trace_id, HASH_ENTER, NULL);
}

static TraceIds *
ListIds(HTAB *table)
{
	TraceIds *ids = palloc0(sizeof(TraceIds));
	HASH_SEQ_STATUS walk;
	const uint8 *id;

	ids->ids = palloc(Max(hash_get_num_entries(table), 1) * GENOPS_TRACE_ID_SIZE);
	hash_seq_init(&walk, table);
	while ((id = hash_seq_search(&walk)) != NULL)
		memcpy(ids->ids[ids->count++], id, GENOPS_TRACE_ID_SIZE);
	return ids;
}

TraceIds *
CandidateTraces(const TraceqlRequest *request, const GenopsPipeline *pipeline)
{
	Condition condition = PushDownCandidates(pipeline);
	HASHCTL control = { .keysize = GENOPS_TRACE_ID_SIZE,
		                .entrysize = GENOPS_TRACE_ID_SIZE,
		                .hcxt = CurrentMemoryContext };
	Candidates candidates = { .ids = NULL };
	TraceIds *ids = NULL;

	if (condition.kind == CONDITION_ALWAYS && condition.exact)
		return NULL;
	candidates.ids =
	    hash_create("genops candidates", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	LedgerEachSpan(request, pipeline, true, EVERY_SEGMENT, AddCandidate, &candidates);
	if (!candidates.too_many)
		ids = ListIds(candidates.ids);
	hash_destroy(candidates.ids);
	return ids;
}

static void
SearchTraces(const TraceqlRequest *request, GenopsTraceqlPipeline *pipeline, FoundSpans *found)
{
	Search search = { request, pipeline, found };
	TraceIds *ids = CandidateTraces(request, request->traceql->query.pipeline);

	if (ids == NULL || ids->count > 0)
		LedgerEachTrace(request, ids, SearchOne, &search);
}

void
LedgerSearch(const TraceqlRequest *request, Tuplestorestate *result, TupleDesc descriptor)
{
	GenopsTraceqlPipeline *pipeline = PreparePipeline(request->traceql->query.pipeline);
	FoundSpans *found = FoundSpansBegin();
	TraceRoots *roots = NULL;

	if (request->max_traces != 0)
		LimitedSearch(request, pipeline, found);
	else if (genops_traceql_pipeline_is_span_local(pipeline))
		roots = SearchSpans(request, found);
	else
		SearchTraces(request, pipeline, found);
	FoundSpansReturn(found, request->max_traces, roots, result, descriptor);
	FoundSpansEnd(found);
}
