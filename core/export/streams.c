/* SPDX-License-Identifier: PostgreSQL */
#include "core/export/streams.h"

#include <stdlib.h>

#include "core/export/turns.h"

#define FIRST_BUCKETS 64

/* What a stream that is new leaves to those that are established; and what
 * no stream has for itself. */
#define FRESH_SHARE(memory) ((memory) / 4 * 3)
#define STREAM_SHARE(memory) ((memory) / 2)

/* What is handed over leaves room for what has to be read back; and what has no store,
 * of those that are in trouble, for those that are not. */
#define HANDED_SHARE(memory) ((memory) / 2)

/* Streams that are looked at for one that can make room. */
#define IDLE_LOOKED_AT 32
#define BLOCKED_LOOKED_AT 256

/* Steps of this size lead everywhere: a heap has those that retry at one end. */
#define SPREAD UINT32_C(2654435769)

/* What makes it worth while to look for streams that were left out. */
#define MUCH_ROOM(memory) ((memory) / 2)

/*
 * The set.
 */
GenopsStreams *
genops_streams_new(const GenopsExportLimits *limits, uint64_t seed)
{
	GenopsStreams *streams = calloc(1, sizeof(*streams));

	if (streams == NULL)
		return NULL;
	streams->buckets = calloc(FIRST_BUCKETS, sizeof(*streams->buckets));
	if (streams->buckets == NULL)
	{
		free(streams);
		return NULL;
	}
	streams->bucket_count = FIRST_BUCKETS;
	streams->limits = *limits;
	streams->random = seed ? seed : 1;
	return streams;
}

static void
free_targets(GenopsStreams *streams)
{
	while (streams->targets != NULL)
	{
		GenopsExportTarget *target = streams->targets;

		streams->targets = target->next;
		free(target->turns);
		free(target->pause);
		free(target->name);
		free(target);
	}
}

void
genops_streams_free(GenopsStreams *streams)
{
	if (streams == NULL)
		return;
	for (size_t i = 0; i < streams->bucket_count; i++)
		while (streams->buckets[i] != NULL)
			genops_streams_remove(streams, streams->buckets[i]);
	free_targets(streams);
	genops_due_heap_free(&streams->backoff);
	genops_due_heap_free(&streams->filling);
	free(streams->buckets);
	free(streams);
}

GenopsStream *
genops_streams_each(const GenopsStreams *streams, size_t *bucket, GenopsStream *stream)
{
	if (stream == NULL)
		*bucket = 0;
	else if (stream->next_in_bucket != NULL)
		return stream->next_in_bucket;
	else
		(*bucket)++;
	while (*bucket < streams->bucket_count && streams->buckets[*bucket] == NULL)
		(*bucket)++;
	return *bucket < streams->bucket_count ? streams->buckets[*bucket] : NULL;
}

static void
place_everybody(GenopsStreams *streams, const GenopsExportTarget *target, int64_t now_ms)
{
	GenopsStream *stream = NULL;
	size_t bucket;

	while ((stream = genops_streams_each(streams, &bucket, stream)) != NULL)
		if (target == NULL || stream->target == target)
			genops_turns_place(streams, stream, now_ms);
}

void
genops_streams_limit(GenopsStreams *streams, const GenopsExportLimits *limits, int64_t now_ms)
{
	streams->limits = *limits;
	place_everybody(streams, NULL, now_ms);
}

size_t
genops_streams_count(const GenopsStreams *streams)
{
	return streams->count;
}

size_t
genops_streams_memory(const GenopsStreams *streams)
{
	return streams->memory;
}

int
genops_streams_in_flight(const GenopsStreams *streams)
{
	return streams->in_flight;
}

/*
 * Targets.
 */
static char *
copy_text(GenopsSlice text)
{
	char *copy = malloc(text.length + 1);

	if (copy != NULL)
	{
		if (text.length > 0)
			memcpy(copy, text.data, text.length);
		copy[text.length] = '\0';
	}
	return copy;
}

static GenopsExportTarget *
new_target(GenopsSlice name)
{
	GenopsExportTarget *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->name = copy_text(name);
	target->turns = calloc(1, sizeof(*target->turns));
	if (target->name == NULL || target->turns == NULL)
	{
		free(target->name);
		free(target->turns);
		free(target);
		return NULL;
	}
	return target;
}

static bool
is_text(const char *text, GenopsSlice slice)
{
	return strlen(text) == slice.length && memcmp(text, slice.data, slice.length) == 0;
}

GenopsExportTarget *
genops_streams_target(GenopsStreams *streams, GenopsSlice name)
{
	GenopsExportTarget *target = streams->targets;

	while (target != NULL && !is_text(target->name, name))
		target = target->next;
	if (target == NULL)
	{
		target = new_target(name);
		if (target == NULL)
			return NULL;
		target->next = streams->targets;
		streams->targets = target;
	}
	return target;
}

GenopsExportTarget *
genops_streams_first_target(const GenopsStreams *streams)
{
	return streams->targets;
}

void
genops_target_open(GenopsStreams *streams, GenopsExportTarget *target, int64_t now_ms)
{
	if (target->open && target->pause == NULL)
		return;
	target->open = true;
	free(target->pause);
	target->pause = NULL;
	place_everybody(streams, target, now_ms);
}

void
genops_target_pause(GenopsStreams *streams, GenopsExportTarget *target, const char *reason,
                    int64_t now_ms)
{
	if (target->pause != NULL && strcmp(target->pause, reason) == 0)
		return;
	free(target->pause);
	target->pause = copy_text(genops_slice(reason));
	target->open = false; /* also where there was no memory for the reason */
	place_everybody(streams, target, now_ms);
}

void
genops_target_probe(GenopsStreams *streams, GenopsExportTarget *target, bool all, int64_t now_ms)
{
	GenopsStream *stream = NULL;
	size_t bucket;

	while ((stream = genops_streams_each(streams, &bucket, stream)) != NULL)
	{
		if (stream->target != target)
			continue;
		genops_stream_set_text(streams, stream, &stream->unfit, NULL);
		if (stream->retry.state == GENOPS_STREAM_BLOCKED || all)
			genops_retry_now(&stream->retry, now_ms);
		genops_turns_place(streams, stream, now_ms);
	}
}

/*
 * Streams: a hash table of chains.
 */
static uint64_t
hash_bytes(uint64_t hash, const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t) data[i]) * UINT64_C(1099511628211); /* FNV-1a */
	return hash;
}

static uint64_t
hash_of(GenopsSlice tenant, GenopsSlice route, int64_t range)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	hash = hash_bytes(hash, tenant.data, tenant.length);
	hash = hash_bytes(hash, "", 1);
	hash = hash_bytes(hash, route.data, route.length);
	hash = hash_bytes(hash, (const char *) &range, sizeof(range));
	return hash ^ hash >> 32;
}

GenopsStream *
genops_streams_find(const GenopsStreams *streams, GenopsSlice tenant, GenopsSlice route,
                    int64_t range)
{
	uint64_t hash = hash_of(tenant, route, range);
	GenopsStream *stream = streams->buckets[hash & (streams->bucket_count - 1)];

	while (stream != NULL && (stream->hash != hash || stream->range != range ||
	                          !is_text(stream->tenant, tenant) || !is_text(stream->route, route)))
		stream = stream->next_in_bucket;
	return stream;
}

/* Without memory for more the chains get longer. */
static void
grow_table(GenopsStreams *streams)
{
	size_t count = streams->bucket_count * 2;
	GenopsStream **buckets = calloc(count, sizeof(*buckets));

	if (buckets == NULL)
		return;
	for (size_t i = 0; i < streams->bucket_count; i++)
		while (streams->buckets[i] != NULL)
		{
			GenopsStream *stream = streams->buckets[i];
			GenopsStream **bucket = &buckets[stream->hash & (count - 1)];

			streams->buckets[i] = stream->next_in_bucket;
			stream->next_in_bucket = *bucket;
			*bucket = stream;
		}
	free(streams->buckets);
	streams->buckets = buckets;
	streams->bucket_count = count;
}

static void
link_stream(GenopsStreams *streams, GenopsStream *stream)
{
	GenopsStream **bucket;

	if (streams->count >= streams->bucket_count)
		grow_table(streams);
	bucket = &streams->buckets[stream->hash & (streams->bucket_count - 1)];
	stream->next_in_bucket = *bucket;
	*bucket = stream;
	streams->count++;
	streams->memory += stream->memory;
}

static void
unlink_stream(GenopsStreams *streams, GenopsStream *stream)
{
	GenopsStream **place = &streams->buckets[stream->hash & (streams->bucket_count - 1)];

	while (*place != stream)
		place = &(*place)->next_in_bucket;
	*place = stream->next_in_bucket;
	streams->count--;
	streams->memory -= stream->memory;
}

static void
unlist_changed(GenopsStreams *streams, GenopsStream *stream)
{
	GenopsStream *before = NULL;
	GenopsStream *each = streams->first_changed;

	if (!stream->listed_changed)
		return;
	for (; each != stream; each = each->next_changed)
		before = each;
	if (before != NULL)
		before->next_changed = stream->next_changed;
	else
		streams->first_changed = stream->next_changed;
	if (streams->last_changed == stream)
		streams->last_changed = before;
	stream->listed_changed = false;
}

void
genops_streams_remove(GenopsStreams *streams, GenopsStream *stream)
{
	if (stream->in_flight)
	{
		stream->target->in_flight--;
		streams->in_flight--;
	}
	stream->memory_only = false;
	genops_turns_leave(streams, stream);
	unlist_changed(streams, stream);
	genops_stream_forget(streams, stream);
	unlink_stream(streams, stream);
	free(stream->tenant);
	free(stream->route);
	free(stream->reason);
	free(stream->last_error);
	free(stream->unfit);
	free(stream);
}

/* What can be found again in the store, and has nothing that is not recorded. */
static bool
can_go(const GenopsStream *stream)
{
	return stream->range == 0 && !stream->memory_only && stream->first_waiting == NULL &&
	       !genops_stream_changed(stream);
}

/* The one that was idle for longest, or NULL; looks at a few only. */
static GenopsStream *
idle_one(const GenopsStreams *streams, const GenopsStream *except)
{
	GenopsStream *stream = streams->idle.first;

	for (int i = 0; i < IDLE_LOOKED_AT && stream != NULL; i++, stream = stream->next)
		if (stream != except && can_go(stream))
			return stream;
	return NULL;
}

/* One that is blocked, or NULL; looks at a few only, and at others the next time. */
static GenopsStream *
blocked_one(GenopsStreams *streams, const GenopsStream *except)
{
	const GenopsDueHeap *heap = &streams->backoff;

	for (size_t i = 0; i < BLOCKED_LOOKED_AT && i < heap->count; i++)
	{
		GenopsStream *stream;

		streams->looked_at += SPREAD;
		stream = heap->items[streams->looked_at % heap->count];
		if (stream != except && stream->retry.state == GENOPS_STREAM_BLOCKED && can_go(stream))
			return stream;
	}
	return NULL;
}

static void
leave_out(GenopsStreams *streams, int64_t cursor_seq)
{
	if (!streams->left_out || cursor_seq < streams->left_cursor)
		streams->left_cursor = cursor_seq;
	streams->left_out = true;
}

/* Of streams that are idle. */
static bool
make_some_room(GenopsStreams *streams, size_t limit, const GenopsStream *except)
{
	GenopsStream *stream;

	while (streams->memory > limit && (stream = idle_one(streams, except)) != NULL)
		genops_streams_remove(streams, stream);
	return streams->memory <= limit;
}

/* Also of those that are blocked.  "except" is the stream that it is for, or NULL. */
static bool
make_room(GenopsStreams *streams, bool established, const GenopsStream *except)
{
	size_t limit = streams->limits.memory;
	GenopsStream *stream;

	if (!established)
		limit = FRESH_SHARE(limit);
	(void) make_some_room(streams, limit, except);
	while (streams->memory > limit && (stream = blocked_one(streams, except)) != NULL)
	{
		leave_out(streams, stream->cursor_seq);
		genops_streams_remove(streams, stream);
	}
	return streams->memory <= limit;
}

bool
genops_streams_left_out(const GenopsStreams *streams, bool *room)
{
	*room = streams->memory <= MUCH_ROOM(streams->limits.memory);
	return streams->left_out;
}

void
genops_streams_look_again(GenopsStreams *streams)
{
	streams->left_out = false;
}

void
genops_streams_drop_idle(GenopsStreams *streams, int64_t before_ms)
{
	GenopsStream *stream = streams->idle.first;

	while (stream != NULL && stream->due_ms < before_ms)
	{
		GenopsStream *next = stream->next;

		if (can_go(stream))
			genops_streams_remove(streams, stream);
		stream = next;
	}
}

/* What has no store is lost if it finds no room.  So who has little of the memory gets
 * more also when it is full: a quarter on top is for that. */
static bool
has_share(const GenopsStreams *streams, size_t size)
{
	return size <= streams->limits.memory / 4 / (streams->count + 1);
}

static GenopsStream *
new_stream(GenopsStreams *streams, GenopsSlice tenant, GenopsSlice route)
{
	GenopsStream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return NULL;
	stream->tenant = copy_text(tenant);
	stream->route = copy_text(route);
	stream->target = genops_streams_target(streams, route);
	if (stream->tenant != NULL && stream->route != NULL && stream->target != NULL)
		return stream;
	free(stream->tenant);
	free(stream->route);
	free(stream);
	return NULL;
}

GenopsStream *
genops_streams_add(GenopsStreams *streams, GenopsSlice tenant, GenopsSlice route, int64_t range,
                   const GenopsStreamPast *past, int64_t now_ms)
{
	GenopsStream *stream = NULL;

	if ((make_room(streams, past->established, NULL) ||
	     (past->memory_only && has_share(streams, sizeof(*stream)))) &&
	    genops_due_heap_reserve(&streams->backoff, streams->count + 1) &&
	    genops_due_heap_reserve(&streams->filling, streams->count + 1))
		stream = new_stream(streams, tenant, route);
	if (stream == NULL)
	{
		leave_out(streams, past->cursor_seq);
		return NULL;
	}
	stream->range = range;
	stream->last_seq = INT64_MAX;
	stream->established = past->established;
	stream->memory_only = past->memory_only;
	stream->cursor_seq = stream->recorded_seq = stream->read_seq = past->cursor_seq;
	stream->more_stored = past->more_stored;
	stream->state = past->state;
	stream->hash = hash_of(tenant, route, range);
	stream->memory = sizeof(*stream) + tenant.length + route.length + 2;
	link_stream(streams, stream);
	genops_stream_set_text(streams, stream, &stream->reason, past->reason);
	genops_turns_place(streams, stream, now_ms);
	return stream;
}

/*
 * What waits in memory.
 */
static bool
append(GenopsStreams *streams, GenopsStream *stream, int64_t seq, int span_count, GenopsSlice bytes,
       GenopsSlice kept, int64_t now_ms)
{
	size_t size = sizeof(GenopsWaitingSegment) + bytes.length + kept.length;
	GenopsWaitingSegment *waiting = malloc(size);

	if (waiting == NULL)
		return false;
	waiting->next = NULL;
	waiting->seq = seq;
	waiting->since_ms = now_ms;
	waiting->span_count = span_count;
	waiting->length = bytes.length;
	waiting->kept = kept.length;
	memcpy(waiting->bytes, bytes.data, bytes.length);
	if (kept.length > 0)
		memcpy(waiting->bytes + bytes.length, kept.data, kept.length);

	if (stream->last_waiting != NULL)
		stream->last_waiting->next = waiting;
	else
		stream->first_waiting = waiting;
	stream->last_waiting = waiting;
	stream->waiting_spans += span_count;
	stream->read_seq = seq;
	stream->memory += size;
	streams->memory += size;
	if (stream->first_waiting == waiting && stream->done_seq != seq)
		stream->done = stream->done_rejected = 0;
	else if (stream->first_waiting == waiting)
		stream->waiting_spans -= stream->done;
	return true;
}

static bool
has_room_for(GenopsStreams *streams, const GenopsStream *stream, size_t size)
{
	size_t after = stream->memory + size;

	if (stream->memory_only && has_share(streams, after))
		return true;
	return after <= STREAM_SHARE(streams->limits.memory) &&
	       ((stream->memory_only && stream->retry.state == GENOPS_STREAM_DELIVERING) ||
	        make_some_room(streams, HANDED_SHARE(streams->limits.memory), stream)) &&
	       make_room(streams, stream->established, stream);
}

bool
genops_stream_append(GenopsStreams *streams, GenopsStream *stream, int64_t seq, int span_count,
                     GenopsSlice bytes, GenopsSlice kept, int64_t now_ms)
{
	bool goes_on = stream->memory_only ||
	               (!stream->more_stored && stream->retry.state == GENOPS_STREAM_DELIVERING &&
	                stream->target->pause == NULL && stream->unfit == NULL);

	if (goes_on && has_room_for(streams, stream, bytes.length + kept.length) &&
	    append(streams, stream, seq, span_count, bytes, kept, now_ms))
	{
		genops_turns_appended(streams, stream, now_ms);
		return true;
	}
	if (stream->memory_only)
		return false;
	genops_stream_leave_in_store(
	    stream,
	    stream->retry.state == GENOPS_STREAM_DELIVERING && stream->target->open ? span_count : 0,
	    now_ms);
	genops_turns_appended(streams, stream, now_ms);
	return true;
}

void
genops_stream_fill_gap(GenopsStreams *streams, GenopsStream *stream, int64_t newest_seq,
                       int64_t now_ms)
{
	if (stream->more_stored || newest_seq <= stream->read_seq)
		return;
	genops_stream_leave_in_store(stream, 0, now_ms);
	genops_turns_place(streams, stream, now_ms);
}

bool
genops_stream_append_read(GenopsStreams *streams, GenopsStream *stream, int64_t seq, int span_count,
                          GenopsSlice bytes, int64_t now_ms)
{
	return seq <= stream->read_seq ||
	       append(streams, stream, seq, span_count, bytes, GENOPS_ABSENT, now_ms);
}

void
genops_stream_read(GenopsStreams *streams, GenopsStream *stream, int64_t read_seq, bool more_stored,
                   int64_t now_ms)
{
	stream->more_stored = more_stored;
	stream->left_since_ms = stream->left_spans = 0;
	stream->has_read = true;
	if (read_seq > stream->read_seq)
		stream->read_seq = read_seq;
	if (stream->first_waiting == NULL && !more_stored)
		stream->cursor_seq = stream->read_seq; /* nothing lies between */
	if (stream->range != 0 || stream->cursor_seq != stream->recorded_seq)
		genops_stream_touch(streams, stream);
	genops_turns_place(streams, stream, now_ms);
}

void
genops_stream_limit_range(GenopsStreams *streams, GenopsStream *stream, int64_t last_seq,
                          void *caller_data, int64_t now_ms)
{
	stream->last_seq = last_seq;
	stream->caller_data = caller_data;
	genops_stream_leave_in_store(stream, 0, now_ms);
	genops_turns_place(streams, stream, now_ms);
}

static void
free_waiting(GenopsStreams *streams, GenopsStream *stream, GenopsWaitingSegment *waiting)
{
	size_t size = sizeof(*waiting) + waiting->length + waiting->kept;

	stream->memory -= size;
	streams->memory -= size;
	free(waiting);
}

static void
drop_first(GenopsStreams *streams, GenopsStream *stream)
{
	GenopsWaitingSegment *first = stream->first_waiting;

	stream->first_waiting = first->next;
	if (first->next == NULL)
		stream->last_waiting = NULL;
	free_waiting(streams, stream, first);
}

void
genops_stream_trim(GenopsStreams *streams, GenopsStream *stream, size_t kept)
{
	GenopsWaitingSegment *last = stream->first_waiting;
	GenopsWaitingSegment *waiting;

	for (size_t i = 1; i < kept && last != NULL; i++)
		last = last->next;
	if (stream->memory_only || last == NULL || last->next == NULL)
		return;
	waiting = last->next;
	last->next = NULL;
	stream->last_waiting = last;
	stream->read_seq = last->seq;
	genops_stream_leave_in_store(stream, 0, 0);
	while (waiting != NULL)
	{
		GenopsWaitingSegment *next = waiting->next;

		stream->waiting_spans -= waiting->span_count;
		free_waiting(streams, stream, waiting);
		waiting = next;
	}
}

void
genops_stream_forget(GenopsStreams *streams, GenopsStream *stream)
{
	if (stream->memory_only || stream->first_waiting == NULL)
		return;
	while (stream->first_waiting != NULL)
		drop_first(streams, stream);
	stream->waiting_spans = 0;
	stream->read_seq = stream->cursor_seq;
	genops_stream_leave_in_store(stream, 0, 0);
}

static void
settle_first(GenopsStreams *streams, GenopsStream *stream)
{
	const GenopsWaitingSegment *first = stream->first_waiting;

	stream->tally.exported += first->span_count - stream->done_rejected;
	stream->tally.rejected += stream->done_rejected;
	stream->cursor_seq = first->seq;
	stream->done = stream->done_rejected = 0;
	drop_first(streams, stream);
}

/* Those that were not taken are the last ones for all we know: each segment that
 * is settled gives up as many as it can. */
void
genops_stream_settle(GenopsStreams *streams, GenopsStream *stream, int count, int rejected)
{
	stream->waiting_spans -= count;
	while (count > 0 && stream->first_waiting != NULL)
	{
		GenopsWaitingSegment *first = stream->first_waiting;
		int here = first->span_count - stream->done;
		int rejected_here;

		if (here > count)
			here = count;
		rejected_here = rejected < here ? rejected : here;
		stream->done_seq = first->seq;
		stream->done += here;
		stream->done_rejected += rejected_here;
		count -= here;
		rejected -= rejected_here;
		if (stream->done < first->span_count)
			break;
		settle_first(streams, stream);
	}
	genops_stream_touch(streams, stream);
}

void
genops_stream_move(GenopsStreams *streams, GenopsStream *stream, int64_t cursor_seq,
                   bool more_stored, int64_t now_ms)
{
	stream->moved = true;
	stream->moved_cursor = cursor_seq;
	stream->moved_more = more_stored;
	if (stream->in_flight)
		return; /* the request has its bytes */
	genops_stream_finish_move(streams, stream);
	genops_turns_place(streams, stream, now_ms);
}

void
genops_stream_finish_move(GenopsStreams *streams, GenopsStream *stream)
{
	bool more = stream->moved_more || stream->more_stored ||
	            (stream->last_waiting != NULL && stream->last_waiting->seq > stream->moved_cursor);

	stream->moved = false;
	genops_stream_forget(streams, stream);
	stream->cursor_seq = stream->recorded_seq = stream->read_seq = stream->moved_cursor;
	stream->more_stored = more; /* perhaps nothing is left: reading finds out */
	stream->left_since_ms = stream->left_spans = 0;
	stream->done = stream->done_rejected = 0;
	stream->done_seq = 0;

	/* Whoever moved the cursor has counted them as something else. */
	stream->tally.exported = stream->tally.rejected = 0;
}

/*
 * Recording.
 */
GenopsStream *
genops_streams_first_changed(GenopsStreams *streams)
{
	return streams->first_changed;
}

void
genops_stream_recorded(GenopsStreams *streams, GenopsStream *stream)
{
	unlist_changed(streams, stream);
	stream->recorded_seq = stream->cursor_seq;
	stream->tally = (GenopsStreamTally){ 0 };
}

int64_t
genops_streams_settled(const GenopsStreams *streams, int64_t newest_seq)
{
	GenopsStream *stream = NULL;
	int64_t settled = newest_seq;
	size_t bucket;

	if (streams->left_out && streams->left_cursor < settled)
		settled = streams->left_cursor;
	while ((stream = genops_streams_each(streams, &bucket, stream)) != NULL)
	{
		int64_t own = newest_seq;

		if (stream->range != 0)
			continue;
		if (stream->cursor_seq != stream->recorded_seq)
			own = stream->recorded_seq;
		else if (stream->first_waiting != NULL)
			own = stream->first_waiting->seq - 1;
		else if (stream->more_stored)
			own = stream->cursor_seq;
		if (own < settled)
			settled = own;
	}
	return settled;
}

/* By itself, that is: a blocked one may, when it is probed. */
static bool
can_move(const GenopsStream *stream)
{
	if (stream->place == GENOPS_PLACE_BACKOFF)
		return stream->retry.state != GENOPS_STREAM_BLOCKED;
	return stream->place != GENOPS_PLACE_PARKED;
}

bool
genops_streams_pending(const GenopsStreams *streams, bool *moving)
{
	GenopsStream *stream = NULL;
	bool pending = streams->left_out;
	size_t bucket;

	*moving = streams->left_out;
	while ((stream = genops_streams_each(streams, &bucket, stream)) != NULL)
	{
		if (!genops_stream_pending(stream))
			continue;
		pending = true;
		*moving |= stream->in_flight || can_move(stream);
	}
	return pending;
}
