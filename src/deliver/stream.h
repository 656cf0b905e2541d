/*
 * A stream: the segments of one tenant and route on their way to one target.
 */
#ifndef GENOPS_DELIVER_STREAM_H
#define GENOPS_DELIVER_STREAM_H

#include "postgres.h"

#include "configure/configuration.h"
#include "core/net/retry.h"
#include "deliver/cursor.h"
#include "deliver/resend.h"
#include "keep/segment.h"
#include "lib/ilist.h"

#define STREAM_REASON_SIZE 320

/* A segment that waits in memory to be sent, or for its answer. */
typedef struct WaitingSegment
{
	slist_node link;
	int64 seq; /* 0 on a standby: it is in no ledger */
	int span_count;
	int64 since; /* by MonotonicMs() */
	Size length;
	char bytes[FLEXIBLE_ARRAY_MEMBER];
} WaitingSegment;

/* Where and how the streams of a route are delivered. */
typedef struct StreamTarget
{
	char *route; /* '' for the configuration's own */
	DeliveryTarget delivery;
	int in_flight; /* requests */
} StreamTarget;

typedef struct Stream
{
	char *tenant_id;
	char *route;
	bool is_resend;    /* sends a range of segments once more */
	ResendRange range; /* then: which */

	StreamTarget *target;            /* NULL until the route is read */
	GenopsHeaders headers;           /* the target's and the tenant's */
	char paused[STREAM_REASON_SIZE]; /* why nothing is sent, or "" */

	int64 cursor_seq;  /* all up to here are settled */
	int64 read_seq;    /* all up to here are settled or in memory */
	bool more_on_disk; /* there may be segments after read_seq */
	bool memory_only;  /* on a standby: no ledger has them */
	int64 pending;     /* spans that are not settled */

	slist_head waiting;
	slist_node *last_waiting;
	int waiting_spans; /* not answered for */

	/*
	 * A segment that has to be sent in pieces is settled when all its spans are
	 * answered for.  Until then what became of them is kept here, so that
	 * sending it all again after a restart counts nothing twice.
	 */
	int done;          /* spans of the first segment */
	int done_rejected; /* of these */

	GenopsRetry retry;
	int span_limit; /* at most so many in a request; 0: as configured */
	bool in_flight;
	bool rejecting; /* the last answer did, and the log knows */

	CursorChange change; /* since the row was last written */
	bool changed;
	char last_error[STREAM_REASON_SIZE];
	const char *state; /* as in genops.delivery */
	char state_reason[STREAM_REASON_SIZE];
} Stream;

/* Bytes of all waiting segments of all streams. */
extern Size stream_memory;

extern Stream *StreamNew(MemoryContext context, const char *tenant_id, const char *route);
extern void StreamFree(Stream *stream);

/* Appends a copy of the segment, allocated in the stream's context. */
extern void StreamAppend(Stream *stream, const Segment *segment, int64 since);

/* Forgets what waits in memory, where it can be read from the ledger again. */
extern void StreamForget(Stream *stream);

/* The first segment that waits, or NULL. */
extern WaitingSegment *StreamFirst(Stream *stream);

/* "count" further spans from the front are answered for, "rejected" of them
 * not taken.  Moves the cursor over segments that are thereby settled. */
extern void StreamSettle(Stream *stream, int count, int rejected);

/* Remembers an error for genops.stat_delivery. */
extern void StreamNoteError(Stream *stream, const char *reason);

/* Takes the state from genops.delivery: what was so before a restart or a change of
 * the configuration is no news. */
extern void StreamRestoreState(Stream *stream, const char *state, const char *reason);

/* Sets the state for genops.stat_delivery; tells the log if it is another. */
extern void StreamSetState(Stream *stream, const char *state, const char *reason);

#endif
