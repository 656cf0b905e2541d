/*
 * The exporter: sends what the ledger holds to where it belongs.
 *
 * A stream per tenant and route, each with one request under way at the most,
 * so that spans arrive in the order in which they were stored; streams do not
 * wait for each other.  The requests under way are limited for each target, not
 * for all together: an endpoint that never answers would use them all up.
 *
 * Segments that the worker has just committed are kept in memory for the stream,
 * up to a limit, so that they needn't be read back; what is not in memory is read
 * from the ledger, behind the last segment that is.  A stream that fails forgets
 * what it has in memory: the ledger has it.
 *
 * The cursor in genops.delivery moves over a segment when the endpoint has
 * answered for all its spans.  It is written a few times a second, in
 * transactions of its own; what was answered in between is sent again after a
 * crash.  A change of the configuration, a pause or a resume ends all requests
 * and reads everything anew.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "configure/route.h"
#include "deliver/control.h"
#include "deliver/cursor.h"
#include "deliver/export.h"
#include "deliver/exporter.h"
#include "deliver/stream.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/work.h"
#include "monotonic.h"
#include "settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define STREAM_MEMORY_LIMIT ((Size) 16 * 1024 * 1024)
#define READ_BYTES ((Size) 2 * 1024 * 1024)
#define READ_SEGMENTS 64
#define RECORD_INTERVAL_MS 200

static MemoryContext context;
static GenopsHttpClient *client;

static Stream **streams;
static int stream_count = 0;
static int stream_room = 0;
static StreamTarget **targets;
static int target_count = 0;

static int batch_spans = 512;
static int schedule_delay_ms = 5000;
static int max_requests = 4;
static char paused_for_all[STREAM_REASON_SIZE] = ""; /* why, or "" */

static bool unfinished_step = false; /* stopped for others' sake */
static int64 newest_seq = 0;
static int64 recorded_at = 0; /* MonotonicMs() when rows were last written */

/* On a standby. */
static uint64 direct_sent;
static uint64 direct_refused;

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
ExporterInit(void)
{
	context = AllocSetContextCreate(TopMemoryContext, "genops exporter", ALLOCSET_DEFAULT_SIZES);
	client = NewClient();
}

void
ExporterEnd(void)
{
	genops_http_client_free(client);
	client = NULL;
}

/*
 * Streams and their targets.
 */
static void
FreeTargets(void)
{
	for (int i = 0; i < target_count; i++)
	{
		DeliveryTargetFree(&targets[i]->delivery);
		pfree(targets[i]->route);
		pfree(targets[i]);
	}
	target_count = 0;
}

static void
LoadTarget(const char *route)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	StreamTarget *loaded = palloc0(sizeof(StreamTarget));

	loaded->route = pstrdup(route);
	targets = targets ? repalloc(targets, (target_count + 1) * sizeof(StreamTarget *))
	                  : palloc(sizeof(StreamTarget *));
	targets[target_count++] = loaded;
	DeliveryTargetLoad(route, &loaded->delivery);
	MemoryContextSwitchTo(old);
}

/* NULL for a route that came after the last refresh. */
static StreamTarget *
TargetOf(const char *route)
{
	for (int i = 0; i < target_count; i++)
		if (strcmp(targets[i]->route, route) == 0)
			return targets[i];
	return NULL;
}

static const char *
WhyNotTo(const StreamTarget *target)
{
	if (paused_for_all[0])
		return paused_for_all;
	return target ? target->delivery.why_not : "its route is about to be read";
}

static void
SetTarget(Stream *stream)
{
	GenopsError error;

	stream->target = TargetOf(stream->route);
	genops_headers_free(&stream->headers);
	stream->headers = GENOPS_NO_HEADERS;
	if (paused_for_all[0] || stream->target == NULL || stream->target->delivery.url == NULL)
	{
		strlcpy(stream->paused, WhyNotTo(stream->target), STREAM_REASON_SIZE);
		return;
	}
	stream->paused[0] = '\0';
	if (!genops_headers_merge(&stream->headers, &stream->target->delivery.headers, &error) ||
	    !genops_headers_set(&stream->headers, GENOPS_LITERAL("Content-Type"),
	                        GENOPS_LITERAL("application/x-protobuf"), &error) ||
	    (stream->tenant_id[0] &&
	     !genops_headers_set(&stream->headers, GENOPS_LITERAL("X-Scope-OrgID"),
	                         genops_slice(stream->tenant_id), &error)))
		strlcpy(stream->paused, error.message, STREAM_REASON_SIZE);
}

static Stream *
AddStream(const char *tenant_id, const char *route)
{
	Stream *stream = StreamNew(context, tenant_id, route);

	if (stream_count == stream_room)
	{
		stream_room = Max(stream_room * 2, 16);
		streams = streams ? repalloc(streams, stream_room * sizeof(Stream *))
		                  : MemoryContextAlloc(context, stream_room * sizeof(Stream *));
	}
	streams[stream_count++] = stream;
	SetTarget(stream);
	return stream;
}

/* That a new route makes its streams wait a moment is not worth telling. */
static void
ShowPause(Stream *stream)
{
	if (stream->paused[0] && stream->target != NULL)
		StreamSetState(stream, "paused", stream->paused);
}

static bool
SameText(GenopsSlice slice, const char *text)
{
	return strncmp(slice.data, text, slice.length) == 0 && text[slice.length] == '\0';
}

static Stream *
StreamOf(const Segment *segment)
{
	Stream *stream;
	char *tenant_id;
	char *route;

	for (int i = 0; i < stream_count; i++)
		if (!streams[i]->is_resend && SameText(segment->tenant_id, streams[i]->tenant_id) &&
		    SameText(segment->route, streams[i]->route))
			return streams[i];
	tenant_id = pnstrdup(segment->tenant_id.data, segment->tenant_id.length);
	route = pnstrdup(segment->route.data, segment->route.length);
	stream = AddStream(tenant_id, route);
	pfree(tenant_id);
	pfree(route);
	ShowPause(stream);
	return stream;
}

static void
LoadStreams(void)
{
	int count;
	CursorStream *rows = CursorStreams(&count);

	for (int i = 0; i < count; i++)
	{
		Stream *stream;

		if (TargetOf(rows[i].route) == NULL)
			LoadTarget(rows[i].route);
		stream = AddStream(rows[i].tenant_id, rows[i].route);
		stream->cursor_seq = stream->read_seq = rows[i].cursor_seq;
		stream->pending = rows[i].pending;
		stream->more_on_disk = stream->pending > 0;
		StreamRestoreState(stream, rows[i].state, rows[i].reason);
		ShowPause(stream);
		if (!stream->paused[0] && strcmp(rows[i].state, "paused") == 0)
			StreamSetState(stream, "delivering", "");
	}
}

static void
LoadResends(void)
{
	int count;
	ResendRange *ranges = ResendRanges(&count);

	for (int i = 0; i < count; i++)
	{
		Stream *stream = AddStream(ranges[i].tenant_id, ranges[i].route);

		stream->is_resend = true;
		stream->range = ranges[i];
		stream->range.tenant_id = stream->tenant_id;
		stream->range.route = stream->route;
		stream->cursor_seq = stream->read_seq = ranges[i].next_seq - 1;
		stream->more_on_disk = true;
		ShowPause(stream);
	}
}

static const char *
WhyPaused(const LedgerState *state)
{
	DeliveryHold hold = HOLD_NONE;

	if (!setting_export)
		hold = HOLD_SWITCHED_OFF;
	else if (state->is_copy)
		hold = HOLD_COPY;
	else if (state->paused)
		hold = HOLD_PAUSED;
	return hold == HOLD_NONE ? "" : DeliveryHoldReason(hold);
}

static void
LoadTargets(const Configuration *configuration)
{
	FreeTargets();
	LoadTarget("");
	for (int i = 0; i < configuration->route_count; i++)
	{
		const Route *route = &configuration->routes[i];

		if (route->own_target)
			LoadTarget(pnstrdup(route->name.data, route->name.length));
	}
}

static void
FreeStreams(void)
{
	for (int i = 0; i < stream_count; i++)
		StreamFree(streams[i]);
	stream_count = 0;
}

void
ExporterRefresh(void)
{
	const Configuration *configuration = ConfigurationGet();
	LedgerState state = LedgerStateRead();
	GenopsHttpClient *fresh = NewClient(); /* may fail, and then there is still the old one */

	ExporterEnd();
	ExportForgetAll();
	client = fresh;

	batch_spans = configuration->max_export_batch_size;
	schedule_delay_ms = configuration->schedule_delay_ms;
	max_requests = configuration->max_concurrent_requests;
	LoadTargets(configuration);
	if (RecoveryInProgress())
	{
		/* The rows are the primary's; what is under way here starts again. */
		strlcpy(paused_for_all, setting_export ? "" : WhyPaused(&state), STREAM_REASON_SIZE);
		for (int i = 0; i < stream_count; i++)
			SetTarget(streams[i]);
		return;
	}
	strlcpy(paused_for_all, WhyPaused(&state), STREAM_REASON_SIZE);
	newest_seq = state.newest_seq;
	FreeStreams();
	LoadStreams();
	LoadResends();
}

/*
 * Taking and reading segments.
 */
void
ExporterTake(const Segment *segments, int segment_count)
{
	int64 now = MonotonicMs();

	for (int i = 0; i < segment_count; i++)
	{
		Stream *stream;

		newest_seq = segments[i].seq;
		if (!segments[i].sampled)
			continue;
		stream = StreamOf(&segments[i]);
		stream->pending += segments[i].span_count;
		if (stream->more_on_disk || stream->paused[0] ||
		    stream->retry.state != GENOPS_STREAM_DELIVERING || stream_memory > STREAM_MEMORY_LIMIT)
			stream->more_on_disk = true;
		else
			StreamAppend(stream, &segments[i], now);
	}
}

static void
ReadMore(Stream *stream)
{
	Segment *segments;
	int count;
	int64 now = MonotonicMs();

	if (!WorkBegin())
		return;
	segments = LedgerReadSegments(stream->tenant_id, stream->route, stream->read_seq, READ_SEGMENTS,
	                              READ_BYTES, &count);
	stream->more_on_disk = count > 0;
	stream->changed |= stream->is_resend; /* it may be at its end */
	for (int i = 0; i < count; i++)
	{
		if (stream->is_resend && segments[i].seq > stream->range.last_seq)
		{
			stream->more_on_disk = false;
			break;
		}
		StreamAppend(stream, &segments[i], now);
	}
	WorkCommit();
}

/*
 * Sending.
 */
static bool
MaySend(const Stream *stream)
{
	return !stream->in_flight && !stream->paused[0] && stream->target->in_flight < max_requests &&
	       (stream->waiting_spans > 0 || stream->more_on_disk) &&
	       genops_retry_due(&stream->retry, MonotonicMs());
}

/* The first span that waits may be gone after a crash: it can't be sent yet. */
static bool
WaitsForDisk(Stream *stream, int64 durable)
{
	const WaitingSegment *first = StreamFirst(stream);

	return first != NULL && first->seq > durable;
}

/* Whether as many spans as a request takes may be sent. */
static bool
BatchIsFull(Stream *stream, int64 durable)
{
	slist_iter iter;
	int spans = 0;

	if (stream->waiting_spans < batch_spans || stream->read_seq <= durable)
		return stream->waiting_spans >= batch_spans;
	slist_foreach(iter, &stream->waiting)
	{
		const WaitingSegment *waiting = slist_container(WaitingSegment, link, iter.cur);

		if (spans >= batch_spans || waiting->seq > durable)
			break;
		spans += waiting->span_count;
	}
	return spans >= batch_spans;
}

/* Milliseconds until the stream's first segment has waited long enough. */
static long
Wait(Stream *stream, int64 durable)
{
	WaitingSegment *first = StreamFirst(stream);

	if (first == NULL || stream->more_on_disk || stream->is_resend || stream->done > 0 ||
	    BatchIsFull(stream, durable))
		return 0;
	return Max((long) (first->since + schedule_delay_ms - MonotonicMs()), 0);
}

static bool
StartRequests(bool hurry, int64 durable)
{
	static int turn = 0;
	int first = turn;
	bool started = false;

	for (int i = 0; i < stream_count; i++)
	{
		int index = (first + i) % stream_count;
		Stream *stream = streams[index];

		if (!MaySend(stream))
			continue;
		if (stream->waiting_spans == 0)
			ReadMore(stream);
		if (stream->waiting_spans == 0 || WaitsForDisk(stream, durable) ||
		    (!hurry && Wait(stream, durable) > 0))
			continue;
		ExportStart(client, stream, batch_spans, durable);
		turn = index + 1;
		started = true;
	}
	return started;
}

static bool
FinishRequests(void)
{
	GenopsHttpReply reply;
	bool finished = false;

	while (genops_http_next_finished(client, &reply))
	{
		ExportFinish(&reply);
		finished = true;
	}
	return finished;
}

/*
 * A fast endpoint answers while the request is being sent.  Such an answer must
 * be fetched before the worker sleeps, since no socket will wake it; but storing
 * has its turn after some rounds.
 */
void
ExporterStep(bool hurry, int64 durable, int rounds)
{
	unfinished_step = false;
	for (int round = 0; round < rounds; round++)
	{
		bool finished;

		genops_http_progress(client);
		finished = FinishRequests();
		if (!StartRequests(hurry, durable) && !finished)
			return;
	}
	unfinished_step = true;
}

/*
 * Recording what became of them.
 */
static void
RecordStream(Stream *stream)
{
	CursorChange change = stream->change;

	if (stream->is_resend)
	{
		if (change.settled_seq != 0)
			ResendAdvance(&stream->range, change.settled_seq + 1);
		else if (!stream->more_on_disk && stream->waiting_spans == 0)
			ResendAdvance(&stream->range, stream->range.last_seq + 1);
		change.settled_seq = 0;
	}
	CursorApply(stream->tenant_id, stream->route, &change);
}

static bool
AnythingToRecord(void)
{
	for (int i = 0; i < stream_count; i++)
		if (streams[i]->changed)
			return true;
	return false;
}

static void
ForgetChanges(void)
{
	for (int i = 0; i < stream_count; i++)
	{
		memset(&streams[i]->change, 0, sizeof(CursorChange));
		streams[i]->changed = false;
	}
	recorded_at = MonotonicMs();
}

/* A range that is sent is no stream any more. */
static void
DropSentRanges(void)
{
	int kept = 0;

	for (int i = 0; i < stream_count; i++)
	{
		Stream *stream = streams[i];

		if (stream->is_resend && !stream->in_flight && stream->waiting_spans == 0 &&
		    !stream->more_on_disk)
			StreamFree(stream);
		else
			streams[kept++] = stream;
	}
	stream_count = kept;
}

void
ExporterRecord(bool now)
{
	if (!AnythingToRecord() || (!now && MonotonicMs() < recorded_at + RECORD_INTERVAL_MS))
		return;
	if (RecoveryInProgress())
	{
		for (int i = 0; i < stream_count; i++)
		{
			direct_sent += streams[i]->change.exported;
			direct_refused += streams[i]->change.rejected;
		}
		ForgetChanges();
		return;
	}
	if (!WorkBegin())
		return;
	for (int i = 0; i < stream_count; i++)
		if (streams[i]->changed)
			RecordStream(streams[i]);
	WorkCommit();
	ForgetChanges();
	DropSentRanges();
}

/*
 * For the worker's sleep, and for those who wait.
 */
int
ExporterSocketCount(void)
{
	GenopsHttpSocket none;

	return (int) genops_http_sockets(client, &none, 0);
}

void
ExporterAddSockets(WaitEventSet *set)
{
	int count = ExporterSocketCount();
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

static long
Sooner(long a, long b)
{
	return a < 0 ? b : b < 0 ? a : Min(a, b);
}

long
ExporterTimeout(int64 durable)
{
	long timeout = unfinished_step ? 0 : genops_http_timeout_ms(client);

	if (AnythingToRecord())
		timeout = Sooner(timeout, RECORD_INTERVAL_MS);
	for (int i = 0; i < stream_count; i++)
	{
		Stream *stream = streams[i];
		long retry_wait;

		if (stream->in_flight || stream->paused[0] || stream->target->in_flight >= max_requests ||
		    (stream->waiting_spans == 0 && !stream->more_on_disk) || WaitsForDisk(stream, durable))
			continue;
		retry_wait = genops_retry_wait_ms(&stream->retry, MonotonicMs());
		timeout = Sooner(timeout, Max(retry_wait, Wait(stream, durable)));
	}
	return timeout;
}

int64
ExporterSettled(void)
{
	int64 settled = newest_seq;

	for (int i = 0; i < stream_count; i++)
	{
		Stream *stream = streams[i];
		WaitingSegment *first = StreamFirst(stream);

		if (!stream->is_resend && stream->pending > 0)
			settled = Min(settled, first ? first->seq - 1 : stream->cursor_seq);
	}
	return AnythingToRecord() ? Min(settled, newest_seq - 1) : settled;
}

static bool
CanMove(const Stream *stream)
{
	return !stream->paused[0] && stream->retry.state != GENOPS_STREAM_BLOCKED;
}

int64
ExporterStalled(void)
{
	bool pending = false;

	for (int i = 0; i < stream_count; i++)
	{
		if (streams[i]->is_resend || streams[i]->pending == 0)
			continue;
		if (CanMove(streams[i]))
			return 0;
		pending = true;
	}
	return pending && !AnythingToRecord() ? newest_seq : 0;
}

bool
ExporterIdle(void)
{
	if (export_in_flight > 0 || AnythingToRecord())
		return false;
	for (int i = 0; i < stream_count; i++)
		if (!streams[i]->paused[0] && (streams[i]->pending > 0 || streams[i]->is_resend))
			return false;
	return true;
}

/*
 * On a standby.
 */
void
ExporterSendDirect(const Segment *segments, int segment_count)
{
	direct_sent = direct_refused = 0;
	for (int i = 0; i < segment_count; i++)
	{
		Stream *stream;

		if (!segments[i].sampled)
		{
			direct_refused += segments[i].span_count;
			continue;
		}
		stream = StreamOf(&segments[i]);
		stream->memory_only = true;
		stream->pending += segments[i].span_count;
		StreamAppend(stream, &segments[i], MonotonicMs());
	}
}

bool
ExporterDirectDone(uint64 *sent, uint64 *refused)
{
	for (int i = 0; i < stream_count; i++)
		if (streams[i]->pending > 0)
			return false;
	ExporterRecord(true);
	*sent = direct_sent;
	*refused = direct_refused;
	return true;
}
