/* SPDX-License-Identifier: PostgreSQL */
/*
 * The newest traces of a search, without looking at all of them.
 *
 * The order is that of a trace's latest span in the result.  Segments are looked
 * at in windows, the newest numbers first, each window larger than the one
 * before.  In a window the spans are found that may be in a result, and so
 * the traces that may have one, each with a bound: its spans that were seen begin
 * no later.  The traces are put together and searched, those with the latest
 * bound first, until as many results are there as are wanted and none of what is
 * left, seen or unseen, can be later.  How late an unseen span can be the
 * segments tell, which know the latest end of their spans.
 */
#include "postgres.h"

#include "ask/ledger_search.h"
#include "ask/ledger_sql.h"
#include "ask/stream.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define FIRST_WINDOW 8
#define WINDOW_GROWTH 4

/* Traces that are put together at a time, at first; where most are in no result it
 * takes ever more. */
#define MIN_CHUNK 16
#define CHUNK_GROWTH 4

typedef struct SegmentBound
{
	int64 seq;
	TimestampTz latest; /* of it and all that follow in the list */
} SegmentBound;

typedef struct Candidate
{
	uint8 trace_id[GENOPS_TRACE_ID_SIZE]; /* the key */
	TimestampTz bound;
	bool searched;
} Candidate;

typedef struct LimitedState
{
	const TraceqlRequest *request;
	GenopsTraceqlPipeline *pipeline;
	FoundSpans *found;
	MemoryContext context;
	SegmentBound *segments; /* by descending number */
	int segment_count;
	Size segment_room;
	HTAB *candidates;
	int chunk;
	TimestampTz *results; /* the latest ones, a min-heap would do for more */
	int result_count;
	Size result_room;
} LimitedState;

static void
AddSegment(void *argument, TupleTableSlot *row)
{
	LimitedState *state = argument;

	if ((Size) state->segment_count == state->segment_room)
	{
		state->segment_room *= 2;
		state->segments =
		    repalloc_huge(state->segments, state->segment_room * sizeof(SegmentBound));
	}
	state->segments[state->segment_count++] =
	    (SegmentBound){ DatumGetInt64(StreamColumn(row, 1)),
		                DatumGetTimestampTz(StreamColumn(row, 2)) };
}

static void
ListSegments(LimitedState *state)
{
	LedgerParameters parameters = LedgerParametersOf(state->request, GENOPS_LITERAL(""));

	state->segment_room = 1024;
	state->segments = palloc(state->segment_room * sizeof(SegmentBound));
	StreamQuery(LedgerSegments(state->request), parameters.list, LEDGER_PARAMETERS, AddSegment,
	            state);
	for (int i = state->segment_count - 2; i >= 0; i--)
		state->segments[i].latest = Max(state->segments[i].latest, state->segments[i + 1].latest);
}

static void
AddCandidate(void *argument, const SpanHit *hit)
{
	LimitedState *state = argument;
	bool known;
	Candidate *candidate = hash_search(state->candidates, hit->trace_id, HASH_ENTER, &known);

	if (!known)
	{
		candidate->searched = false;
		candidate->bound = hit->start;
	}
	candidate->bound = Max(candidate->bound, hit->start);
}

/* The least of the results when there are enough of them, else the beginning of
 * time: what is not later cannot be wanted. */
static TimestampTz
Threshold(const LimitedState *state)
{
	if (state->result_count < state->request->max_traces)
		return DT_NOBEGIN;
	return state->results[state->result_count - 1];
}

/* The results stay sorted, the latest first. */
static void
AddResult(LimitedState *state, TimestampTz latest)
{
	int at = state->result_count;

	if (at == state->request->max_traces)
	{
		if (latest <= state->results[at - 1])
			return;
		at--;
	}
	else
	{
		if ((Size) at == state->result_room)
		{
			state->result_room *= 2;
			state->results =
			    repalloc_huge(state->results, state->result_room * sizeof(TimestampTz));
		}
		state->result_count++;
	}
	while (at > 0 && state->results[at - 1] < latest)
	{
		state->results[at] = state->results[at - 1];
		at--;
	}
	state->results[at] = latest;
}

static void
SearchOne(void *argument, GenopsTrace *trace, const SpanPlace *places)
{
	LimitedState *state = argument;
	TimestampTz latest = SearchTrace(state->request, state->pipeline, trace, places, state->found);

	if (latest != DT_NOBEGIN)
		AddResult(state, latest);
}

static int
CompareBounds(const void *left, const void *right)
{
	const Candidate *a = *(Candidate *const *) left;
	const Candidate *b = *(Candidate *const *) right;

	return (a->bound < b->bound) - (a->bound > b->bound);
}

/* Those that were not searched yet, the latest first. */
static Candidate **
ListCandidates(LimitedState *state, int *count)
{
	Candidate **list = palloc_extended(
	    Max(hash_get_num_entries(state->candidates), 1) * sizeof(Candidate *), MCXT_ALLOC_HUGE);
	HASH_SEQ_STATUS walk;
	Candidate *candidate;

	*count = 0;
	hash_seq_init(&walk, state->candidates);
	while ((candidate = hash_seq_search(&walk)) != NULL)
		if (!candidate->searched)
			list[(*count)++] = candidate;
	qsort(list, *count, sizeof(Candidate *), CompareBounds);
	return list;
}

static void
SearchChunk(LimitedState *state, Candidate **chunk, int count)
{
	TraceIds ids = { palloc(count * GENOPS_TRACE_ID_SIZE), count };

	for (int i = 0; i < count; i++)
	{
		memcpy(ids.ids[i], chunk[i]->trace_id, GENOPS_TRACE_ID_SIZE);
		chunk[i]->searched = true;
	}
	LedgerEachTrace(state->request, &ids, SearchOne, state);
	pfree(ids.ids);
}

/*
 * Searches the traces that are worth it by now: those that are later than what
 * is there, and, as long as segments are left, not those that an unseen one
 * may overtake.
 */
static void
SearchCandidates(LimitedState *state, TimestampTz unseen)
{
	int count;
	Candidate **list = ListCandidates(state, &count);
	int next;

	for (int first = 0; first < count; first = next)
	{
		if (list[first]->bound <= Threshold(state) || list[first]->bound < unseen)
			break;
		next = Min(first + state->chunk, count);
		while (next > first + 1 && list[next - 1]->bound < unseen)
			next--;
		SearchChunk(state, &list[first], next - first);
		state->chunk = Min(state->chunk, PG_INT32_MAX / (2 * CHUNK_GROWTH)) * CHUNK_GROWTH;
	}
	pfree(list);
}

static void
SearchWindows(LimitedState *state)
{
	int size = FIRST_WINDOW;
	int next;

	for (int first = 0; first < state->segment_count; first = next)
	{
		SegmentWindow window = { .last = state->segments[first].seq };
		TimestampTz unseen;

		if (state->segments[first].latest <= Threshold(state))
			break;
		next = Min(first + size, state->segment_count);
		window.first = next < state->segment_count ? state->segments[next].seq + 1 : PG_INT64_MIN;
		LedgerEachSpan(state->request, state->request->traceql->query.pipeline, true, window,
		               AddCandidate, state);
		unseen = next < state->segment_count ? state->segments[next].latest : DT_NOBEGIN;
		SearchCandidates(state, unseen);
		size *= WINDOW_GROWTH;
	}
}

void
LimitedSearch(const TraceqlRequest *request, GenopsTraceqlPipeline *pipeline, FoundSpans *found)
{
	LimitedState state = { .request = request, .pipeline = pipeline, .found = found };
	MemoryContext caller = CurrentMemoryContext;
	HASHCTL control = { .keysize = GENOPS_TRACE_ID_SIZE, .entrysize = sizeof(Candidate) };

	state.chunk = Max(request->max_traces, MIN_CHUNK);
	state.context = AllocSetContextCreate(caller, "genops search", ALLOCSET_DEFAULT_SIZES);
	control.hcxt = state.context;
	MemoryContextSwitchTo(state.context);
	state.candidates =
	    hash_create("genops candidates", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	state.result_room = 64;
	state.results = palloc(state.result_room * sizeof(TimestampTz));
	ListSegments(&state);
	SearchWindows(&state);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(state.context);
}
