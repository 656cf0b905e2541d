/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whose turn it is.  Private to core/export.
 *
 * Every stream has one place.  genops_turns_place works out which, from
 * scratch, whenever something about the stream has changed; the places that
 * end by themselves are a heap by time (backoff, filling) or a list that is
 * looked through when its condition changes (undurable, parked).
 */
#ifndef GENOPS_CORE_EXPORT_TURNS_H
#define GENOPS_CORE_EXPORT_TURNS_H

#include "core/export/due_heap.h"
#include "core/export/streams.h"

struct GenopsStreamList
{
	GenopsStream *first;
	GenopsStream *last;
};

/* The streams that wait for a request to one target. */
struct GenopsTargetTurns
{
	GenopsStreamList established;
	GenopsStreamList fresh;
	int in_a_row; /* turns of established streams while a new one waited */
};

struct GenopsStreams
{
	GenopsExportLimits limits;
	uint64_t random;

	GenopsStream **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	size_t memory;
	int in_flight;

	GenopsExportTarget *targets;
	GenopsExportTarget *last_served;

	uint64_t sweep;
	int64_t durable_seq;
	int64_t hurry_seq;
	GenopsDueHeap backoff;
	GenopsDueHeap filling;
	uint32_t looked_at;    /* in "backoff", for what can make room */
	GenopsStreamList idle; /* for the longest time first; due_ms: since when */
	GenopsStreamList parked;
	GenopsStreamList undurable;

	GenopsStream *first_changed;
	GenopsStream *last_changed;

	bool left_out; /* the store has streams that are not here; their lowest cursor: */
	int64_t left_cursor;
};

/* Takes the stream out of its place. */
extern void genops_turns_leave(GenopsStreams *streams, GenopsStream *stream);

/* Puts the stream where it belongs now. */
extern void genops_turns_place(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms);

/* There are segments in the store; "left_spans" of them are all, left for want of memory since
 * now, if that is known, else 0. */
extern void genops_stream_leave_in_store(GenopsStream *stream, int left_spans, int64_t now_ms);

/* A segment was appended: as genops_turns_place, but cheap. */
extern void genops_turns_appended(GenopsStreams *streams, GenopsStream *stream, int64_t now_ms);

/* Sets the state that is shown. */
extern void genops_stream_show(GenopsStreams *streams, GenopsStream *stream,
                               GenopsDeliveryState state, const char *reason);

/* Notes that the stream is to be recorded. */
extern void genops_stream_touch(GenopsStreams *streams, GenopsStream *stream);

/* Replaces a text of the stream's, and its memory is counted; NULL: none. */
extern void genops_stream_set_text(GenopsStreams *streams, GenopsStream *stream, char **text,
                                   const char *value);

/* What has to be done after a request if genops_stream_move was called during it. */
extern void genops_stream_finish_move(GenopsStreams *streams, GenopsStream *stream);

/* Frees what waits in memory, but for what is nowhere else. */
extern void genops_stream_forget(GenopsStreams *streams, GenopsStream *stream);

/* Frees what waits behind the first "kept" segments, likewise. */
extern void genops_stream_trim(GenopsStreams *streams, GenopsStream *stream, size_t kept);

/* "count" further spans are answered for, "rejected" of them not taken. */
extern void genops_stream_settle(GenopsStreams *streams, GenopsStream *stream, int count,
                                 int rejected);

#endif
