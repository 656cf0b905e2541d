/* SPDX-License-Identifier: PostgreSQL */
/*
 * All streams of one store: who they are, whose turn it is, and how much of
 * them is in memory.
 *
 * Pure bookkeeping: the caller reads the store, makes the requests, records
 * what became of them, and brings the time (milliseconds of a clock that never
 * goes back).  Its loop is
 *
 *		append what was stored; tell what of it is durable
 *		while ((stream = genops_streams_next(...)) != NULL)
 *			if nothing of it is in memory: read the store, append, genops_stream_read
 *			else genops_batch_take, start a request, genops_stream_sent
 *		for each answer: genops_stream_answered
 *		for each changed stream: write it down, genops_stream_recorded
 *		sleep for genops_streams_wait_ms, or until an answer comes
 *
 * Turns go by age: who became ready first is first.  Streams that have
 * delivered before ("established") go before new ones, which have one turn in
 * four: a flood of new tenants delays nobody else, nor is it held up for ever.
 * Requests are limited for each target, so that one that never answers does not
 * use them all up.
 *
 * Memory is bounded: a segment that finds no room is left in the store, and its
 * stream reads it later; a stream that finds none is left out, and the caller
 * looks for it in the store when there is room.  Streams with nothing to send
 * make room for others, the one that was idle for longest first, and after them
 * those that are blocked.  New streams leave a quarter of the memory to
 * established ones, no stream has more than half of it, and what is handed over leaves
 * the other half to what has to be read back.  Of streams that have no store those in
 * trouble leave that half to the others, so that they lose nothing for them.
 *
 * Everything is allocated by malloc and freed with the set.  Not for use by
 * two threads.
 */
#ifndef GENOPS_CORE_EXPORT_STREAMS_H
#define GENOPS_CORE_EXPORT_STREAMS_H

#include "core/export/stream.h"

typedef struct GenopsStreams GenopsStreams;

typedef struct GenopsExportLimits
{
	size_t memory;          /* bytes, of all streams together */
	int batch_spans;        /* of a request */
	int64_t batch_delay_ms; /* how long a batch may wait to fill */
	int requests;           /* under way for each target */
	GenopsRetryPolicy retry;
} GenopsExportLimits;

/* The seed is of the jitter.  NULL where there is no memory. */
extern GenopsStreams *genops_streams_new(const GenopsExportLimits *limits, uint64_t seed);
extern void genops_streams_free(GenopsStreams *streams);
extern void genops_streams_limit(GenopsStreams *streams, const GenopsExportLimits *limits,
                                 int64_t now_ms);

/*
 * Targets: where the streams of a route go.  A new one is not known to be open:
 * its streams wait, and do not show it.
 */
struct GenopsExportTarget
{
	char *name;
	bool open;
	char *pause; /* why nothing is sent to it, shown by its streams; NULL: no reason */
	int in_flight;
	void *caller_data;
	struct GenopsTargetTurns *turns;
	GenopsExportTarget *next;
};

/* Found by its name, or made; NULL where there is no memory. */
extern GenopsExportTarget *genops_streams_target(GenopsStreams *streams, GenopsSlice name);

/* All of them are in a list by "next". */
extern GenopsExportTarget *genops_streams_first_target(const GenopsStreams *streams);
extern void genops_target_open(GenopsStreams *streams, GenopsExportTarget *target, int64_t now_ms);
extern void genops_target_pause(GenopsStreams *streams, GenopsExportTarget *target,
                                const char *reason, int64_t now_ms);

/* Somebody may have mended what its streams failed on: those that are blocked or unfit
 * are tried at once, and, with "all", those that retry. */
extern void genops_target_probe(GenopsStreams *streams, GenopsExportTarget *target, bool all,
                                int64_t now_ms);

/*
 * Streams.
 */
extern GenopsStream *genops_streams_find(const GenopsStreams *streams, GenopsSlice tenant,
                                         GenopsSlice route, int64_t range);

/* What is known of a stream before it is added. */
typedef struct GenopsStreamPast
{
	bool established;          /* it has delivered something */
	bool memory_only;          /* what it will have in memory is nowhere else */
	int64_t cursor_seq;        /* where it stands */
	bool more_stored;          /* there are segments behind that */
	GenopsDeliveryState state; /* shown before: it is no news, and no reason to wait */
	const char *reason;        /* NULL: none */
} GenopsStreamPast;

/* Adds a stream that is not there.  NULL where there is no room: it is then left out.  Its
 * target is that of the route's name. */
extern GenopsStream *genops_streams_add(GenopsStreams *streams, GenopsSlice tenant,
                                        GenopsSlice route, int64_t range,
                                        const GenopsStreamPast *past, int64_t now_ms);
extern void genops_streams_remove(GenopsStreams *streams, GenopsStream *stream);

/* The next of all, in no order; NULL starts, and ends.  The stream that was
 * returned may be removed. */
extern GenopsStream *genops_streams_each(const GenopsStreams *streams, size_t *bucket,
                                         GenopsStream *stream);

/* Whether streams were left out, or had to make room though they have something
 * in the store; and there is room for many now, so that they may be looked for. */
extern bool genops_streams_left_out(const GenopsStreams *streams, bool *room);

/* Before all streams of the store that are not here are added again. */
extern void genops_streams_look_again(GenopsStreams *streams);

/* Removes streams that have had nothing to send since then. */
extern void genops_streams_drop_idle(GenopsStreams *streams, int64_t before_ms);
extern size_t genops_streams_count(const GenopsStreams *streams);
extern size_t genops_streams_memory(const GenopsStreams *streams);
extern int genops_streams_in_flight(const GenopsStreams *streams);

/*
 * Appends a copy of a segment, and of "kept" behind it.  If there is no room,
 * or the stream has more in the store before it, it is left in the store
 * (true); of a stream that has no store nothing is taken (false).
 */
extern bool genops_stream_append(GenopsStreams *streams, GenopsStream *stream, int64_t seq,
                                 int span_count, GenopsSlice bytes, GenopsSlice kept,
                                 int64_t now_ms);

/* The store has segments of the stream up to newest_seq.  Where some were not appended, for
 * that was cut short, nothing is appended behind the gap before they were read. */
extern void genops_stream_fill_gap(GenopsStreams *streams, GenopsStream *stream, int64_t newest_seq,
                                   int64_t now_ms);

/* While the store is read for a stream: appends whatever the limits say (what is
 * not taken would be read again and again).  What it has read before is passed over.
 * False where there is no memory. */
extern bool genops_stream_append_read(GenopsStreams *streams, GenopsStream *stream, int64_t seq,
                                      int span_count, GenopsSlice bytes, int64_t now_ms);

/* The store was read up to read_seq, and has more, or not. */
extern void genops_stream_read(GenopsStreams *streams, GenopsStream *stream, int64_t read_seq,
                               bool more_stored, int64_t now_ms);

/* The stream is a range of segments that ends with last_seq; all of it is in the store. */
extern void genops_stream_limit_range(GenopsStreams *streams, GenopsStream *stream,
                                      int64_t last_seq, void *caller_data, int64_t now_ms);

/*
 * Sweeps: where many streams have to read the store, it is read once for all of them, in the
 * order of its numbers.  Those that are ready, want to read and have read no less than
 * this one, and no more than "window" further, take part, up to "most"; returns how many.  They are then those of genops_stream_sweeps; each is told by
 * genops_stream_read how far the store was read.
 */
extern int genops_streams_begin_sweep(GenopsStreams *streams, GenopsStream *stream, int64_t window,
                                      int most);
extern bool genops_stream_sweeps(const GenopsStreams *streams, const GenopsStream *stream);

/* It has enough: what follows of it in the store is not for this sweep. */
extern void genops_stream_leave_sweep(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms);

/* Somebody else has moved the cursor: starts again from there.  The answer to a request that
 * is under way says nothing of these segments any more. */
extern void genops_stream_move(GenopsStreams *streams, GenopsStream *stream, int64_t cursor_seq,
                               bool more_stored, int64_t now_ms);

/*
 * Turns.
 */

/* Segments up to here survive a crash of the store: only they are sent. */
extern void genops_streams_durable(GenopsStreams *streams, int64_t seq, int64_t now_ms);

/* Somebody waits until segments up to here are answered for: they do not wait
 * for a batch to fill.  0: nobody does. */
extern void genops_streams_hurry(GenopsStreams *streams, int64_t seq, int64_t now_ms);

/* Whose turn it is; NULL: nobody's.  The caller does something about it, or gives the
 * turn back by genops_stream_pass. */
extern GenopsStream *genops_streams_next(GenopsStreams *streams, int64_t now_ms);
extern void genops_stream_pass(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms);

/* Milliseconds until it is somebody's turn; -1: only an answer, a segment or a
 * change can bring that about. */
extern long genops_streams_wait_ms(const GenopsStreams *streams, int64_t now_ms);

/* A request with the batch is under way.  Where memory is short what the stream has in
 * it beside the batch is left to the store. */
extern void genops_stream_sent(GenopsStreams *streams, const GenopsBatch *batch);

/* It was given up: no answer will come. */
extern void genops_stream_given_up(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms);

/* No request can be made for it, whatever it sends; it shows as paused.  NULL: one can. */
extern void genops_stream_set_unfit(GenopsStreams *streams, GenopsStream *stream,
                                    const char *reason, int64_t now_ms);

typedef struct GenopsVerdict
{
	GenopsDeliveryState before;
	bool began_rejecting; /* this answer did, and the one before did not */
} GenopsVerdict;

/*
 * What an answer to a batch of span_count spans means: moves the cursor over
 * segments that are settled, sets the state and when it is tried again.  "at"
 * is the time by the caller's own clock, for the tally.  Ends the request of
 * genops_stream_sent, if it was called.
 */
extern GenopsVerdict genops_stream_answered(GenopsStreams *streams, GenopsStream *stream,
                                            int span_count, const GenopsAnswer *answer,
                                            size_t sent_bytes, int64_t at, int64_t now_ms);

/*
 * Recording.  The first stream that changed, and those after it by next_changed;
 * each is taken from the list, and its tally cleared, by genops_stream_recorded.
 */
extern GenopsStream *genops_streams_first_changed(GenopsStreams *streams);
extern void genops_stream_recorded(GenopsStreams *streams, GenopsStream *stream);

/* The segment up to which all streams are answered for and recorded, of those up
 * to newest_seq. */
extern int64_t genops_streams_settled(const GenopsStreams *streams, int64_t newest_seq);

/* Whether something is pending, and (moving) could be sent without anything being changed. */
extern bool genops_streams_pending(const GenopsStreams *streams, bool *moving);

#endif
