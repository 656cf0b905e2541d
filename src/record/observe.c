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
#include "catalog/pg_type.h"
#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "record/arguments.h"
#include "record/call.h"
#include "record/charge.h"
#include "record/outcome.h"
#include "record/returned.h"

PG_FUNCTION_INFO_V1(genops_observe);
PG_FUNCTION_INFO_V1(genops_end);

/* A key that had to be repaired is not found again. */
static bool
IsSaidAnew(Jsonb *anew, GenopsSlice key)
{
	JsonbValue found;
	char *name = pnstrdup(key.data, key.length);

	if (strstr(name, "\xEF\xBF\xBD") == NULL)
		name = pg_any_to_server(name, (int) key.length, PG_UTF8);
	return getKeyJsonValueFromContainer(&anew->root, name, (int) strlen(name), &found) != NULL;
}

/* The attributes of the beginning but those that the end says anew. */
static void
KeepAttributes(GenopsBytes *out, GenopsSlice begun, Jsonb *anew)
{
	GenopsFields fields = genops_fields(begun);
	const uint8_t *start = fields.next;
	GenopsWireField field;

	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice key;
		GenopsValue value;

		if (!genops_read_key_value(field.bytes, &key, &value) || !IsSaidAnew(anew, key))
			genops_bytes_put(out, start, fields.next - start);
		start = fields.next;
	}
}

/* The draft of a call as it began. */
static SpanDraft *
DraftOfCall(const OpenCall *call, Jsonb *attributes)
{
	SpanDraft *draft = DraftStart();
	GenopsSlice begun = { (const char *) call->span.data, call->span.length };

	draft->facts = call->facts;
	draft->flags = call->flags;
	draft->place.own = call->own;
	draft->end_offset = call->end_offset;
	draft->dropped_attributes = call->dropped_attributes;
	if (attributes == NULL || !JB_ROOT_IS_OBJECT(attributes))
	{
		genops_bytes_put(&draft->span, begun.data, begun.length);
		return draft;
	}
	genops_bytes_put(&draft->span, begun.data, call->attributes_offset);
	begun.data += call->attributes_offset;
	begun.length -= call->attributes_offset;
	KeepAttributes(&draft->span, begun, attributes);
	return draft;
}

static void
EndCall(const OpenCall *call, SpanDraft *draft, const OutcomeArguments *outcome, Jsonb *attributes)
{
	draft->facts.end_ns = Max(ClockNanoseconds(), draft->facts.start_ns);
	genops_otlp_patch_end(&draft->span, draft->end_offset, draft->facts.end_ns);
	OutcomeSet(draft, outcome);
	if (draft->facts.status == GENOPS_STATUS_ERROR && call->keep_if_failed)
		DraftSample(draft);
	DraftClose(draft, attributes);

	/* From here on it must not be recorded a second time, even if waiting for
	 * the ledger is cancelled. */
	CallDetach(call);
	DraftSubmit(draft);
	CallsForget();
}

/*
 * Whether the reply was there before the call began: the planner has called
 * an IMMUTABLE function, or a client passes a reply as a parameter.  A call
 * that is a constant too was begun before the planning, and is timed right.
 */
static bool
ReplyIsFolded(FunctionCallInfo fcinfo)
{
	CallSite *site = CallSiteOf(fcinfo);
	Node *expression = fcinfo->flinfo->fn_expr;

	if (!site->folded_known)
	{
		if (expression != NULL && IsA(expression, FuncExpr))
		{
			List *arguments = ((FuncExpr *) expression)->args;
			Node *reply = list_nth(arguments, 1);

			site->folded = IsA(reply, Const) && !((Const *) reply)->constisnull &&
			               !IsA(linitial(arguments), Const);
		}
		site->folded_known = true;
	}
	return site->folded;
}

static void
WarnOfFolding(void)
{
	static bool warned = false;

	if (warned)
		return;
	warned = true;
	ereport(
	    WARNING,
	    (errcode(ERRCODE_WARNING),
	     errmsg("the reply was made before the call was begun, so that the call can't be timed"),
	     errdetail("A function that is declared IMMUTABLE runs when the statement is planned, "
	               "perhaps once for many calls."),
	     errhint("Declare it as what it is, with ALTER FUNCTION ... VOLATILE.")));
}

Datum
genops_observe(PG_FUNCTION_ARGS)
{
	OutcomeArguments outcome;
	const OpenCall *call;
	SpanDraft *draft;
	bool folded;

	RingRequire();
	call = CallFromHandle(ArgumentText(fcinfo, 0));
	folded = ReplyIsFolded(fcinfo);
	if (folded)
		WarnOfFolding();
	OutcomeArgumentsInit(&outcome);
	if (!PG_ARGISNULL(1) && get_fn_expr_argtype(fcinfo->flinfo, 1) == JSONBOID)
		outcome.response = PG_GETARG_JSONB_P(1);
	draft = DraftOfCall(call, NULL);
	draft->outcome.untimed = folded;
	EndCall(call, draft, &outcome, NULL);

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(1));
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
	OutcomeArguments outcome;
	const OpenCall *call;
	SpanDraft *draft;
	Jsonb *attributes;

	RingRequire();
	OutcomeArgumentsInit(&outcome);
	outcome.total_cost = ArgumentAny(fcinfo, ARG_TOTAL_COST, &CallSiteOf(fcinfo)->total_cost);
	call = CallFromHandle(ArgumentText(fcinfo, ARG_CALL));
	attributes = ArgumentJsonb(fcinfo, ARG_ATTRIBUTES);
	draft = DraftOfCall(call, attributes);

	outcome.response = ArgumentJsonb(fcinfo, ARG_RESPONSE);
	outcome.error = ArgumentText(fcinfo, ARG_ERROR);
	outcome.prompt_tokens = ArgumentTokens(fcinfo, ARG_PROMPT_TOKENS, "prompt_tokens");
	outcome.completion_tokens = ArgumentTokens(fcinfo, ARG_COMPLETION_TOKENS, "completion_tokens");
	OptionsRead(ArgumentJsonb(fcinfo, ARG_OPTIONS), OPTIONS_OF_END, &outcome.options);
	ChargeCheck(&outcome);
	EndCall(call, draft, &outcome, attributes);
	PG_RETURN_TEXT_P(ReturnedTraceParent(&draft->place.own));
}
