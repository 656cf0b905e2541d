/* SPDX-License-Identifier: PostgreSQL */
/*
 * Calls that were begun and have not ended.
 *
 * Between genops_begin and genops_end anything may happen: the model's answer,
 * an error, a cancel, a timeout, the end of the session, a shutdown.  Whatever
 * does, the call is recorded, because the money is spent.  So a call is open
 * here, in the backend's own memory, until it ends or until the
 * (sub)transaction in which it was begun does.
 *
 * What an end of a transaction may do.  The callbacks of an abort run with
 * interrupts held, outside of any transaction, possibly because memory ran
 * out, and an error in them is an error in error recovery.  So everything that
 * could fail is done when the call begins: attribution, conversion to UTF-8,
 * the encoding of the span, and the room for its end.  The callback patches
 * the end time, appends a status of a few hundred bytes within that room, and
 * makes one attempt to put the span into the ring, which doesn't wait.  There
 * is no palloc, catalog access, conversion or ereport.  A full ring loses the
 * span, counted.
 *
 * When a call closes that nobody ended:
 *
 * - Abort of the subtransaction that it belongs to: it is cut off.  Its end and its
 *	 error are noted, and it is recorded when the transaction ends: an EXCEPTION block
 *	 that handles the error may still say what the call used and what went wrong, and
 *	 what it says is worth more than what we saw.
 * - Abort of its transaction, also of a parallel worker's: status error.  FATAL and
 *	 shutdown come here too, as the backend aborts its transaction before it detaches
 *	 from shared memory.
 * - Commit of a subtransaction: the call goes to the parent.  A block with an
 *	 EXCEPTION clause may begin a call that the code behind it ends.
 * - Commit: status unset, marked as unfinished.  This is done at
 *	 XACT_EVENT_COMMIT, when nothing can fail any more, and not at PRE_COMMIT:
 *	 other modules' callbacks may still raise after ours there, and a call that
 *	 then fails with its transaction would have been recorded as one that did
 *	 not.  For the same reason PREPARE TRANSACTION closes calls at
 *	 XACT_EVENT_PREPARE; the prepared transaction has no session to come back to.
 *
 * What is said later.  The last few calls that ended without a word about their usage are
 * remembered, with all that they were begun with.  Somebody may still end them: the
 * statement after one that committed, or a handler outside of the transaction.  The span is
 * out by then, so that what is said becomes a span of its own, a child of the first.  An
 * unfinished call was no call, and its child is one; the child of a call that is counted
 * already brings usage and adds no call (GENOPS_FLAG_SUPPLEMENT).  Each is told once.
 *
 * There can be so many open calls and no more.  Who begins another (and never ends the
 * ones before, in a loop say) makes the oldest an unfinished one: nothing is lost, and
 * nobody's statement fails.
 *
 * Why it failed.  The span of a failed call wants the SQLSTATE, but the abort
 * callback can't ask for it: PL/pgSQL has flushed the error's state before it
 * rolls a block back, and geterrcode() would raise.  An error context callback
 * can: it runs while the error is being reported.  There is one, static, and
 * it remembers the last SQLSTATE that it saw.
 *
 * It lives longer than the frame of genops_begin, which the chain of error
 * contexts is not made for: an entry on top of the chain would point, by its
 * "previous", to the C stack frame that was on top when it was pushed, and
 * whoever saved a pointer to it (PG_TRY does) could bring it back when that
 * frame is gone.  So it is not pushed on top but hung below: it becomes the
 * "previous" of the chain's last entry, or the chain itself where that is empty, and
 * its own "previous" is NULL and stays so.  Then
 *
 * - it never points anywhere, so that however it is reached, the walk ends
 *	 there: no dangling pointer and no cycle is possible;
 * - the entry above it is somebody's who is still running, for it was on the
 *	 chain.  When he takes himself off by "error_context_stack = previous", ours
 *	 becomes the chain; when somebody restores a pointer that he had saved from
 *	 an empty chain (PG_TRY does so on success too), ours is gone, and the next
 *	 genops_begin hangs it up again;
 * - it is never taken off, so nobody's saved pointer to it goes stale.
 *
 * So it sees the errors that PL/pgSQL catches, and those of the statement that
 * began the call.  Outside of functions it is gone with that statement.  An
 * error in a later one that nobody catches ends the transaction, and is
 * reported before that is done: emit_log_hook sees it, unless log_min_messages
 * hides errors from the log.  What both miss costs a name: the error type is
 * then _OTHER.
 *
 * Messages that are no errors may bear an error's SQLSTATE, and an error may
 * have been caught; what is remembered is therefore used only if it was seen
 * in the same statement.  A ROLLBACK is a statement of its own, and the calls
 * that it closes have seen no error.
 */
#include "postgres.h"

#include "access/xact.h"
#include "core/span/ai_call.h"
#include "core/span/ai_kind.h"
#include "core/span/ai_provider.h"
#include "core/span/otlp_write.h"
#include "record/arguments.h"
#include "record/call.h"
#include "record/complaint.h"
#include "record/condition.h"
#include "record/keys.h"
#include "record/span_record.h"
#include "record/text.h"
#include "utils/memutils.h"

/* What closing in a callback writes, at most. */
#define CLOSE_ROOM (768 + 3 * ERROR_TYPE_MAX)

static MemoryContext calls_context = NULL;
static dlist_head open_calls = DLIST_STATIC_INIT(open_calls); /* the innermost first */
static int open_count = 0;
static dlist_head remembered = DLIST_STATIC_INIT(remembered); /* the last one first */
static int remembered_count = 0;
static OpenCall *detached = NULL; /* being recorded */
static uint64 last_number = 0;

/* The last error that was seen: its SQLSTATE, its statement, and the class of
 * an exception of another language, "" if it has none. */
static int seen_sqlstate = 0;
static TimestampTz seen_in_statement = 0;
static char seen_class[ERROR_TYPE_MAX + 1];

static emit_log_hook_type previous_emit_log_hook = NULL;

/* PL/Python reports whatever is raised as 38000, with the class in front of
 * the message. */
static bool
IsExternal(int sqlstate)
{
	return sqlstate == ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
}

/* The class of an exception that a message begins with, if it does. */
static void
CopyClass(char class[ERROR_TYPE_MAX + 1], const char *message)
{
	GenopsSlice type = ErrorTypeFromMessage(genops_slice(message));

	if (!genops_slice_equal(type, ERROR_TYPE_OTHER))
		strlcpy(class, type.data, type.length + 1);
}

static void
NoteSqlState(int sqlstate, const char *message)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);

	if (category == ERRCODE_SUCCESSFUL_COMPLETION || category == ERRCODE_WARNING ||
	    category == ERRCODE_NO_DATA)
		return;
	seen_sqlstate = sqlstate;
	seen_in_statement = GetCurrentStatementStartTimestamp();
	seen_class[0] = '\0';
	if (IsExternal(sqlstate) && message != NULL)
		CopyClass(seen_class, message);
}

static void
NoteError(void *arg)
{
	int sqlstate = geterrcode();
	ErrorData *report;
	MemoryContext caller;

	(void) arg;
	if (!IsExternal(sqlstate))
	{
		NoteSqlState(sqlstate, NULL);
		return;
	}

	/* The message can only be had as a copy. */
	caller = MemoryContextSwitchTo(calls_context);
	report = CopyErrorData();
	NoteSqlState(sqlstate, report->message);
	FreeErrorData(report);
	MemoryContextSwitchTo(caller);
}

static ErrorContextCallback error_watch = { .previous = NULL, .callback = NoteError };

static void
NoteReport(ErrorData *report)
{
	if (report->elevel >= ERROR)
		NoteSqlState(report->sqlerrcode, report->message);
	if (previous_emit_log_hook)
		previous_emit_log_hook(report);
}

static void
WatchErrors(void)
{
	ErrorContextCallback **end = &error_context_stack;

	while (*end != NULL && *end != &error_watch)
		end = &(*end)->previous;
	*end = &error_watch;
}

static GenopsSlice
CopySlice(char **to, GenopsSlice from)
{
	GenopsSlice copy = { genops_slice_present(from) ? *to : NULL, from.length };

	if (from.length > 0)
		memcpy(*to, from.data, from.length);
	*to += from.length;
	return copy;
}

static void
Free(OpenCall *call)
{
	if (call->base_model != NULL)
		pfree(call->base_model);
	if (call->headers != NULL)
		pfree(call->headers);
	pfree(call);
}

static void
Drop(OpenCall *call)
{
	dlist_delete(&call->node);
	remembered_count--;
	Free(call);
}

static void SubmitUnended(OpenCall *call);

/* Makes a call that is on no list one that is remembered; the oldest of them goes.  Allocates
 * nothing: for callbacks. */
static void
Keep(OpenCall *call, CallState state)
{
	call->state = state;
	dlist_push_head(&remembered, &call->node);
	if (++remembered_count > CALLS_REMEMBERED)
	{
		OpenCall *oldest = dlist_tail_element(OpenCall, node, &remembered);

		if (oldest->state == CALL_CUT_OFF)
			SubmitUnended(oldest);
		Drop(oldest);
	}
}

static void
Unlink(OpenCall *call)
{
	dlist_delete(&call->node);
	if (call->state == CALL_OPEN)
		open_count--;
	else
		remembered_count--;
}

/* The error of a call that is cut off, if it was seen: a call without one is unfinished. */
static void
NoteFailure(OpenCall *call, int sqlstate, const char *exception_class)
{
	call->facts.status = GENOPS_STATUS_ERROR;
	strlcpy(call->error_type,
	        exception_class[0] != '\0' ? exception_class : unpack_sql_state(sqlstate),
	        sizeof(call->error_type));
	call->error_message = ConditionText(sqlstate);
}

static void
NoteRollback(OpenCall *call)
{
	call->facts.status = GENOPS_STATUS_ERROR;
	strlcpy(call->error_type, ERROR_TYPE_OTHER.data, sizeof(call->error_type));
	call->error_message = GENOPS_LITERAL("rolled back");
	call->facts.flags |= GENOPS_FLAG_UNFINISHED;
}

/* Why the (sub)transaction that ends took the call with it. */
static void
NoteAbort(OpenCall *call)
{
	call->facts.end_ns = Max(ClockNanoseconds(), call->facts.start_ns);
	if (seen_sqlstate != 0 && seen_in_statement == GetCurrentStatementStartTimestamp())
		NoteFailure(call, seen_sqlstate, seen_class);
	else
		NoteRollback(call);
}

static void
NoteUnfinished(OpenCall *call)
{
	call->facts.end_ns = Max(ClockNanoseconds(), call->facts.start_ns);
	call->facts.flags |= GENOPS_FLAG_UNFINISHED;
}

/* Records a call as its notes say.  Runs in callbacks: see above. */
static void
SubmitUnended(OpenCall *call)
{
	bool failed = call->facts.status == GENOPS_STATUS_ERROR;
	GenopsAiOutcome outcome = { .unfinished = (call->facts.flags & GENOPS_FLAG_UNFINISHED) != 0 };
	SpanRecord record = { 0 };

	if (outcome.unfinished)
		genops_ai_cancel(&call->facts);
	else
		call->facts.cost_source = GENOPS_COST_NONE;
	if (failed)
	{
		outcome.error_type = genops_slice(call->error_type);
		outcome.error_message = call->error_message;
		if (call->keep_if_failed)
		{
			call->facts.sampled = true;
			call->flags |= GENOPS_SPAN_FLAG_SAMPLED;
		}
	}
	genops_otlp_patch_end(&call->span, call->end_offset, call->facts.end_ns);
	genops_ai_call_put_outcome(&call->span, &call->facts, &outcome);
	genops_otlp_span_dropped(&call->span, call->dropped_attributes);
	if (failed)
		genops_otlp_span_exception(&call->span, call->facts.end_ns, outcome.error_type,
		                           outcome.error_message);
	genops_otlp_span_close(&call->span, call->facts.status, outcome.error_message, call->flags);

	record.incomplete = call->span.failed;
	record.facts = call->facts;
	record.span = (GenopsSlice){ (const char *) call->span.data, call->span.length };
	(void) SpanRecordSubmit(&record, false);
	call->state = outcome.unfinished ? CALL_UNFINISHED : CALL_FAILED;
}

/* The oldest makes room for another. */
static void
MakeRoomForCall(void)
{
	OpenCall *oldest;

	if (likely(open_count < CALLS_MAX))
		return;
	Complain(COMPLAINT_OPEN_CALLS, ERRCODE_PROGRAM_LIMIT_EXCEEDED, errmsg("too many open calls"),
	         errdetail("A session can have %d calls that were begun and not ended. The oldest is "
	                   "recorded as unfinished.",
	                   CALLS_MAX),
	         errhint("End each call with genops_observe or genops_end, or record it with "
	                 "genops_track when it is over."));
	oldest = dlist_tail_element(OpenCall, node, &open_calls);
	Unlink(oldest);
	NoteUnfinished(oldest);
	SubmitUnended(oldest);
	Keep(oldest, oldest->state);
}

OpenCall *
CallOpen(const SpanDraft *draft, size_t attributes_offset, bool keep_if_failed)
{
	size_t capacity = draft->span.length + CLOSE_ROOM;
	size_t texts = DraftTextsSize(&draft->facts) + draft->place.trace_state.length;
	OpenCall *call;
	char *to;

	MakeRoomForCall();
	if (calls_context == NULL)
		calls_context = AllocSetContextCreate(TopMemoryContext, "genops_tempo open calls",
		                                      ALLOCSET_DEFAULT_SIZES);
	call = MemoryContextAlloc(calls_context, offsetof(OpenCall, memory) + capacity + texts);
	call->size = offsetof(OpenCall, memory) + capacity + texts;
	call->number = ++last_number;
	call->state = CALL_OPEN;
	call->subtransaction = GetCurrentSubTransactionId();
	call->own = draft->place.own;
	call->flags = draft->flags;
	call->dropped_attributes = draft->dropped_attributes;
	call->keep_if_failed = keep_if_failed;
	call->facts = draft->facts;
	call->end_offset = draft->end_offset;
	call->attributes_offset = attributes_offset;
	call->begun_length = draft->span.length;

	call->base_model = NULL;
	call->headers = NULL;

	call->span = genops_bytes_over(call->memory, capacity);
	genops_bytes_put(&call->span, draft->span.data, draft->span.length);
	to = call->memory + capacity;
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		call->facts.text[i] = CopySlice(&to, draft->facts.text[i]);
	call->trace_state = CopySlice(&to, draft->place.trace_state);

	WatchErrors();
	dlist_push_head(&open_calls, &call->node);
	open_count++;
	return call;
}

void
CallKeepOptions(OpenCall *call, const CallOptions *options)
{
	MemoryContext old = MemoryContextSwitchTo(calls_context);

	if (options->base_model.length > 0)
		call->base_model = pnstrdup(options->base_model.data, options->base_model.length);
	if (options->headers != NULL)
		call->headers = (Jsonb *) PG_DETOAST_DATUM_COPY(JsonbPGetDatum(options->headers));
	MemoryContextSwitchTo(old);
}

/* The call in other memory, with "more" bytes of "extra" before the caller's attributes. */
static OpenCall *
MoveWith(OpenCall *call, const GenopsBytes *extra, size_t texts)
{
	size_t size = call->size + extra->length + texts;
	OpenCall *moved = MemoryContextAlloc(calls_context, size);
	char *to;

	*moved = *call;
	moved->size = size;
	moved->span =
	    genops_bytes_over(moved->memory, call->span.capacity + extra->length);
	genops_bytes_put(&moved->span, call->span.data, call->attributes_offset);
	genops_bytes_put(&moved->span, extra->data, extra->length);
	genops_bytes_put(&moved->span, call->span.data + call->attributes_offset,
	                 call->span.length - call->attributes_offset);
	moved->attributes_offset += extra->length;
	moved->begun_length += extra->length;

	to = moved->memory + moved->span.capacity;
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		moved->facts.text[i] = CopySlice(&to, moved->facts.text[i]);
	moved->trace_state = CopySlice(&to, call->trace_state);
	dlist_insert_after(&call->node, &moved->node);
	dlist_delete(&call->node);
	return moved;
}

static size_t
Fill(GenopsSpanFacts *facts, GenopsSpanFacts *filled, GenopsFactText which, GenopsSlice text)
{
	if (facts->text[which].length > 0 || text.length == 0)
		return 0;
	filled->text[which] = facts->text[which] = TextFromServer(text, TextNameLimit());
	return facts->text[which].length;
}

void
CallFillTexts(OpenCall *call, GenopsSlice provider, GenopsSlice model, GenopsSlice operation)
{
	const GenopsSpanFacts begun = call->facts;
	GenopsSpanFacts filled = { 0 };
	char folded[DRAFT_NAME_MAX];
	char memory[8 * TEXT_NAME_MAX];
	GenopsBytes extra = genops_bytes_over(memory, sizeof(memory));
	size_t texts;

	provider = genops_ai_provider_fold(folded, sizeof(folded), provider);
	texts = Fill(&call->facts, &filled, GENOPS_TEXT_PROVIDER, provider) +
	        Fill(&call->facts, &filled, GENOPS_TEXT_MODEL, model) +
	        Fill(&call->facts, &filled, GENOPS_TEXT_OPERATION, operation);
	if (texts == 0)
		return;
	genops_ai_call_put_request(&extra, &filled);
	if (extra.failed || call->span.length + extra.length + DraftTextsSize(&call->facts) +
	                            DRAFT_OUTCOME_ROOM / 2 >
	                        RING_MAX_RECORD)
	{
		call->facts = begun; /* there is no room to say it */
		return;
	}
	genops_ai_decide(&call->facts, GENOPS_AI_PART_UNKNOWN, true, false);
	(void) MoveWith(call, &extra, texts);
	pfree(call);
}

OpenCall *
CallInnermost(void)
{
	return dlist_is_empty(&open_calls) ? NULL : dlist_head_element(OpenCall, node, &open_calls);
}

static OpenCall *
FindIn(dlist_head *list, const GenopsTraceParent *ids)
{
	dlist_iter at;

	dlist_foreach(at, list)
	{
		OpenCall *call = dlist_container(OpenCall, node, at.cur);

		if (memcmp(call->own.span_id, ids->span_id, GENOPS_SPAN_ID_SIZE) == 0 &&
		    memcmp(call->own.trace_id, ids->trace_id, GENOPS_TRACE_ID_SIZE) == 0)
			return call;
	}
	return NULL;
}

OpenCall *
CallFind(const GenopsTraceParent *ids)
{
	OpenCall *call = FindIn(&open_calls, ids);

	return call != NULL ? call : FindIn(&remembered, ids);
}

static OpenCall *
FindNumberIn(dlist_head *list, uint64 number)
{
	dlist_iter at;

	dlist_foreach(at, list)
	{
		OpenCall *call = dlist_container(OpenCall, node, at.cur);

		if (call->number == number)
			return call;
	}
	return NULL;
}

OpenCall *
CallFindNumber(uint64 number)
{
	OpenCall *call = number == 0 ? NULL : FindNumberIn(&open_calls, number);

	return call != NULL || number == 0 ? call : FindNumberIn(&remembered, number);
}

static void
ForgetDetached(void)
{
	if (detached != NULL)
		Free(detached);
	detached = NULL;
}

void
CallDetach(OpenCall *call)
{
	Unlink(call);
	ForgetDetached();
	detached = call;
}

void
CallForget(OpenCall *call)
{
	if (detached == call)
		ForgetDetached();
}

void
CallRemember(OpenCall *call, CallState state)
{
	Assert(detached == call);
	detached = NULL;
	Keep(call, state);
}

void
CallRecordFailure(OpenCall *call, int sqlstate, const char *message)
{
	char class[ERROR_TYPE_MAX + 1] = "";

	if (IsExternal(sqlstate) && message != NULL)
		CopyClass(class, message);
	Unlink(call);
	call->facts.end_ns = Max(ClockNanoseconds(), call->facts.start_ns);
	NoteFailure(call, sqlstate, class);
	SubmitUnended(call);
	Keep(call, call->state);
}

static void
CloseAll(bool failed)
{
	dlist_mutable_iter at;

	while (!dlist_is_empty(&open_calls))
	{
		OpenCall *call = CallInnermost();

		Unlink(call);
		if (failed)
			NoteAbort(call);
		else
			NoteUnfinished(call);
		SubmitUnended(call);
		Keep(call, call->state);
	}
	dlist_foreach_modify(at, &remembered)
	{
		OpenCall *call = dlist_container(OpenCall, node, at.cur);

		if (call->state == CALL_CUT_OFF)
			SubmitUnended(call);
	}
	ForgetDetached();
}

static void
AtTransactionEnd(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PREPARE:
			CloseAll(false);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			KeysDrop();
			CloseAll(true);
			break;
		default:
			break;
	}
}

static void
CutOffAborted(SubTransactionId subtransaction)
{
	dlist_mutable_iter at;

	dlist_foreach_modify(at, &open_calls)
	{
		OpenCall *call = dlist_container(OpenCall, node, at.cur);

		if (call->subtransaction != subtransaction)
			continue;
		Unlink(call);
		NoteAbort(call);
		Keep(call, CALL_CUT_OFF);
	}
}

static void
GiveToParent(SubTransactionId subtransaction, SubTransactionId parent)
{
	dlist_iter at;

	dlist_foreach(at, &open_calls)
	{
		OpenCall *call = dlist_container(OpenCall, node, at.cur);

		if (call->subtransaction == subtransaction)
			call->subtransaction = parent;
	}
}

static void
AtSubTransactionEnd(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent,
                    void *arg)
{
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		KeysDrop();
		CutOffAborted(subtransaction);
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		GiveToParent(subtransaction, parent);
}

void
CallsInit(void)
{
	RegisterXactCallback(AtTransactionEnd, NULL);
	RegisterSubXactCallback(AtSubTransactionEnd, NULL);
	previous_emit_log_hook = emit_log_hook;
	emit_log_hook = NoteReport;
}
