/* SPDX-License-Identifier: PostgreSQL */
/*
 * Requests with batches of spans, and their answers.
 *
 * Bytes of a batch stay in its stream's memory and are sent from there, so a stream is
 * not removed while its request is under way, and what waits in it is not freed.
 */
#include "postgres.h"

#include <time.h>

#include "core/net/answer.h"
#include "core/net/export_request.h"
#include "deliver/request.h"
#include "deliver/streams.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define CONNECT_TIMEOUT_MS 10000
#define GRACE_MS 1000 /* for requests whose target is another now */

/* What is under way.  The answer's user_data. */
typedef struct Request
{
	dlist_node link;
	GenopsBatch batch;
	GenopsHeaders headers; /* the target's and the tenant's */
	int64 started_at;      /* MonotonicMs() */
	uint8 heads[GENOPS_BATCH_SEGMENTS * GENOPS_EXPORT_HEAD_SIZE];
	GenopsSlice runs[2 * GENOPS_BATCH_SEGMENTS];
} Request;

static GenopsHttpClient *client = NULL;
static MemoryContext context;
static dlist_head requests = DLIST_STATIC_INIT(requests);
static int64 anew_at = 0; /* MonotonicMs(); 0: no new client is wanted */

static GenopsHttpClient *
NewClient(void)
{
	GenopsError error;
	GenopsHttpClient *made;

	made = genops_http_client_new("OTel-OTLP-Exporter-C-genops_tempo/" GENOPS_VERSION, &error);
	if (made == NULL)
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		                errmsg("could not start the HTTP client: %s", error.message)));
	return made;
}

void
RequestsInit(void)
{
	context = AllocSetContextCreate(TopMemoryContext, "genops requests", ALLOCSET_DEFAULT_SIZES);
	client = NewClient();
}

void
RequestsEnd(void)
{
	genops_http_client_free(client);
	client = NULL;
}

int
RequestsUnderWay(void)
{
	return genops_streams_in_flight(StreamsAll());
}

static void
RemoveRequest(Request *request)
{
	dlist_delete(&request->link);
	genops_batch_free(&request->batch);
	genops_headers_free(&request->headers);
	pfree(request);
}

/*
 * Answers.
 */

/* An endpoint that takes nothing is told of once, not with every request. */
static void
TellRejection(const GenopsStream *stream)
{
	char *reason;

	if (!WorkerTells(LOG_LEVEL_WARNING))
		return;
	reason = StreamText(stream->last_error);
	ereport(LOG, (errmsg("spans of tenant \"%s\" are rejected: %s",
	                     stream->tenant[0] ? stream->tenant : "(none)",
	                     reason[0] ? reason : "no reason given"),
	              errhint("They are counted in genops.stat_delivery, and still in the ledger.")));
	pfree(reason);
}

static GenopsVerdict
Judge(GenopsStream *stream, int span_count, const GenopsAnswer *answer, size_t sent_bytes)
{
	return genops_stream_answered(StreamsAll(), stream, span_count, answer, sent_bytes,
	                              GetCurrentTimestamp(), MonotonicMs());
}

static void
TellVerdict(GenopsStream *stream, GenopsVerdict verdict)
{
	if (verdict.began_rejecting)
		TellRejection(stream);
	StreamTell(stream);
}

/* What the log hears of a request that is no more. */
typedef struct FinishedRequest
{
	const GenopsStream *stream;
	int span_count;
	size_t sent_bytes;
	int status;
	int64 took_ms;
} FinishedRequest;

/* Not the address, whose query may have a secret. */
static void
TellRequest(const FinishedRequest *request, const GenopsAnswer *answer)
{
	const GenopsStream *stream = request->stream;
	char *reason;

	if (!WorkerTells(LOG_LEVEL_DEBUG))
		return;
	reason = StreamText(answer->outcome == GENOPS_OUTCOME_DELIVERED ? "" : answer->reason);
	ereport(LOG, (errmsg("sent %d spans of tenant \"%s\" in %zu bytes: HTTP %d after " INT64_FORMAT
	                     " ms%s%s",
	                     request->span_count, stream->tenant[0] ? stream->tenant : "(none)",
	                     request->sent_bytes, request->status, request->took_ms,
	                     reason[0] ? ": " : "", reason)));
	pfree(reason);
}

/* Telling may fail: it comes last. */
static void
Finish(GenopsHttpReply *reply)
{
	Request *request = reply->user_data;
	GenopsStream *stream = request->batch.stream;
	size_t bytes = reply->failure == GENOPS_HTTP_ANSWERED ? reply->sent_bytes : 0;
	FinishedRequest finished = {
		.stream = stream,
		.span_count = request->batch.span_count,
		.sent_bytes = reply->sent_bytes,
		.status = reply->status,
		.took_ms = MonotonicMs() - request->started_at,
	};
	GenopsVerdict verdict;
	GenopsAnswer answer;

	HOLD_INTERRUPTS();
	genops_answer_judge(reply, &request->headers, request->batch.span_count, (int64) time(NULL),
	                    &answer);
	verdict = Judge(stream, finished.span_count, &answer, bytes);
	genops_http_reply_free(reply);
	RemoveRequest(request);
	TellRequest(&finished, &answer);
	TellVerdict(stream, verdict);
	RESUME_INTERRUPTS();
}

static void
GiveUpAll(void)
{
	GenopsHttpClient *fresh = NewClient(); /* may fail, and then there is still the old one */

	RequestsEnd();
	client = fresh;
	anew_at = 0;
	while (!dlist_is_empty(&requests))
	{
		Request *request = dlist_container(Request, link, dlist_head_node(&requests));
		GenopsStream *stream = request->batch.stream;

		RemoveRequest(request);
		genops_stream_given_up(StreamsAll(), stream, MonotonicMs());
	}
}

void
RequestsGoOn(void)
{
	GenopsHttpReply reply;

	genops_http_progress(client);
	while (genops_http_next_finished(client, &reply))
		Finish(&reply);
	if (anew_at != 0 && (dlist_is_empty(&requests) || MonotonicMs() >= anew_at))
		GiveUpAll();
}

void
RequestsStartAnew(void)
{
	if (anew_at == 0)
		anew_at = MonotonicMs() + GRACE_MS;
}

bool
RequestsMayStart(void)
{
	return anew_at == 0;
}

void
RequestsDrop(void)
{
	if (!dlist_is_empty(&requests))
		GiveUpAll();
}

/*
 * Starting.
 */
static bool
MakeHeaders(Request *request, GenopsError *error)
{
	const GenopsStream *stream = request->batch.stream;

	request->headers = GENOPS_NO_HEADERS;
	return genops_headers_merge(&request->headers, &StreamTarget(stream)->headers, error) &&
	       genops_headers_set(&request->headers, GENOPS_LITERAL("Content-Type"),
	                          GENOPS_LITERAL("application/x-protobuf"), error) &&
	       (stream->tenant[0] == '\0' ||
	        genops_headers_set(&request->headers, GENOPS_LITERAL("X-Scope-OrgID"),
	                           genops_slice(stream->tenant), error));
}

static bool
Send(Request *request, GenopsError *error)
{
	const DeliveryTarget *target = StreamTarget(request->batch.stream);
	GenopsHttpRequest http = {
		.method = GENOPS_HTTP_POST,
		.url = target->url,
		.headers = &request->headers,
		.body = request->runs,
		.gzip = target->gzip,
		.timeout_ms = target->timeout_ms,
		.connect_timeout_ms = target->timeout_ms > 0 ? Min(target->timeout_ms, CONNECT_TIMEOUT_MS)
		                                             : CONNECT_TIMEOUT_MS,
		.ca_file = target->ca_file,
		.client_certificate = target->client_certificate,
		.client_key = target->client_key,
		.user_data = request,
	};
	size_t body_size;

	return genops_export_frame(request->batch.segments, request->batch.segment_count,
	                           request->heads, request->runs, &http.body_count, &body_size,
	                           error) &&
	       genops_http_start(client, &http, error);
}

/* As if the endpoint had answered so. */
static void
AnswerForIt(Request *request, GenopsOutcome outcome, const GenopsError *error)
{
	GenopsStream *stream = request->batch.stream;
	int span_count = request->batch.span_count;
	GenopsAnswer answer = { .outcome = outcome };

	strlcpy(answer.reason, error->message, sizeof(answer.reason));
	RemoveRequest(request);
	TellVerdict(stream, Judge(stream, span_count, &answer, 0));
}

void
RequestStart(GenopsStream *stream, int64 durable_seq)
{
	Request *request = MemoryContextAlloc(context, sizeof(Request));
	GenopsError error;

	request->started_at = MonotonicMs();
	request->headers = GENOPS_NO_HEADERS;
	dlist_push_tail(&requests, &request->link);
	if (!genops_batch_take(stream, StreamsBatchSpans(), durable_seq, &request->batch, &error))
	{
		AnswerForIt(request, GENOPS_OUTCOME_REJECTED, &error);
		return;
	}
	if (!MakeHeaders(request, &error))
	{
		RemoveRequest(request);
		genops_stream_set_unfit(StreamsAll(), stream, error.message, MonotonicMs());
		StreamTell(stream);
		return;
	}
	if (!Send(request, &error))
	{
		AnswerForIt(request,
		            error.code == GENOPS_TOO_LARGE ? GENOPS_OUTCOME_TOO_LARGE
		                                           : GENOPS_OUTCOME_RETRY,
		            &error);
		return;
	}
	genops_stream_sent(StreamsAll(), &request->batch);
}

/*
 * For the worker's sleep.
 */
long
RequestsWait(void)
{
	long wait = genops_http_timeout_ms(client);

	if (anew_at == 0)
		return wait;
	return wait < 0 ? Max((long) (anew_at - MonotonicMs()), 0)
	                : Min(wait, Max((long) (anew_at - MonotonicMs()), 0));
}

int
RequestsSocketCount(void)
{
	GenopsHttpSocket none;

	return (int) genops_http_sockets(client, &none, 0);
}

void
RequestsAddSockets(WaitEventSet *set)
{
	int count = RequestsSocketCount();
	GenopsHttpSocket *sockets = palloc(Max(count, 1) * sizeof(GenopsHttpSocket));

	(void) genops_http_sockets(client, sockets, count);
	for (int i = 0; i < count; i++)
	{
		uint32 events = (sockets[i].want_read ? WL_SOCKET_READABLE : 0) |
		                (sockets[i].want_write ? WL_SOCKET_WRITEABLE : 0);

		if (events != 0)
			AddWaitEventToSet(set, events, sockets[i].fd, NULL, NULL);
	}
	pfree(sockets);
}
