/* SPDX-License-Identifier: PostgreSQL */
#include "core/export/turns.h"

/* Of four turns at least one is a new stream's, while one waits. */
#define ESTABLISHED_IN_A_ROW 3

static void
list_append(GenopsStreamList *list, GenopsStream *stream)
{
	stream->list = list;
	stream->previous = list->last;
	stream->next = NULL;
	if (list->last != NULL)
		list->last->next = stream;
	else
		list->first = stream;
	list->last = stream;
}

static void
list_remove(GenopsStream *stream)
{
	GenopsStreamList *list = stream->list;

	if (stream->previous != NULL)
		stream->previous->next = stream->next;
	else
		list->first = stream->next;
	if (stream->next != NULL)
		stream->next->previous = stream->previous;
	else
		list->last = stream->previous;
	stream->list = NULL;
}

void
genops_turns_leave(GenopsStreams *streams, GenopsStream *stream)
{
	switch (stream->place)
	{
		case GENOPS_PLACE_NONE:
			break;
		case GENOPS_PLACE_BACKOFF:
			genops_due_heap_remove(&streams->backoff, stream);
			break;
		case GENOPS_PLACE_FILLING:
			genops_due_heap_remove(&streams->filling, stream);
			break;
		default:
			list_remove(stream);
	}
	stream->place = GENOPS_PLACE_NONE;
}

static const char *
why_paused(const GenopsStream *stream)
{
	return stream->target->pause ? stream->target->pause : stream->unfit;
}

static bool
may_send(const GenopsStream *stream)
{
	return stream->target->open && stream->target->pause == NULL && stream->unfit == NULL;
}

/* A pause shows, and so does its end.  That a target is not known yet does not. */
static void
show_pause(GenopsStreams *streams, GenopsStream *stream)
{
	if (why_paused(stream) != NULL)
		genops_stream_show(streams, stream, GENOPS_PAUSED, why_paused(stream));
	else if (stream->target->open && stream->state == GENOPS_PAUSED)
		genops_stream_show(streams, stream, GENOPS_DELIVERING, NULL);
}

static int
batch_size(const GenopsStreams *streams, const GenopsStream *stream)
{
	int limit = streams->limits.batch_spans;

	return stream->span_limit > 0 && stream->span_limit < limit ? stream->span_limit : limit;
}

/* Whether as many spans as a request takes may be sent, or read. */
static bool
batch_is_full(const GenopsStreams *streams, const GenopsStream *stream)
{
	const GenopsWaitingSegment *waiting = stream->first_waiting;
	int limit = batch_size(streams, stream);
	int spans = -stream->done;

	if (stream->waiting_spans + stream->left_spans < limit)
		return false;
	if (waiting == NULL || stream->left_spans > 0 ||
	    stream->last_waiting->seq <= streams->durable_seq)
		return true;
	for (; waiting != NULL && waiting->seq <= streams->durable_seq; waiting = waiting->next)
		spans += waiting->span_count;
	return spans >= limit;
}

/* The first segment that is not answered for, or one before it. */
static int64_t
first_seq(const GenopsStream *stream)
{
	return stream->first_waiting != NULL ? stream->first_waiting->seq : stream->read_seq + 1;
}

/* Whether what waits is not worth waiting for more: there may be a lot in the store, it is
 * a part of something, or somebody waits for it. */
static bool
in_a_hurry(const GenopsStreams *streams, const GenopsStream *stream)
{
	return (stream->more_stored && stream->left_since_ms == 0) || stream->range != 0 ||
	       stream->done > 0 || first_seq(stream) <= streams->hurry_seq;
}

void
genops_stream_leave_in_store(GenopsStream *stream, int left_spans, int64_t now_ms)
{
	bool known = left_spans > 0 && (!stream->more_stored || stream->left_since_ms != 0);

	if (!known)
		stream->left_since_ms = 0;
	else if (!stream->more_stored)
		stream->left_since_ms = now_ms;
	stream->left_spans = known ? stream->left_spans + left_spans : 0;
	stream->more_stored = true;
}

static GenopsTurnPlace
place_of(const GenopsStreams *streams, GenopsStream *stream, int64_t now_ms)
{
	const GenopsWaitingSegment *first = stream->first_waiting;

	if (!may_send(stream))
		return GENOPS_PLACE_PARKED;
	if (first == NULL && !stream->more_stored)
	{
		stream->due_ms = now_ms;
		return GENOPS_PLACE_IDLE;
	}
	stream->due_ms = now_ms + genops_retry_wait_ms(&stream->retry, now_ms);
	if (stream->due_ms > now_ms)
		return GENOPS_PLACE_BACKOFF;
	if (first != NULL && first->seq > streams->durable_seq)
		return GENOPS_PLACE_UNDURABLE;
	stream->due_ms =
	    (first != NULL ? first->since_ms : stream->left_since_ms) + streams->limits.batch_delay_ms;
	if (stream->due_ms <= now_ms || in_a_hurry(streams, stream) || batch_is_full(streams, stream))
		return GENOPS_PLACE_READY;
	return stream->waiting_spans < batch_size(streams, stream) ? GENOPS_PLACE_FILLING
	                                                           : GENOPS_PLACE_UNDURABLE;
}

static GenopsStreamList *
list_of(GenopsStreams *streams, const GenopsStream *stream, GenopsTurnPlace place)
{
	switch (place)
	{
		case GENOPS_PLACE_IDLE:
			return &streams->idle;
		case GENOPS_PLACE_PARKED:
			return &streams->parked;
		case GENOPS_PLACE_UNDURABLE:
			return &streams->undurable;
		default:
			return stream->established ? &stream->target->turns->established
			                           : &stream->target->turns->fresh;
	}
}

void
genops_turns_place(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms)
{
	GenopsTurnPlace place;

	show_pause(streams, stream);
	if (stream->in_flight)
	{
		genops_turns_leave(streams, stream);
		return;
	}
	place = place_of(streams, stream, now_ms);
	if (place == GENOPS_PLACE_READY && stream->place == GENOPS_PLACE_READY)
		return; /* keeps its age */
	genops_turns_leave(streams, stream);
	if (place == GENOPS_PLACE_BACKOFF)
		genops_due_heap_put(&streams->backoff, stream);
	else if (place == GENOPS_PLACE_FILLING)
		genops_due_heap_put(&streams->filling, stream);
	else
		list_append(list_of(streams, stream, place), stream);
	stream->place = place;
}

void
genops_turns_appended(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms)
{
	if (stream->place == GENOPS_PLACE_IDLE ||
	    (stream->place == GENOPS_PLACE_FILLING &&
	     stream->waiting_spans + stream->left_spans >= batch_size(streams, stream)))
		genops_turns_place(streams, stream, now_ms);
}

/* Those that were in the list; each may come to stand in it again. */
static void
place_all(GenopsStreams *streams, GenopsStreamList *list, int64_t now_ms)
{
	GenopsStream *last = list->last;
	GenopsStream *stream = list->first;

	while (stream != NULL)
	{
		GenopsStream *next = stream == last ? NULL : stream->next;

		genops_turns_place(streams, stream, now_ms);
		stream = next;
	}
}

void
genops_streams_durable(GenopsStreams *streams, int64_t seq, int64_t now_ms)
{
	if (seq == streams->durable_seq)
		return;
	streams->durable_seq = seq;
	place_all(streams, &streams->undurable, now_ms);
}

void
genops_streams_hurry(GenopsStreams *streams, int64_t seq, int64_t now_ms)
{
	GenopsStream *chosen = NULL;
	int64_t before = streams->hurry_seq;

	streams->hurry_seq = seq;
	if (seq <= before)
		return;
	for (size_t i = 0; i < streams->filling.count; i++)
	{
		GenopsStream *stream = streams->filling.items[i];

		if (first_seq(stream) > seq)
			continue;
		stream->next = chosen; /* not used in a heap */
		chosen = stream;
	}
	while (chosen != NULL)
	{
		GenopsStream *stream = chosen;

		chosen = stream->next;
		genops_turns_place(streams, stream, now_ms);
	}
}

static void
release_due(GenopsStreams *streams, GenopsDueHeap *heap, int64_t now_ms)
{
	GenopsStream *stream;

	while ((stream = genops_due_heap_first(heap)) != NULL && stream->due_ms <= now_ms)
		genops_turns_place(streams, stream, now_ms);
}

static bool
has_room(const GenopsStreams *streams, const GenopsExportTarget *target)
{
	return target->in_flight < streams->limits.requests &&
	       (target->turns->established.first != NULL || target->turns->fresh.first != NULL);
}

/* The target that comes after the one that was served last and has room. */
static GenopsExportTarget *
next_target(const GenopsStreams *streams)
{
	GenopsExportTarget *last = streams->last_served;
	GenopsExportTarget *target;

	for (target = last ? last->next : NULL; target != NULL; target = target->next)
		if (has_room(streams, target))
			return target;
	for (target = streams->targets; target != NULL; target = target->next)
		if (has_room(streams, target))
			return target;
	return NULL;
}

static GenopsStream *
next_of(struct GenopsTargetTurns *turns)
{
	bool both = turns->established.first != NULL && turns->fresh.first != NULL;

	if (turns->established.first == NULL || (both && turns->in_a_row >= ESTABLISHED_IN_A_ROW))
	{
		turns->in_a_row = 0;
		return turns->fresh.first;
	}
	if (both)
		turns->in_a_row++;
	return turns->established.first;
}

GenopsStream *
genops_streams_next(GenopsStreams *streams, int64_t now_ms)
{
	GenopsExportTarget *target;
	GenopsStream *stream;

	release_due(streams, &streams->backoff, now_ms);
	release_due(streams, &streams->filling, now_ms);
	target = next_target(streams);
	if (target == NULL)
		return NULL;
	streams->last_served = target;
	stream = next_of(target->turns);
	genops_turns_leave(streams, stream);
	return stream;
}

/*
 * Sweeps.
 */
static int
join_sweep(const GenopsStreams *streams, const GenopsStreamList *list, int64_t from, int64_t to,
           int most)
{
	int count = 0;

	for (GenopsStream *stream = list->first; stream != NULL && count < most; stream = stream->next)
	{
		if (!genops_stream_wants_to_read(stream, batch_size(streams, stream)) ||
		    stream->range != 0 || stream->read_seq < from || stream->read_seq > to)
			continue;
		stream->sweep = streams->sweep;
		count++;
	}
	return count;
}

int
genops_streams_begin_sweep(GenopsStreams *streams, GenopsStream *stream, int64_t window, int most)
{
	int64_t from = stream->read_seq;
	int count = 1;

	stream->sweep = ++streams->sweep;
	for (GenopsExportTarget *target = streams->targets; target != NULL; target = target->next)
	{
		count +=
		    join_sweep(streams, &target->turns->established, from, from + window, most - count);
		count += join_sweep(streams, &target->turns->fresh, from, from + window, most - count);
	}
	return count;
}

bool
genops_stream_sweeps(const GenopsStreams *streams, const GenopsStream *stream)
{
	return stream->sweep == streams->sweep;
}

void
genops_stream_leave_sweep(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms)
{
	stream->sweep = 0;
	genops_turns_place(streams, stream, now_ms);
}

void
genops_stream_pass(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms)
{
	genops_turns_place(streams, stream, now_ms);
}

static long
wait_for(const GenopsDueHeap *heap, int64_t now_ms)
{
	const GenopsStream *first = genops_due_heap_first(heap);

	if (first == NULL)
		return -1;
	return first->due_ms <= now_ms ? 0 : (long) (first->due_ms - now_ms);
}

long
genops_streams_wait_ms(const GenopsStreams *streams, int64_t now_ms)
{
	long backoff = wait_for(&streams->backoff, now_ms);
	long filling = wait_for(&streams->filling, now_ms);

	if (next_target(streams) != NULL)
		return 0;
	if (backoff < 0 || filling < 0)
		return backoff < 0 ? filling : backoff;
	return backoff < filling ? backoff : filling;
}
