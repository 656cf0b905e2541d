/* SPDX-License-Identifier: PostgreSQL */
#include "core/export/stream.h"

#include <stdlib.h>

#include "core/export/turns.h"
#include "core/net/export_request.h"

static const char *const state_names[] = { "delivering", "retrying", "blocked", "paused" };

const char *
genops_delivery_state_name(GenopsDeliveryState state)
{
	return state_names[state];
}

bool
genops_delivery_state_of(const char *name, GenopsDeliveryState *state)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (strcmp(state_names[i], name) == 0)
		{
			*state = (GenopsDeliveryState) i;
			return true;
		}
	return false;
}

/*
 * What is to be recorded.
 */
bool
genops_stream_changed(const GenopsStream *stream)
{
	return stream->listed_changed;
}

void
genops_stream_touch(GenopsStreams *streams, GenopsStream *stream)
{
	if (stream->listed_changed)
		return;
	stream->listed_changed = true;
	stream->next_changed = NULL;
	if (streams->last_changed != NULL)
		streams->last_changed->next_changed = stream;
	else
		streams->first_changed = stream;
	streams->last_changed = stream;
}

static char *
copy_of(const char *text)
{
	return text != NULL && text[0] != '\0' ? strdup(text) : NULL;
}

/* Without memory for it there is no text: a reason is not worth a failure. */
void
genops_stream_set_text(GenopsStreams *streams, GenopsStream *stream, char **text, const char *value)
{
	size_t before = *text ? strlen(*text) + 1 : 0;
	char *copy = copy_of(value);
	size_t after = copy ? strlen(copy) + 1 : 0;

	free(*text);
	*text = copy;
	stream->memory += after - before;
	streams->memory += after - before;
}

static bool
is_same(const char *text, const char *value)
{
	return strcmp(text ? text : "", value ? value : "") == 0;
}

void
genops_stream_show(GenopsStreams *streams, GenopsStream *stream, GenopsDeliveryState state,
                   const char *reason)
{
	if (stream->state == state && is_same(stream->reason, reason))
		return;
	stream->state = state;
	genops_stream_set_text(streams, stream, &stream->reason, reason);
	stream->tally.state = true;
	genops_stream_touch(streams, stream);
}

void
genops_stream_set_unfit(GenopsStreams *streams, GenopsStream *stream, const char *reason,
                        int64_t now_ms)
{
	genops_stream_set_text(streams, stream, &stream->unfit, reason);
	genops_turns_place(streams, stream, now_ms);
}

/*
 * Batches.
 */

/* As many whole segments as fit, at least one. */
static void
take_whole(const GenopsStream *stream, int max_spans, int64_t durable_seq, GenopsBatch *batch)
{
	const GenopsWaitingSegment *waiting = stream->first_waiting;

	for (; waiting != NULL && waiting->seq <= durable_seq; waiting = waiting->next)
	{
		if (batch->segment_count == GENOPS_BATCH_SEGMENTS ||
		    (batch->segment_count > 0 && batch->span_count + waiting->span_count > max_spans))
			break;
		batch->segments[batch->segment_count++] = (GenopsSlice){ waiting->bytes, waiting->length };
		batch->span_count += waiting->span_count;
	}
}

static bool
take_piece(const GenopsStream *stream, int max_spans, GenopsBatch *batch, GenopsError *error)
{
	const GenopsWaitingSegment *first = stream->first_waiting;
	GenopsSlice whole = { first->bytes, first->length };
	int from = stream->done;
	int left = first->span_count - from;

	batch->piece = genops_bytes_growing();
	batch->span_count = left < max_spans ? left : max_spans;
	if (!genops_segment_cut(whole, (size_t) from, (size_t) (from + batch->span_count),
	                        &batch->piece, error))
	{
		batch->span_count = left;
		return false;
	}
	batch->segments[batch->segment_count++] =
	    (GenopsSlice){ (const char *) batch->piece.data, batch->piece.length };
	return true;
}

bool
genops_batch_take(GenopsStream *stream, int max_spans, int64_t durable_seq, GenopsBatch *batch,
                  GenopsError *error)
{
	batch->stream = stream;
	batch->span_count = 0;
	batch->segment_count = 0;
	batch->piece = (GenopsBytes){ 0 };
	if (stream->span_limit > 0 && stream->span_limit < max_spans)
		max_spans = stream->span_limit;
	if (stream->done > 0 || stream->first_waiting->span_count > max_spans)
		return take_piece(stream, max_spans, batch, error);
	take_whole(stream, max_spans, durable_seq, batch);
	return true;
}

bool
genops_stream_wants_to_read(const GenopsStream *stream, int max_spans)
{
	return stream->first_waiting == NULL ||
	       (stream->more_stored && !stream->has_read && stream->waiting_spans < max_spans);
}

void
genops_batch_free(GenopsBatch *batch)
{
	genops_bytes_free(&batch->piece);
}

/*
 * Requests and their answers.
 */
void
genops_stream_sent(GenopsStreams *streams, const GenopsBatch *batch)
{
	GenopsStream *stream = batch->stream;

	if (streams->memory > streams->limits.memory)
		genops_stream_trim(streams, stream, batch->segment_count);
	genops_turns_leave(streams, stream);
	stream->has_read = false;
	stream->in_flight = true;
	stream->target->in_flight++;
	streams->in_flight++;
}

static void
end_request(GenopsStreams *streams, GenopsStream *stream)
{
	if (!stream->in_flight)
		return;
	stream->in_flight = false;
	stream->target->in_flight--;
	streams->in_flight--;
}

void
genops_stream_given_up(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms)
{
	end_request(streams, stream);
	if (stream->moved)
		genops_stream_finish_move(streams, stream);
	genops_turns_place(streams, stream, now_ms);
}

static uint64_t
next_random(GenopsStreams *streams)
{
	streams->random ^= streams->random << 13;
	streams->random ^= streams->random >> 7;
	streams->random ^= streams->random << 17;
	return streams->random;
}

static void
note_error(GenopsStreams *streams, GenopsStream *stream, const char *reason, int64_t at)
{
	genops_stream_set_text(streams, stream, &stream->last_error, reason);
	stream->tally.last_error = true;
	stream->tally.error_at = at;
}

static void
retry_later(GenopsStreams *streams, GenopsStream *stream, const GenopsAnswer *answer,
            int64_t now_ms)
{
	stream->tally.retries++;
	genops_retry_failed(&stream->retry, &streams->limits.retry, answer->min_delay_ms, now_ms,
	                    next_random(streams));
	genops_stream_show(streams, stream, GENOPS_RETRYING, answer->reason);
	genops_stream_forget(streams, stream);
}

static void
block(GenopsStreams *streams, GenopsStream *stream, const GenopsAnswer *answer, int64_t now_ms)
{
	genops_retry_blocked(&stream->retry, &streams->limits.retry, now_ms, next_random(streams));
	genops_stream_show(streams, stream, GENOPS_BLOCKED, answer->reason);
	genops_stream_forget(streams, stream);
}

static void
deliver(GenopsStreams *streams, GenopsStream *stream, int span_count, const GenopsAnswer *answer,
        int64_t at)
{
	genops_retry_delivered(&stream->retry);
	if (stream->span_limit > 0)
		stream->span_limit =
		    stream->span_limit < streams->limits.batch_spans ? stream->span_limit * 2 : 0;
	stream->suspicions = 0;
	stream->rejecting = answer->rejected_spans > 0;
	stream->established = true;
	stream->tally.success_at = at;
	genops_stream_show(streams, stream, GENOPS_DELIVERING, NULL);
	genops_stream_settle(streams, stream, span_count, (int) answer->rejected_spans);
}

static void
reject(GenopsStreams *streams, GenopsStream *stream, int span_count)
{
	stream->rejecting = true;
	stream->suspicions = 0;
	genops_stream_settle(streams, stream, span_count, span_count);
}

/* The endpoint lives, and takes no data of this kind: what follows may be better. */
static void
refuse(GenopsStreams *streams, GenopsStream *stream, int span_count)
{
	genops_retry_delivered(&stream->retry);
	genops_stream_show(streams, stream, GENOPS_DELIVERING, NULL);
	reject(streams, stream, span_count);
}

/* A span that was tried often enough is given up.  The next one is tried at
 * once; if that fails too, the backoff goes on where it was. */
static void
suspect(GenopsStreams *streams, GenopsStream *stream, int span_count, const GenopsAnswer *answer,
        int64_t now_ms)
{
	if (span_count > 1)
	{
		stream->tally.retries++;
		stream->span_limit = span_count / 2;
	}
	else if (++stream->suspicions < GENOPS_SUSPECT_TRIES)
		retry_later(streams, stream, answer, now_ms);
	else
	{
		reject(streams, stream, span_count);
		stream->retry.next_attempt_ms = now_ms;
	}
}

static void
judge(GenopsStreams *streams, GenopsStream *stream, int span_count, const GenopsAnswer *answer,
      int64_t at, int64_t now_ms)
{
	switch (answer->outcome)
	{
		case GENOPS_OUTCOME_DELIVERED:
			deliver(streams, stream, span_count, answer, at);
			break;
		case GENOPS_OUTCOME_RETRY:
			retry_later(streams, stream, answer, now_ms);
			break;
		case GENOPS_OUTCOME_BLOCKED:
			block(streams, stream, answer, now_ms);
			break;
		case GENOPS_OUTCOME_TOO_LARGE:
			if (span_count > 1)
				stream->span_limit = span_count / 2;
			else
				refuse(streams, stream, span_count);
			break;
		case GENOPS_OUTCOME_SUSPECT:
			suspect(streams, stream, span_count, answer, now_ms);
			break;
		case GENOPS_OUTCOME_REJECTED:
			refuse(streams, stream, span_count);
			break;
	}
}

GenopsVerdict
genops_stream_answered(GenopsStreams *streams, GenopsStream *stream, int span_count,
                       const GenopsAnswer *answer, size_t sent_bytes, int64_t at, int64_t now_ms)
{
	GenopsVerdict verdict = { .before = stream->state };
	bool rejecting = stream->rejecting;

	end_request(streams, stream);
	stream->tally.requests++;
	stream->tally.bytes += (int64_t) sent_bytes;
	genops_stream_touch(streams, stream);
	if (answer->reason[0] != '\0')
		note_error(streams, stream, answer->reason, at);
	if (stream->moved)
		genops_stream_finish_move(streams, stream);
	else
		judge(streams, stream, span_count, answer, at, now_ms);
	genops_turns_place(streams, stream, now_ms);
	verdict.began_rejecting = stream->rejecting && !rejecting;
	return verdict;
}
