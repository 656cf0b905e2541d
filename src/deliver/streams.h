/* SPDX-License-Identifier: PostgreSQL */
/*
 * The streams of this database: core/export's, with what they need of PostgreSQL.
 */
#ifndef GENOPS_DELIVER_STREAMS_H
#define GENOPS_DELIVER_STREAMS_H

#include "postgres.h"

#include "configure/configuration.h"
#include "core/export/streams.h"
#include "deliver/cursor.h"
#include "keep/segment.h"

/* All of them. */
extern GenopsStreams *StreamsAll(void);

/* Of a request. */
extern int StreamsBatchSpans(void);

/* None: at the start, and when the ledger is another. */
extern void StreamsReset(void);

/*
 * Takes limits and targets from the configuration; why_not says why nothing is sent at
 * all, or is "".  Streams that are blocked are tried at once, and, with probe_all, those
 * that retry.  In a transaction.  Requests to a target that is another now are to be
 * given up: true if there is one.
 */
extern bool StreamsConfigure(const Configuration *configuration, const char *why_not,
                             bool probe_all);

/* Whether a stream was added since whose target has not been read: StreamsConfigure does. */
extern bool StreamsMissTarget(void);

/* Adds the streams that have something in the ledger; in a transaction.  The first also
 * looks whether somebody has moved the cursor of one that is there. */
extern void StreamsMeetRows(void);
extern void StreamsLoad(void);

/* Ranges that are to be sent once more, those that are not there yet; in a transaction. */
extern void StreamsLoadRanges(void);

/*
 * Hands over the segments of one stream that were just committed, in order, some of
 * which may not be sampled; "before" is where its row stood.  Cannot fail.
 */
extern void StreamsTake(const Segment *const *segments, int count, const CursorRow *before);

/* Reads what a stream has in the ledger, behind what is in memory, and what others have there
 * whose turn it is, too.  In a transaction. */
extern void StreamsRead(GenopsStream *stream);

/* That raised an error, or a request could not be started: they have another turn. */
extern void StreamsReadFailed(GenopsStream *stream);

/* The newest segment that was committed. */
extern int64 StreamsNewest(void);
extern void StreamsSetNewest(int64 seq);

/* The delivery target of a stream. */
extern const DeliveryTarget *StreamTarget(const GenopsStream *stream);

/* A text of core/export's, which is UTF-8, in the encoding of the database, and not
 * too long to show. */
extern char *StreamText(const char *text);

/* Tells the log if the stream's state is another than it was told. */
extern void StreamTell(GenopsStream *stream);

/* Of a range: records how far it is, in a transaction; and, when that has committed, takes
 * note of it, and removes it if it is sent to its end. */
extern void StreamAdvanceRange(const GenopsStream *stream);
extern void StreamRangeRecorded(GenopsStream *stream);

#endif
