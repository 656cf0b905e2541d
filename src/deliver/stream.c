/*
 * A stream: the segments of one tenant and route on their way to one target.
 */
#include "postgres.h"

#include "compat.h"
#include "deliver/stream.h"
#include "mb/pg_wchar.h"
#include "settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

Size stream_memory = 0;

Stream *
StreamNew(MemoryContext context, const char *tenant_id, const char *route)
{
	Stream *stream = MemoryContextAllocZero(context, sizeof(Stream));

	stream->tenant_id = MemoryContextStrdup(context, tenant_id);
	stream->route = MemoryContextStrdup(context, route);
	stream->headers = GENOPS_NO_HEADERS;
	slist_init(&stream->waiting);
	return stream;
}

void
StreamFree(Stream *stream)
{
	stream->memory_only = false;
	StreamForget(stream);
	genops_headers_free(&stream->headers);
	pfree(stream->tenant_id);
	pfree(stream->route);
	pfree(stream);
}

void
StreamAppend(Stream *stream, const Segment *segment, int64 since)
{
	Size length = VARSIZE_ANY_EXHDR(segment->bytes);
	WaitingSegment *waiting =
	    MemoryContextAlloc(GetMemoryChunkContext(stream), offsetof(WaitingSegment, bytes) + length);

	waiting->seq = segment->seq;
	waiting->span_count = segment->span_count;
	waiting->since = since;
	waiting->length = length;
	memcpy(waiting->bytes, VARDATA_ANY(segment->bytes), length);

	if (stream->last_waiting == NULL)
		slist_push_head(&stream->waiting, &waiting->link);
	else
		slist_insert_after(stream->last_waiting, &waiting->link);
	stream->last_waiting = &waiting->link;
	stream->waiting_spans += waiting->span_count;
	stream->read_seq = waiting->seq;
	stream_memory += length;
}

WaitingSegment *
StreamFirst(Stream *stream)
{
	return slist_is_empty(&stream->waiting)
	           ? NULL
	           : slist_head_element(WaitingSegment, link, &stream->waiting);
}

static void
RemoveFirst(Stream *stream)
{
	WaitingSegment *first = StreamFirst(stream);

	(void) slist_pop_head_node(&stream->waiting);
	if (slist_is_empty(&stream->waiting))
		stream->last_waiting = NULL;
	stream_memory -= first->length;
	pfree(first);
}

void
StreamForget(Stream *stream)
{
	if (stream->memory_only)
		return;
	while (!slist_is_empty(&stream->waiting))
		RemoveFirst(stream);
	stream->waiting_spans = 0;
	stream->done = stream->done_rejected = 0;
	stream->read_seq = stream->cursor_seq;
	stream->more_on_disk = true;
}

static void
CountSettled(Stream *stream, const WaitingSegment *segment)
{
	stream->cursor_seq = segment->seq;
	stream->change.settled_seq = segment->seq;
	if (stream->is_resend)
		stream->change.resent += segment->span_count;
	else
	{
		stream->change.exported += segment->span_count - stream->done_rejected;
		stream->change.rejected += stream->done_rejected;
		stream->pending -= segment->span_count;
	}
	stream->changed = true;
}

void
StreamSettle(Stream *stream, int count, int rejected)
{
	stream->waiting_spans -= count;
	while (count > 0)
	{
		WaitingSegment *first = StreamFirst(stream);
		int here = Min(count, first->span_count - stream->done);
		int rejected_here = Min(rejected, here);

		stream->done += here;
		stream->done_rejected += rejected_here;
		count -= here;
		rejected -= rejected_here;
		if (stream->done < first->span_count)
			break;
		CountSettled(stream, first);
		stream->done = stream->done_rejected = 0;
		RemoveFirst(stream);
	}
}

/* Peers write UTF-8; the database may have another encoding. */
static void
CopyReason(char *to, const char *reason)
{
	strlcpy(to, reason, STREAM_REASON_SIZE);
	if (GetDatabaseEncoding() == PG_UTF8)
		to[pg_encoding_mbcliplen(PG_UTF8, to, strlen(to), STREAM_REASON_SIZE - 1)] = '\0';
	else
		for (char *c = to; *c; c++)
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
}

void
StreamNoteError(Stream *stream, const char *reason)
{
	CopyReason(stream->last_error, reason);
	stream->change.last_error = stream->last_error;
	stream->change.last_error_at = GetCurrentTimestamp();
	stream->changed = true;
}

static void
LogState(const Stream *stream, const char *before)
{
	const char *tenant = stream->tenant_id[0] ? stream->tenant_id : "(none)";

	if (strcmp(stream->state, "delivering") != 0)
	{
		if (WorkerTells(LOG_LEVEL_WARNING))
			ereport(LOG, (errmsg("delivery for tenant \"%s\" is %s: %s", tenant, stream->state,
			                     stream->state_reason)));
	}
	else if (before != NULL && WorkerTells(LOG_LEVEL_INFO))
		ereport(LOG, (errmsg("delivery for tenant \"%s\" goes on, it was %s", tenant, before)));
}

void
StreamRestoreState(Stream *stream, const char *state, const char *reason)
{
	static const char *const states[] = { "delivering", "retrying", "blocked", "paused" };

	for (int i = 0; i < (int) lengthof(states); i++)
		if (strcmp(states[i], state) == 0)
			stream->state = states[i];
	strlcpy(stream->state_reason, reason, STREAM_REASON_SIZE);
}

void
StreamSetState(Stream *stream, const char *state, const char *reason)
{
	const char *before = stream->state;

	if (before != NULL && strcmp(before, state) == 0 &&
	    strncmp(stream->state_reason, reason, STREAM_REASON_SIZE - 1) == 0)
		return;
	CopyReason(stream->state_reason, reason);
	stream->state = state;
	stream->change.state = state;
	stream->change.reason = stream->state_reason[0] ? stream->state_reason : NULL;
	stream->changed = true;
	if (before == NULL || strcmp(before, state) != 0)
		LogState(stream, before);
}
