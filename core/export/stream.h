/* SPDX-License-Identifier: PostgreSQL */
/*
 * A stream: the segments of one tenant and route on their way to a target.
 *
 * A store (a ledger) numbers segments; those of a stream are sent in the order
 * of their numbers, one request at a time.  Two positions say how far it is:
 *
 *		cursor_seq		every segment up to here is answered for
 *		read_seq		every segment up to here is answered for or in memory
 *
 * The cursor alone says what is to be sent.  What lies behind read_seq is read
 * from the store when the stream's turn comes; a stream that fails forgets
 * what it has in memory, since the store has it ("memory_only" has no store:
 * a hot standby).
 *
 * A segment that has to be sent in pieces is settled, and its spans counted,
 * when all of them are answered for: so sending it again after a crash counts
 * nothing twice.
 *
 * The states:
 *
 *		delivering	nothing is known against sending
 *		retrying	no answer, or "later": tried again with exponential backoff
 *					and jitter, not before the endpoint wants it
 *		blocked		the endpoint refuses until something is changed: probed slowly
 *		paused		somebody said so, or there is no endpoint: not tried
 *
 * What the endpoint finds too large is halved until it is one span, which is
 * then rejected.  What makes it fail (HTTP 500) may be to blame, or not: it is
 * halved likewise, and a single span is tried a few times before it is
 * rejected; as long as nothing is delivered the backoff grows from span to
 * span, so that an endpoint that fails for an hour costs few.
 *
 * The fields are for reading; functions change them.
 */
#ifndef GENOPS_CORE_EXPORT_STREAM_H
#define GENOPS_CORE_EXPORT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"
#include "core/net/answer.h"
#include "core/net/retry.h"

/* Of a request. */
#define GENOPS_BATCH_SEGMENTS 256

/* How often a single span is sent that may be what the endpoint fails on. */
#define GENOPS_SUSPECT_TRIES 3

typedef enum GenopsDeliveryState
{
	GENOPS_DELIVERING,
	GENOPS_RETRYING,
	GENOPS_BLOCKED,
	GENOPS_PAUSED
} GenopsDeliveryState;

/* "delivering", "retrying", "blocked", "paused". */
extern const char *genops_delivery_state_name(GenopsDeliveryState state);
extern bool genops_delivery_state_of(const char *name, GenopsDeliveryState *state);

/* A segment in memory: it waits to be sent, or for its answer. */
typedef struct GenopsWaitingSegment
{
	struct GenopsWaitingSegment *next;
	int64_t seq;
	int64_t since_ms;
	int span_count;
	size_t length; /* of what is sent */
	size_t kept;   /* bytes behind it, which are the caller's own */
	char bytes[];
} GenopsWaitingSegment;

/* What became of a stream since it was last recorded. */
typedef struct GenopsStreamTally
{
	int64_t exported; /* spans of settled segments */
	int64_t rejected;
	int64_t requests;   /* that were answered or failed */
	int64_t retries;    /* of these, to be sent again */
	int64_t bytes;      /* of bodies that were answered */
	int64_t success_at; /* by the caller's clock; 0: none */
	int64_t error_at;
	bool state;      /* state or reason is another */
	bool last_error; /* likewise */
} GenopsStreamTally;

/* Where a stream stands in the order of turns: turns.h. */
typedef enum GenopsTurnPlace
{
	GENOPS_PLACE_NONE,
	GENOPS_PLACE_IDLE,      /* nothing to send */
	GENOPS_PLACE_PARKED,    /* paused, or its target is not known */
	GENOPS_PLACE_BACKOFF,   /* until due_ms */
	GENOPS_PLACE_FILLING,   /* until due_ms, or a batch is full */
	GENOPS_PLACE_UNDURABLE, /* what it has, or what makes a batch full, could be lost in a crash */
	GENOPS_PLACE_READY
} GenopsTurnPlace;

typedef struct GenopsExportTarget GenopsExportTarget; /* streams.h */
typedef struct GenopsStreamList GenopsStreamList;     /* turns.h */
typedef struct GenopsStream GenopsStream;

struct GenopsStream
{
	/* Who it is. */
	char *tenant; /* "" for none, as is the route */
	char *route;
	int64_t range;     /* 0: all of them; else the number of a range that is sent once more */
	int64_t last_seq;  /* of the range; INT64_MAX: no end */
	bool established;  /* something was delivered before */
	bool memory_only;  /* what is in memory is nowhere else */
	void *caller_data; /* not looked at */
	GenopsExportTarget *target;

	/* How far it is. */
	int64_t cursor_seq;
	int64_t recorded_seq; /* the cursor, as last recorded */
	int64_t read_seq;
	bool more_stored; /* there may be segments behind read_seq */
	int64_t
	    left_since_ms; /* so long all of them have been there, for want of memory; 0: who knows */
	int left_spans;    /* then: so many spans */
	bool has_read;     /* the store, since it last sent */

	/* What it has in memory. */
	GenopsWaitingSegment *first_waiting;
	GenopsWaitingSegment *last_waiting;
	int waiting_spans; /* not answered for */
	size_t memory;     /* bytes, with the stream itself */
	int64_t done_seq;  /* of this segment, as many spans are answered for: */
	int done;
	int done_rejected;

	/* When it may send, and how much. */
	GenopsDeliveryState state;
	GenopsRetry retry;
	char *reason;     /* of the state; NULL: none */
	char *last_error; /* NULL: none */
	int span_limit;   /* of a request; 0: as configured */
	int suspicions;   /* how often the first span, alone, made the endpoint fail */
	bool in_flight;
	bool rejecting; /* the last answer did */
	bool moved;     /* somebody moved the cursor while a request was under way: */
	int64_t moved_cursor;
	bool moved_more;
	char *unfit; /* why no request can be made for it; NULL: one can */
	GenopsStreamTally tally;

	/* Kept by streams.c and turns.c. */
	uint64_t hash;
	GenopsStream *next_in_bucket;
	GenopsTurnPlace place;
	int64_t due_ms;
	size_t heap_index;
	GenopsStreamList *list;
	GenopsStream *previous;
	GenopsStream *next;
	uint64_t sweep; /* the last one that it took part in */
	bool listed_changed;
	GenopsStream *next_changed;
};

/* Spans for one request, from the front of a stream. */
typedef struct GenopsBatch
{
	GenopsStream *stream;
	int span_count;
	size_t segment_count;
	GenopsSlice segments[GENOPS_BATCH_SEGMENTS]; /* in the stream's memory, or: */
	GenopsBytes piece;                           /* a part of one */
} GenopsBatch;

/*
 * Takes what fits into a request of max_spans: whole segments up to durable_seq, or a
 * piece of the first.  The stream keeps them as they are until it is told of
 * the answer.  False where the first segment cannot be cut into pieces because
 * its bytes are malformed: the batch then stands for the rest of it.  Released by
 * genops_batch_free.
 */
extern bool genops_batch_take(GenopsStream *stream, int max_spans, int64_t durable_seq,
                              GenopsBatch *batch, GenopsError *error);
extern void genops_batch_free(GenopsBatch *batch);

/* Whether the stream has something that is not answered for. */
static inline bool
genops_stream_pending(const GenopsStream *stream)
{
	return stream->first_waiting != NULL || stream->more_stored || stream->in_flight;
}

/* Whether its turn is one to read the store: it has nothing in memory, or less than a
 * request takes and more in the store. */
extern bool genops_stream_wants_to_read(const GenopsStream *stream, int max_spans);

/* Whether something is to be recorded. */
extern bool genops_stream_changed(const GenopsStream *stream);

#endif
