/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_observe and genops_end: a call that was begun is over.
 *
 *		genops_observe(genops_begin('openai', 'gpt-4o'), ai.chat(...))
 *
 * Arguments are evaluated from left to right, so that the call begins, the
 * model answers, and the call ends here.  If the model raises, this is never
 * reached, and the call ends with its transaction: call.c.
 */
#include "postgres.h"

#include "compat.h"
#include "record/api.h"
#include "record/arguments.h"
#include "record/complaint.h"
#include "record/observed.h"
#include "record/returned.h"
#include "shared/ring.h"

/* What a call site remembers, in fn_extra. */
typedef struct ObserveSite
{
	ReplyType reply_type;
	bool evaluated; /* before, in this execution */
} ObserveSite;

PG_FUNCTION_INFO_V1(genops_observe);
PG_FUNCTION_INFO_V1(genops_observe_marked);
PG_FUNCTION_INFO_V1(genops_end);

static ObserveSite *
SiteOf(FunctionCallInfo fcinfo)
{
	FmgrInfo *function = fcinfo->flinfo;

	if (unlikely(function->fn_extra == NULL))
		function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof(ObserveSite));
	return function->fn_extra;
}

static bool
ComplainOfHandle(GenopsSlice handle)
{
	if (!genops_slice_present(handle))
		Complain(COMPLAINT_CALL, ERRCODE_NULL_VALUE_NOT_ALLOWED, errmsg("NULL is not a call handle"),
		         errdetail("The first argument names the call that is over. Nothing is recorded."),
		         errhint("Pass what genops_begin returned, or leave \"call\" out in "
		                 "genops_observe."));
	else
		Complain(COMPLAINT_CALL, ERRCODE_INVALID_PARAMETER_VALUE,
		         errmsg("\"%s\" is not a call handle", TextForMessage(handle)),
		         errdetail("The first argument names the call that is over; the model's "
		                   "reply is the second. Nothing is recorded."),
		         errhint("Write genops_observe(genops_begin('provider', 'model'), reply), "
		                 "or genops_observe(response => reply)."));
	return false;
}

static bool
CallOfHandle(GenopsSlice handle, GenopsTraceParent *ids)
{
	if (genops_slice_present(handle) && genops_traceparent_parse(handle, ids))
		return true;
	return ComplainOfHandle(handle);
}

static void
ComplainOfEnded(GenopsSlice handle)
{
	Complain(COMPLAINT_CALL, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
	         errmsg("call \"%s\" is not open in this session", TextForMessage(handle)),
	         errdetail("It has ended already, or was begun in another session. Nothing is "
	                   "recorded."),
	         errhint("End a call once, in the session that began it, or record it "
	                 "with genops_track when it is over."));
}

static void
End(GenopsSlice handle, const CallOutcome *outcome, Jsonb *attributes)
{
	GenopsTraceParent ids;

	if (CallOfHandle(handle, &ids) && !CallEnd(CallIdOf(&ids), outcome, attributes))
		ComplainOfEnded(handle);
}

static Datum
Observe(FunctionCallInfo fcinfo, CallOutcome *outcome)
{
	if (!PG_ARGISNULL(1))
		outcome->reply =
		    ReplyOfDatum(PG_GETARG_DATUM(1), get_fn_expr_argtype(fcinfo->flinfo, 1),
		                 &SiteOf(fcinfo)->reply_type);
	End(ArgumentText(fcinfo, 0), outcome, NULL);
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(1));
}

Datum
genops_observe(PG_FUNCTION_ARGS)
{
	CallOutcome outcome;

	RingRequire();
	CallOutcomeInit(&outcome);
	return Observe(fcinfo, &outcome);
}

/* What ObserveSupport has replaced genops_observe by: the reply is not made, or not made each
 * time, between beginning and end. */
Datum
genops_observe_marked(PG_FUNCTION_ARGS)
{
	ObserveSite *site = SiteOf(fcinfo);
	CallOutcome outcome;

	RingRequire();
	CallOutcomeInit(&outcome);
	ObservedApply(PG_GETARG_INT64(2), site->evaluated, &outcome);
	site->evaluated = true;
	return Observe(fcinfo, &outcome);
}

enum
{
	ARG_CALL,
	ARG_RESPONSE,
	ARG_ERROR,
	ARG_PROMPT_TOKENS,
	ARG_COMPLETION_TOKENS,
	ARG_TOTAL_COST,
	ARG_ATTRIBUTES,
	ARG_OPTIONS
};

Datum
genops_end(PG_FUNCTION_ARGS)
{
	CallOutcome outcome;
	GenopsSlice handle = ArgumentText(fcinfo, ARG_CALL);

	RingRequire();
	CallOutcomeInit(&outcome);
	if (!PG_ARGISNULL(ARG_RESPONSE))
		outcome.reply = ReplyOfValue(PG_GETARG_DATUM(ARG_RESPONSE));
	outcome.error = ArgumentText(fcinfo, ARG_ERROR);
	outcome.prompt_tokens = ArgumentTokens(fcinfo, ARG_PROMPT_TOKENS, "prompt_tokens");
	outcome.completion_tokens = ArgumentTokens(fcinfo, ARG_COMPLETION_TOKENS, "completion_tokens");
	outcome.total_cost = ArgumentValue(fcinfo, ARG_TOTAL_COST);
	OptionsRead(ArgumentJsonb(fcinfo, ARG_OPTIONS), OPTIONS_OF_END, &outcome.options);
	End(handle, &outcome, ArgumentJsonb(fcinfo, ARG_ATTRIBUTES));
	if (!genops_slice_present(handle))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(ARG_CALL));
}
