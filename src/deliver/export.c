/*
 * One export: a request with the first spans of a stream, and its answer.
 *
 * Whole segments go out as they are, several in a request up to the batch
 * size.  A segment that has more spans than a request may have (the endpoint
 * found one too large, or the batch size was lowered) is cut.
 */
#include "postgres.h"

#include <time.h>

#include "common/pg_prng.h"
#include "core/net/answer.h"
#include "core/net/export_request.h"
#include "deliver/export.h"
#include "monotonic.h"
#include "settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_SEGMENTS 256 /* in a request */
#define CONNECT_TIMEOUT_MS 10000

/* What is under way.  The answer's user_data. */
typedef struct Export
{
	dlist_node link;
	Stream *stream;
	int span_count;
	int64 started_at;  /* MonotonicMs() */
	GenopsBytes piece; /* a part of a segment, if it was cut */
	uint8 heads[MAX_SEGMENTS * GENOPS_EXPORT_HEAD_SIZE];
	GenopsSlice runs[2 * MAX_SEGMENTS];
} Export;

int export_in_flight = 0;

static dlist_head exports = DLIST_STATIC_INIT(exports);

/* As many whole segments as fit, at least one. */
static size_t
TakeWhole(Stream *stream, int max_spans, int64 last_seq, GenopsSlice *segments, int *span_count)
{
	slist_iter iter;
	size_t count = 0;

	*span_count = 0;
	slist_foreach(iter, &stream->waiting)
	{
		WaitingSegment *waiting = slist_container(WaitingSegment, link, iter.cur);

		if (count == MAX_SEGMENTS || waiting->seq > last_seq ||
		    (count > 0 && *span_count + waiting->span_count > max_spans))
			break;
		segments[count++] = (GenopsSlice){ waiting->bytes, waiting->length };
		*span_count += waiting->span_count;
	}
	return count;
}

static bool
TakePiece(Export *export, int max_spans, GenopsSlice *segment, GenopsError *error)
{
	WaitingSegment *first = StreamFirst(export->stream);
	int from = export->stream->done;
	int to = Min(from + max_spans, first->span_count);
	GenopsSlice whole = { first->bytes, first->length };

	export->piece = genops_bytes_growing();
	export->span_count = to - from;
	if (!genops_segment_cut(whole, from, to, &export->piece, error))
		return false;
	*segment = (GenopsSlice){ (char *) export->piece.data, export->piece.length };
	return true;
}

static bool
Send(GenopsHttpClient *client, Export *export, size_t segment_count, const GenopsSlice *segments,
     GenopsError *error)
{
	const DeliveryTarget *target = &export->stream->target->delivery;
	GenopsHttpRequest request = {
		.method = GENOPS_HTTP_POST,
		.url = target->url,
		.headers = &export->stream->headers,
		.body = export->runs,
		.gzip = target->gzip,
		.timeout_ms = target->timeout_ms,
		.connect_timeout_ms = target->timeout_ms > 0 ? Min(target->timeout_ms, CONNECT_TIMEOUT_MS)
		                                             : CONNECT_TIMEOUT_MS,
		.ca_file = target->ca_file,
		.client_certificate = target->client_certificate,
		.client_key = target->client_key,
		.user_data = export,
	};
	size_t body_size;

	return genops_export_frame(segments, segment_count, export->heads, export->runs,
	                           &request.body_count, &body_size, error) &&
	       genops_http_start(client, &request, error);
}

static void
Remove(Export *export)
{
	dlist_delete(&export->link);
	genops_bytes_free(&export->piece);
	export->stream->in_flight = false;
	export->stream->target->in_flight--;
	export_in_flight--;
	pfree(export);
}

static void
Retry(Stream *stream, int64 min_delay_ms, const char *reason)
{
	genops_retry_failed(&stream->retry, &genops_retry_defaults, min_delay_ms, MonotonicMs(),
	                    pg_prng_uint64(&pg_global_prng_state));
	StreamNoteError(stream, reason);
	StreamSetState(stream, "retrying", reason);
	StreamForget(stream);
}

void
ExportStart(GenopsHttpClient *client, Stream *stream, int max_spans, int64 last_seq)
{
	Export *export = MemoryContextAllocZero(GetMemoryChunkContext(stream), sizeof(Export));
	GenopsSlice segments[MAX_SEGMENTS];
	size_t count = 1;
	GenopsError error;
	bool taken = true;

	export->stream = stream;
	export->started_at = MonotonicMs();
	dlist_push_tail(&exports, &export->link);
	stream->in_flight = true;
	stream->target->in_flight++;
	export_in_flight++;

	if (stream->span_limit > 0)
		max_spans = Min(max_spans, stream->span_limit);
	if (stream->done > 0 || StreamFirst(stream)->span_count > max_spans)
		taken = TakePiece(export, max_spans, &segments[0], &error);
	else
		count = TakeWhole(stream, max_spans, last_seq, segments, &export->span_count);
	if (!taken || !Send(client, export, count, segments, &error))
	{
		Remove(export);
		Retry(stream, 0, error.message);
	}
}

/* An endpoint that takes nothing is told of once, not with every request. */
static void
NoteRejected(Stream *stream, const char *reason)
{
	StreamNoteError(stream, reason);
	if (!stream->rejecting && WorkerTells(LOG_LEVEL_WARNING))
		ereport(LOG,
		        (errmsg("spans of tenant \"%s\" are rejected: %s",
		                stream->tenant_id[0] ? stream->tenant_id : "(none)",
		                stream->last_error[0] ? stream->last_error : "no reason given"),
		         errhint("They are counted in genops.stat_delivery, and still in the ledger.")));
	stream->rejecting = true;
}

static void
Delivered(Export *export, const GenopsAnswer *answer)
{
	Stream *stream = export->stream;

	genops_retry_delivered(&stream->retry);
	if (stream->span_limit > 0)
		stream->span_limit = stream->span_limit < PG_INT16_MAX ? stream->span_limit * 2 : 0;
	stream->change.last_success = GetCurrentTimestamp();
	if (answer->rejected_spans > 0)
		NoteRejected(stream, answer->reason);
	else
	{
		stream->rejecting = false;
		if (answer->reason[0])
			StreamNoteError(stream, answer->reason);
	}
	StreamSetState(stream, "delivering", "");
	StreamSettle(stream, export->span_count, (int) answer->rejected_spans);
}

static void
Rejected(Export *export, const GenopsAnswer *answer)
{
	genops_retry_delivered(&export->stream->retry);
	NoteRejected(export->stream, answer->reason);
	StreamSetState(export->stream, "delivering", "");
	StreamSettle(export->stream, export->span_count, export->span_count);
}

static void
Blocked(Stream *stream, const GenopsAnswer *answer)
{
	genops_retry_blocked(&stream->retry, &genops_retry_defaults, MonotonicMs(),
	                     pg_prng_uint64(&pg_global_prng_state));
	StreamNoteError(stream, answer->reason);
	StreamSetState(stream, "blocked", answer->reason);
	StreamForget(stream);
}

static void
Judge(Export *export, const GenopsAnswer *answer)
{
	switch (answer->outcome)
	{
		case GENOPS_OUTCOME_DELIVERED:
			Delivered(export, answer);
			break;
		case GENOPS_OUTCOME_RETRY:
			export->stream->change.retries++;
			Retry(export->stream, answer->min_delay_ms, answer->reason);
			break;
		case GENOPS_OUTCOME_BLOCKED:
			Blocked(export->stream, answer);
			break;
		case GENOPS_OUTCOME_TOO_LARGE:
			if (export->span_count > 1)
				export->stream->span_limit = export->span_count / 2;
			else
				Rejected(export, answer);
			break;
		case GENOPS_OUTCOME_REJECTED:
			Rejected(export, answer);
			break;
	}
}

/* Not the address, whose query may have a secret. */
static void
LogRequest(const Export *export, const GenopsHttpReply *reply, bool delivered)
{
	const Stream *stream = export->stream;

	if (!WorkerTells(LOG_LEVEL_DEBUG))
		return;
	ereport(LOG, (errmsg("sent %d spans of tenant \"%s\" in %zu bytes: HTTP %d after " INT64_FORMAT
	                     " ms%s%s",
	                     export->span_count, stream->tenant_id[0] ? stream->tenant_id : "(none)",
	                     reply->sent_bytes, reply->status, MonotonicMs() - export->started_at,
	                     delivered ? "" : ": ", delivered ? "" : stream->last_error)));
}

void
ExportFinish(GenopsHttpReply *reply)
{
	Export *export = reply->user_data;
	Stream *stream = export->stream;
	GenopsAnswer answer;

	genops_answer_judge(reply, &stream->headers, export->span_count, (int64) time(NULL), &answer);
	stream->change.requests++;
	if (reply->failure == GENOPS_HTTP_ANSWERED)
		stream->change.bytes += reply->sent_bytes;
	stream->changed = true;
	Judge(export, &answer);
	LogRequest(export, reply, answer.outcome == GENOPS_OUTCOME_DELIVERED);
	genops_http_reply_free(reply);
	Remove(export);
}

void
ExportForgetAll(void)
{
	while (!dlist_is_empty(&exports))
		Remove(dlist_container(Export, link, dlist_head_node(&exports)));
}
