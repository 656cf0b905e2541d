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
 * - Abort of the (sub)transaction that it belongs to, also of a parallel
 *	 worker's: status error.  FATAL and shutdown come here too, as the backend
 *	 aborts its transaction before it detaches from shared memory.
 * - Commit of a subtransaction: the call goes to the parent.  A block with an
 *	 EXCEPTION clause may begin a call that the code behind it ends.
 * - Commit: status unset, marked as unfinished.  This is done at
 *	 XACT_EVENT_COMMIT, when nothing can fail any more, and not at PRE_COMMIT:
 *	 other modules' callbacks may still raise after ours there, and a call that
 *	 then fails with its transaction would have been recorded as one that did
 *	 not.  For the same reason PREPARE TRANSACTION closes calls at
 *	 XACT_EVENT_PREPARE; the prepared transaction has no session to come back to.
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
#include "core/span/otlp_write.h"
#include "record/arguments.h"
#include "record/call.h"
#include "record/condition.h"
#include "record/span_record.h"
#include "utils/memutils.h"

/* What closing in a callback writes, at most. */
#define CLOSE_ROOM (768 + 3 * ERROR_TYPE_MAX)

static MemoryContext calls_context = NULL;
static OpenCall *innermost = NULL;
static int open_count = 0;
static OpenCall *detached = NULL;

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

static void
NoteSqlState(int sqlstate, const char *message)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);
	GenopsSlice type;

	if (category == ERRCODE_SUCCESSFUL_COMPLETION || category == ERRCODE_WARNING ||
	    category == ERRCODE_NO_DATA)
		return;
	seen_sqlstate = sqlstate;
	seen_in_statement = GetCurrentStatementStartTimestamp();
	seen_class[0] = '\0';
	if (!IsExternal(sqlstate) || message == NULL)
		return;
	type = ErrorTypeFromMessage(genops_slice(message));
	if (!genops_slice_equal(type, ERROR_TYPE_OTHER))
		strlcpy(seen_class, type.data, type.length + 1);
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
RequireRoomForCall(void)
{
	if (open_count < CALLS_MAX)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many open calls"),
	         errdetail("A session can have %d calls that were begun and not ended.", CALLS_MAX),
	         errhint("End each call with genops_observe or genops_end, or record it with "
	                 "genops_track when it is over.")));
}

void
CallOpen(const SpanDraft *draft, size_t attributes_offset, bool keep_if_failed)
{
	size_t capacity = draft->span.length + CLOSE_ROOM;
	size_t texts = DraftTextsSize(&draft->facts) + draft->place.trace_state.length;
	OpenCall *call;
	char *to;

	RequireRoomForCall();
	if (calls_context == NULL)
		calls_context = AllocSetContextCreate(TopMemoryContext, "genops_tempo open calls",
		                                      ALLOCSET_DEFAULT_SIZES);
	call = MemoryContextAlloc(calls_context, offsetof(OpenCall, memory) + capacity + texts);
	call->subtransaction = GetCurrentSubTransactionId();
	call->own = draft->place.own;
	call->flags = draft->flags;
	call->dropped_attributes = draft->dropped_attributes;
	call->keep_if_failed = keep_if_failed;
	call->facts = draft->facts;
	call->end_offset = draft->end_offset;
	call->attributes_offset = attributes_offset;

	call->span = genops_bytes_over(call->memory, capacity);
	genops_bytes_put(&call->span, draft->span.data, draft->span.length);
	to = call->memory + capacity;
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		call->facts.text[i] = CopySlice(&to, draft->facts.text[i]);
	call->trace_state = CopySlice(&to, draft->place.trace_state);

	WatchErrors();
	call->outer = innermost;
	innermost = call;
	open_count++;
}

const OpenCall *
CallInnermost(void)
{
	return innermost;
}

const OpenCall *
CallFind(const GenopsTraceParent *ids)
{
	for (OpenCall *call = innermost; call != NULL; call = call->outer)
		if (memcmp(call->own.span_id, ids->span_id, GENOPS_SPAN_ID_SIZE) == 0 &&
		    memcmp(call->own.trace_id, ids->trace_id, GENOPS_TRACE_ID_SIZE) == 0)
			return call;
	return NULL;
}

const OpenCall *
CallFromHandle(GenopsSlice handle)
{
	GenopsTraceParent ids;
	const OpenCall *call;

	if (!genops_slice_present(handle))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("NULL is not a call handle"),
		     errdetail("The first argument names the call that is over."),
		     errhint("Pass what genops_begin returned, or leave \"call\" out in genops_observe.")));
	if (!genops_traceparent_parse(handle, &ids))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"%s\" is not a call handle", TextForMessage(handle)),
		                errdetail("The first argument names the call that is over; the model's "
		                          "reply is the second."),
		                errhint("Write genops_observe(genops_begin('provider', 'model'), reply), "
		                        "or genops_observe(response => reply).")));
	call = CallFind(&ids);
	if (call == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("call \"%s\" is not open in this session", TextForMessage(handle)),
		                errdetail("It has ended already, with its transaction at the latest, or "
		                          "was begun in another session."),
		                errhint("End a call once, in the transaction that began it, or record it "
		                        "with genops_track when it is over.")));
	return call;
}

static void
Unlink(OpenCall *call)
{
	OpenCall **link = &innermost;

	while (*link != call)
		link = &(*link)->outer;
	*link = call->outer;
	open_count--;
}

void
CallDetach(const OpenCall *call)
{
	OpenCall *mine = unconstify(OpenCall *, call);

	Unlink(mine);
	mine->outer = detached;
	detached = mine;
}

void
CallsForget(void)
{
	while (detached != NULL)
	{
		OpenCall *next = detached->outer;

		pfree(detached);
		detached = next;
	}
}

/* In an abort: error type and message from the error, if it was seen. */
static void
SetFailure(OpenCall *call, GenopsAiOutcome *outcome)
{
	call->facts.status = GENOPS_STATUS_ERROR;
	if (call->keep_if_failed)
	{
		call->facts.sampled = true;
		call->flags |= GENOPS_SPAN_FLAG_SAMPLED;
	}
	if (seen_sqlstate != 0 && seen_in_statement == GetCurrentStatementStartTimestamp())
	{
		outcome->error_type =
		    genops_slice(seen_class[0] ? seen_class : unpack_sql_state(seen_sqlstate));
		outcome->error_message = ConditionText(seen_sqlstate);
	}
	else
	{
		outcome->error_type = ERROR_TYPE_OTHER;
		outcome->error_message = GENOPS_LITERAL("rolled back");
		outcome->unfinished = true;
	}
}

/* Closes a call that nobody ended.  Runs in callbacks: see above. */
static void
CloseUnended(OpenCall *call, bool failed)
{
	GenopsAiOutcome outcome = { .unfinished = !failed };
	SpanRecord record = { 0 };

	if (failed)
		SetFailure(call, &outcome);
	call->facts.end_ns = Max(ClockNanoseconds(), call->facts.start_ns);
	genops_otlp_patch_end(&call->span, call->end_offset, call->facts.end_ns);
	genops_ai_call_put_outcome(&call->span, &call->facts, &outcome);
	genops_otlp_span_dropped(&call->span, call->dropped_attributes);
	if (failed)
		genops_otlp_span_exception(&call->span, call->facts.end_ns, outcome.error_type,
		                           outcome.error_message);
	genops_otlp_span_close(&call->span, call->facts.status, outcome.error_message, call->flags);
	Assert(!call->span.failed);

	record.facts = call->facts;
	record.span = (GenopsSlice){ (const char *) call->span.data, call->span.length };
	(void) SpanRecordSubmit(&record, false);
}

static void
CloseAll(bool failed)
{
	while (innermost != NULL)
	{
		OpenCall *call = innermost;

		Unlink(call);
		CloseUnended(call, failed);
		pfree(call);
	}
	CallsForget();
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
			CloseAll(true);
			break;
		default:
			break;
	}
}

static void
CloseAborted(SubTransactionId subtransaction)
{
	OpenCall *call = innermost;

	while (call != NULL)
	{
		OpenCall *outer = call->outer;

		if (call->subtransaction == subtransaction)
		{
			Unlink(call);
			CloseUnended(call, true);
			pfree(call);
		}
		call = outer;
	}
}

static void
GiveToParent(SubTransactionId subtransaction, SubTransactionId parent)
{
	for (OpenCall *call = innermost; call != NULL; call = call->outer)
		if (call->subtransaction == subtransaction)
			call->subtransaction = parent;
}

static void
AtSubTransactionEnd(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent,
                    void *arg)
{
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		CloseAborted(subtransaction);
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
