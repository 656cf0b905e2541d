/* SPDX-License-Identifier: PostgreSQL */
/*
 * The streams of this database.
 *
 * A stream is in memory while it has something to send, and a minute longer; its row in
 * genops.delivery stays.  One that is not in memory has nothing behind its cursor, or is
 * known to core/export to be left out.  Segments that were just committed are handed
 * over in memory; what is not taken stays in the ledger, from where the stream
 * reads it in its turn.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "common/pg_prng.h"
#include "compat.h"
#include "configure/route.h"
#include "deliver/resend.h"
#include "deliver/streams.h"
#include "keep/ledger.h"
#include "keep/segment_scan.h"
#include "mb/pg_wchar.h"
#include "monotonic.h"
#include "settings.h"
#include "utils/memutils.h"

#define STREAM_MEMORY ((size_t) 14 * 1024 * 1024)
#define READ_BYTES ((Size) 1024 * 1024)
#define READ_SEGMENTS 64
#define SHOWN_BYTES 320

/* So many streams that are behind read the ledger together, for so long; those that have
 * read so many segments more take part. */
#define SWEEP_STREAMS 8
#define SWEEP_MOST 250
#define SWEEP_MS 200
#define SWEEP_WINDOW 100000

/* State changes that the log hears of in a minute; of a server full of tenants not
 * each. */
#define TOLD_A_MINUTE 100

static GenopsStreams *streams;
static int batch_spans = 512;
static int64 newest_seq = 0;

/* Of ranges: the stream's number, and what it is. */
typedef struct RangeData
{
	ResendRange range;
} RangeData;

static int64 last_range = 0;

static void
RequireMemory(const void *memory)
{
	if (memory == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

GenopsStreams *
StreamsAll(void)
{
	return streams;
}

int
StreamsBatchSpans(void)
{
	return batch_spans;
}

int64
StreamsNewest(void)
{
	return newest_seq;
}

void
StreamsSetNewest(int64 seq)
{
	newest_seq = seq;
}

/*
 * Targets.
 */

/* Where spans go, as it was read, with the times of the files that are named: they may
 * be another's certificates under the same names. */
typedef struct LoadedTarget
{
	DeliveryTarget delivery;
	int64 file_times;
} LoadedTarget;

static int64
FileTime(const char *path)
{
	struct stat found;

	return path != NULL && stat(path, &found) == 0 ? (int64) found.st_mtime + found.st_size : 0;
}

static LoadedTarget *
LoadTarget(const char *route)
{
	LoadedTarget *loaded;
	DeliveryTarget delivery;

	DeliveryTargetLoad(route, &delivery); /* may fail: nothing is allocated yet */
	loaded = MemoryContextAlloc(TopMemoryContext, sizeof(LoadedTarget));
	loaded->delivery = delivery;
	loaded->file_times = FileTime(delivery.ca_file) + FileTime(delivery.client_certificate) +
	                     FileTime(delivery.client_key);
	return loaded;
}

static void
FreeTarget(LoadedTarget *loaded)
{
	if (loaded == NULL)
		return;
	DeliveryTargetFree(&loaded->delivery);
	pfree(loaded);
}

static bool
SameText(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
SameHeaders(const GenopsHeaders *a, const GenopsHeaders *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!SameText(a->items[i].name, b->items[i].name) ||
		    !SameText(a->items[i].value, b->items[i].value))
			return false;
	return true;
}

static bool
SameTarget(const LoadedTarget *a, const LoadedTarget *b)
{
	const DeliveryTarget *x = &a->delivery;
	const DeliveryTarget *y = &b->delivery;

	return SameText(x->url, y->url) && SameHeaders(&x->headers, &y->headers) &&
	       SameText(x->ca_file, y->ca_file) &&
	       SameText(x->client_certificate, y->client_certificate) &&
	       SameText(x->client_key, y->client_key) && x->timeout_ms == y->timeout_ms &&
	       x->gzip == y->gzip && a->file_times == b->file_times;
}

/* True if requests go elsewhere, or look otherwise, from now on. */
static bool
SetTarget(GenopsExportTarget *target, LoadedTarget *loaded, const char *why_not, bool all)
{
	LoadedTarget *before = target->caller_data;
	bool another = before == NULL || !SameTarget(before, loaded);
	int64 now = MonotonicMs();

	target->caller_data = loaded;
	if (why_not[0] != '\0')
		genops_target_pause(streams, target, why_not, now);
	else if (loaded->delivery.url == NULL)
		genops_target_pause(streams, target, loaded->delivery.why_not, now);
	else
		genops_target_open(streams, target, now);
	genops_target_probe(streams, target, another || all, now);
	another = another && before != NULL && target->in_flight > 0;
	FreeTarget(before);
	return another;
}

/* The routes that have a target of their own, the configuration's own target, and
 * those that streams have been loaded for. */
static void
NameTargets(const Configuration *configuration)
{
	RequireMemory(genops_streams_target(streams, GENOPS_LITERAL("")));
	for (int i = 0; i < configuration->route_count; i++)
		if (configuration->routes[i].own_target)
			RequireMemory(genops_streams_target(streams, configuration->routes[i].name));
}

static GenopsExportLimits
LimitsOf(const Configuration *configuration)
{
	return (GenopsExportLimits){
		.memory = STREAM_MEMORY,
		.batch_spans = configuration->max_export_batch_size,
		.batch_delay_ms = configuration->schedule_delay_ms,
		.requests = configuration->max_concurrent_requests,
		.retry = genops_retry_defaults,
	};
}

bool
StreamsConfigure(const Configuration *configuration, const char *why_not, bool probe_all)
{
	GenopsExportLimits limits = LimitsOf(configuration);
	bool another = false;

	batch_spans = limits.batch_spans;
	genops_streams_limit(streams, &limits, MonotonicMs());
	NameTargets(configuration);
	for (GenopsExportTarget *target = genops_streams_first_target(streams); target != NULL;
	     target = target->next)
		another |= SetTarget(target, LoadTarget(target->name), why_not, probe_all);
	return another;
}

bool
StreamsMissTarget(void)
{
	const GenopsExportTarget *target = genops_streams_first_target(streams);

	while (target != NULL && target->caller_data != NULL)
		target = target->next;
	return target != NULL;
}

const DeliveryTarget *
StreamTarget(const GenopsStream *stream)
{
	const LoadedTarget *loaded = stream->target->caller_data;

	return &loaded->delivery;
}

void
StreamsReset(void)
{
	GenopsExportLimits limits = { .memory = STREAM_MEMORY,
		                          .batch_spans = batch_spans,
		                          .retry = genops_retry_defaults };

	if (streams != NULL)
		for (GenopsExportTarget *target = genops_streams_first_target(streams); target != NULL;
		     target = target->next)
			FreeTarget(target->caller_data);
	genops_streams_free(streams);
	streams = genops_streams_new(&limits, pg_prng_uint64(&pg_global_prng_state));
	RequireMemory(streams);
	newest_seq = 0;
}

/*
 * What the log hears.
 */

/* The state that the log knows of. */
static GenopsDeliveryState
ToldState(const GenopsStream *stream)
{
	return stream->range != 0 ? stream->state
	                          : (GenopsDeliveryState) (intptr_t) stream->caller_data;
}

static void
SetToldState(GenopsStream *stream, GenopsDeliveryState state)
{
	if (stream->range == 0)
		stream->caller_data = (void *) (intptr_t) state;
}

/* Whether one more line is bearable; says at the end of a minute how many were not. */
static bool
MayTell(void)
{
	static int64 minute = 0;
	static int told = 0;
	int64 now_minute = MonotonicMs() / 60000;

	if (now_minute != minute)
	{
		if (told > TOLD_A_MINUTE)
			ereport(LOG, (errmsg("the state of delivery changed for %d more tenants",
			                     told - TOLD_A_MINUTE),
			              errhint("See genops.stat_delivery.")));
		minute = now_minute;
		told = 0;
	}
	return ++told <= TOLD_A_MINUTE;
}

char *
StreamText(const char *text)
{
	char *copy = pnstrdup(text ? text : "", SHOWN_BYTES);

	if (GetDatabaseEncoding() == PG_UTF8)
		copy[pg_encoding_mbcliplen(PG_UTF8, copy, (int) strlen(copy), SHOWN_BYTES - 1)] = '\0';
	else
		for (char *c = copy; *c; c++)
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
	return copy;
}

void
StreamTell(GenopsStream *stream)
{
	GenopsDeliveryState before = ToldState(stream);
	const char *tenant = stream->tenant[0] ? stream->tenant : "(none)";
	char *reason;

	if (stream->state == before)
		return;
	SetToldState(stream, stream->state);
	if (!WorkerTells(stream->state == GENOPS_DELIVERING ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING) ||
	    !MayTell())
		return;
	reason = StreamText(stream->reason);
	if (stream->state == GENOPS_DELIVERING)
		ereport(LOG, (errmsg("delivery for tenant \"%s\" goes on, it was %s", tenant,
		                     genops_delivery_state_name(before))));
	else
		ereport(LOG, (errmsg("delivery for tenant \"%s\" is %s: %s", tenant,
		                     genops_delivery_state_name(stream->state), reason)));
	pfree(reason);
}

/*
 * Streams.
 */
static GenopsStream *
Add(GenopsSlice tenant_id, GenopsSlice route, const GenopsStreamPast *past)
{
	GenopsStream *stream = genops_streams_add(streams, tenant_id, route, 0, past, MonotonicMs());

	if (stream == NULL)
		return NULL;
	SetToldState(stream, past->state);
	StreamTell(stream);
	return stream;
}

/*
 * The cursor of a row that somebody has moved, by genops_resume_delivery('now') or
 * because retention came first, is the truth.
 */
static void
FollowCursor(GenopsStream *stream, const CursorRow *row)
{
	if (stream->recorded_seq != row->cursor_seq)
		genops_stream_move(streams, stream, row->cursor_seq, row->newest_seq > row->cursor_seq,
		                   MonotonicMs());
}

/* False where it found no room. */
static bool
MeetStream(const CursorStream *loaded)
{
	GenopsStreamPast past = {
		.established = loaded->row.established,
		.cursor_seq = loaded->row.cursor_seq,
		.more_stored = loaded->row.newest_seq > loaded->row.cursor_seq,
		.reason = loaded->reason,
	};
	GenopsSlice tenant_id = genops_slice(loaded->tenant_id);
	GenopsSlice route = genops_slice(loaded->route);
	GenopsStream *stream;

	(void) genops_delivery_state_of(loaded->state, &past.state);
	stream = genops_streams_find(streams, tenant_id, route, 0);
	if (stream != NULL)
		FollowCursor(stream, &loaded->row);
	else if (past.more_stored || past.state != GENOPS_DELIVERING)
		return Add(tenant_id, route, &past) != NULL;
	return true;
}

static void
MeetRow(const CursorStream *loaded, void *unused)
{
	(void) unused;
	(void) MeetStream(loaded);
}

void
StreamsMeetRows(void)
{
	genops_streams_look_again(streams);
	CursorVisitRows(false, MeetRow, NULL);
}

/*
 * Where there is not room for all, each look begins with the row that found none
 * before, and ends with those in front of it.
 */
typedef struct LoadPass
{
	int64 at;    /* rows that were visited */
	int64 first; /* those from here on, up to last, are met */
	int64 last;
	int64 without_room; /* the first that found none; -1: all did */
} LoadPass;

static void
LoadRow(const CursorStream *loaded, void *argument)
{
	LoadPass *pass = argument;
	int64 at = pass->at++;

	if (at >= pass->first && at < pass->last && !MeetStream(loaded) && pass->without_room < 0)
		pass->without_room = at;
}

void
StreamsLoad(void)
{
	static int64 begin = 0;
	LoadPass behind = { .first = begin, .last = PG_INT64_MAX, .without_room = -1 };
	LoadPass before = { .last = begin, .without_room = -1 };

	genops_streams_look_again(streams);
	CursorVisitRows(true, LoadRow, &behind);
	if (begin > 0)
		CursorVisitRows(true, LoadRow, &before);
	begin = Max(behind.without_room >= 0 ? behind.without_room : before.without_room, 0);
}

static GenopsStream *
Find(GenopsSlice tenant_id, GenopsSlice route, const CursorRow *before)
{
	bool more_stored = before->newest_seq > before->cursor_seq;
	GenopsStream *stream = genops_streams_find(streams, tenant_id, route, 0);
	GenopsStreamPast past = {
		.established = before->established,
		.cursor_seq = before->cursor_seq,
		.more_stored = more_stored,
	};

	if (stream == NULL)
		return Add(tenant_id, route, &past);
	FollowCursor(stream, before);
	genops_stream_fill_gap(streams, stream, before->newest_seq, MonotonicMs());
	return stream;
}

static GenopsSlice
BytesOf(const Segment *segment)
{
	return (GenopsSlice){ VARDATA_ANY(segment->bytes), VARSIZE_ANY_EXHDR(segment->bytes) };
}

void
StreamsTake(const Segment *const *segments, int count, const CursorRow *before)
{
	GenopsStream *stream = NULL;
	int64 now = MonotonicMs();

	for (int i = 0; i < count; i++)
	{
		if (!segments[i]->sampled)
			continue;
		if (stream == NULL)
			stream = Find(segments[i]->tenant_id, segments[i]->route, before);
		if (stream == NULL)
			return; /* left out */
		(void) genops_stream_append(streams, stream, segments[i]->seq, segments[i]->span_count,
		                            BytesOf(segments[i]), GENOPS_ABSENT, now);
	}
}

/* Of one stream, by the index of streams. */
static void
ReadAlone(GenopsStream *stream)
{
	int64 now = MonotonicMs();
	int64 read_seq = stream->read_seq;
	Size bytes = 0;
	Segment *segments;
	int count;
	bool more;

	segments = LedgerReadSegments(stream->tenant, stream->route, stream->read_seq, READ_SEGMENTS,
	                              READ_BYTES, &count);
	for (int i = 0; i < count; i++)
		bytes += BytesOf(&segments[i]).length;
	more = count == READ_SEGMENTS || bytes >= READ_BYTES;
	for (int i = 0; i < count; i++)
	{
		if (segments[i].seq > stream->last_seq)
		{
			more = false;
			break;
		}
		if (!genops_stream_append_read(streams, stream, segments[i].seq, segments[i].span_count,
		                               BytesOf(&segments[i]), now))
		{
			more = true; /* there is no memory, now */
			break;
		}
	}
	if (!more)
		read_seq = Min(Max(newest_seq, read_seq), stream->last_seq);
	genops_stream_read(streams, stream, read_seq, more, now);
}

/*
 * A sweep: many streams are behind, and what they are to read lies in the same rows.
 */
typedef struct Sweep
{
	int64 seq;   /* read up to here */
	bool at_end; /* of the ledger */
	int64 until; /* MonotonicMs() */
} Sweep;

static void
SweepSegment(SegmentScan *scan, const StoredSegment *segment)
{
	GenopsStream *stream = genops_streams_find(streams, segment->tenant_id, segment->route, 0);
	struct varlena *bytes;

	if (stream == NULL || !genops_stream_sweeps(streams, stream) ||
	    segment->seq <= stream->read_seq)
		return;
	bytes = SegmentScanBytes(scan);
	if (!genops_stream_append_read(streams, stream, segment->seq, segment->span_count,
	                               (GenopsSlice){ VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes) },
	                               MonotonicMs()) ||
	    stream->waiting_spans >= 2 * batch_spans)
		genops_stream_leave_sweep(streams, stream, MonotonicMs());
	pfree(bytes);
}

/* Whole rows, at least one. */
static bool
SweepGoesOn(const Sweep *sweep)
{
	return genops_streams_memory(streams) < STREAM_MEMORY && MonotonicMs() < sweep->until;
}

static void
SweepLedger(int64 after, Sweep *sweep)
{
	SegmentScan *scan = SegmentScanBegin(after);
	int64 row = 0;
	StoredSegment segment;

	while (SegmentScanNext(scan, &segment))
	{
		if (SegmentScanRow(scan) != row && row != 0 && !SweepGoesOn(sweep))
		{
			SegmentScanEnd(scan);
			return;
		}
		row = SegmentScanRow(scan);
		if (segment.sampled)
			SweepSegment(scan, &segment);
		sweep->seq = segment.seq;
	}
	SegmentScanEnd(scan);
	sweep->at_end = true;
	sweep->seq = Max(sweep->seq, newest_seq);
}

static void
EndSweep(const Sweep *sweep)
{
	GenopsStream *stream = NULL;
	size_t bucket;

	while ((stream = genops_streams_each(streams, &bucket, stream)) != NULL)
		if (genops_stream_sweeps(streams, stream))
			genops_stream_read(streams, stream, sweep->seq, !sweep->at_end, MonotonicMs());
}

void
StreamsReadFailed(GenopsStream *stream)
{
	GenopsStream *each = NULL;
	size_t bucket;

	while ((each = genops_streams_each(streams, &bucket, each)) != NULL)
		if (each != stream && genops_stream_sweeps(streams, each))
			genops_stream_leave_sweep(streams, each, MonotonicMs());
	genops_stream_leave_sweep(streams, stream, MonotonicMs());
}

void
StreamsRead(GenopsStream *stream)
{
	Sweep sweep = { .seq = stream->read_seq, .until = MonotonicMs() + SWEEP_MS };

	if (stream->range != 0 ||
	    genops_streams_begin_sweep(streams, stream, SWEEP_WINDOW, SWEEP_MOST) < SWEEP_STREAMS)
	{
		ReadAlone(stream);
		return;
	}
	SweepLedger(stream->read_seq, &sweep);
	EndSweep(&sweep);
}

/*
 * Ranges that are sent once more: streams of their own, numbered from 1.
 */
static bool
IsLoaded(const ResendRange *range)
{
	GenopsStream *stream = NULL;
	size_t bucket;

	while ((stream = genops_streams_each(streams, &bucket, stream)) != NULL)
	{
		const RangeData *data = stream->caller_data;

		if (stream->range != 0 && data->range.next_seq == range->next_seq &&
		    data->range.last_seq == range->last_seq &&
		    strcmp(stream->tenant, range->tenant_id) == 0 &&
		    strcmp(stream->route, range->route) == 0)
			return true;
	}
	return false;
}

static void
AddRange(const ResendRange *range)
{
	GenopsStreamPast past = {
		.established = true,
		.cursor_seq = range->next_seq - 1,
	};
	GenopsStream *stream =
	    genops_streams_add(streams, genops_slice(range->tenant_id), genops_slice(range->route),
	                       last_range + 1, &past, MonotonicMs());
	RangeData *data;

	if (stream == NULL)
		return; /* with the next change of anything */
	last_range++;
	data = MemoryContextAlloc(TopMemoryContext, sizeof(RangeData));
	data->range = *range;
	data->range.tenant_id = stream->tenant;
	data->range.route = stream->route;
	genops_stream_limit_range(streams, stream, range->last_seq, data, MonotonicMs());
}

void
StreamsLoadRanges(void)
{
	int count;
	ResendRange *ranges = ResendRanges(&count);

	for (int i = 0; i < count; i++)
		if (!IsLoaded(&ranges[i]))
			AddRange(&ranges[i]);
}

/* It is sent to its end. */
static bool
RangeIsSent(const GenopsStream *stream)
{
	return stream->range != 0 && !genops_stream_pending(stream);
}

/* Where the range begins by now. */
static int64
RangeStart(const GenopsStream *stream)
{
	return RangeIsSent(stream) ? stream->last_seq + 1 : stream->cursor_seq + 1;
}

void
StreamAdvanceRange(const GenopsStream *stream)
{
	RangeData *data = stream->caller_data;
	ResendRange recorded = data->range;

	if (RangeStart(stream) != recorded.next_seq)
		ResendAdvance(&recorded, RangeStart(stream));
}

void
StreamRangeRecorded(GenopsStream *stream)
{
	RangeData *data = stream->caller_data;

	data->range.next_seq = RangeStart(stream);
	if (!RangeIsSent(stream))
		return;
	pfree(data);
	genops_streams_remove(streams, stream);
}
