/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "common/int.h"
#include "core/base/utf8.h"
#include "core/span/ai_kind.h"
#include "record/arguments.h"
#include "record/complaint.h"
#include "record/condition.h"
#include "record/keys.h"
#include "record/outcome.h"
#include "record/text.h"
#include "record/usage.h"

/* A reason is a word.  Bytes. */
#define FINISH_REASON_MAX 64

void
CallOutcomeInit(CallOutcome *outcome)
{
	memset(outcome, 0, offsetof(CallOutcome, options));
	outcome->prompt_tokens = GENOPS_UNKNOWN_TOKENS;
	outcome->completion_tokens = GENOPS_UNKNOWN_TOKENS;
	OptionsInit(&outcome->options);
}

bool
CallOutcomeHasUsage(const CallOutcome *outcome)
{
	const CallOptions *options = &outcome->options;

	if (outcome->prompt_tokens != GENOPS_UNKNOWN_TOKENS ||
	    outcome->completion_tokens != GENOPS_UNKNOWN_TOKENS ||
	    genops_slice_present(outcome->total_cost) || options->known_costs != 0)
		return true;
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (options->tokens[i] != GENOPS_UNKNOWN_TOKENS)
			return true;
	return false;
}

/*
 * Tokens
 */

/* What cannot be is settled, and told. */
static void
IncludeCache(GenopsSpanFacts *facts)
{
	int64 said = facts->tokens[GENOPS_TOKENS_INPUT];

	if (!genops_ai_include_cache(facts))
		return;
	Complain(COMPLAINT_TOKENS, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("more tokens came from or went to the cache than there were"),
	         errdetail("%lld tokens in the prompt cannot contain those of the cache; they are taken "
	                   "as those beside them.",
	                   (long long) said),
	         errhint("\"prompt_tokens\" includes what was read from and written to a cache."));
}

static void
SetTokens(GenopsSpanFacts *facts, const CallOutcome *said)
{
	memcpy(facts->tokens, said->options.tokens, sizeof(facts->tokens));
	facts->tokens[GENOPS_TOKENS_INPUT] = said->prompt_tokens;
	facts->tokens[GENOPS_TOKENS_OUTPUT] = said->completion_tokens;
	IncludeCache(facts);
}

/*
 * Cost
 */

/* A total that is not said is the sum of the parts that are. */
static bool
SumOfParts(const CallOptions *options, GenopsMoney *sum)
{
	*sum = 0;
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		if (pg_add_s64_overflow(*sum, options->cost[i], sum))
		{
			Complain(COMPLAINT_COST, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
			         errmsg("the parts of the cost are too large"),
			         errdetail("One call may cost up to 9.2 million units of a currency."),
			         errhint("Check the unit of \"input_cost\" and the other costs in "
			                 "\"options\"."));
			return false;
		}
	return true;
}

static void
SetCost(GenopsSpanFacts *facts, const CallOutcome *said)
{
	const CallOptions *options = &said->options;
	GenopsMoney total;
	bool known = false;

	if (genops_slice_present(said->total_cost))
		known = MoneyFromText(said->total_cost, "total_cost", &total);
	if (!known && options->known_costs != 0)
		known = SumOfParts(options, &total);
	if (!known)
		return;
	facts->known_costs = options->known_costs | 1 << GENOPS_COST_TOTAL;
	memcpy(facts->cost, options->cost, sizeof(facts->cost));
	facts->cost[GENOPS_COST_TOTAL] = total;
	facts->text[GENOPS_TEXT_CURRENCY] = genops_slice_present(options->currency)
	                                        ? TextFromServer(options->currency, TextNameLimit())
	                                        : GENOPS_LITERAL("USD");
	facts->cost_source = GENOPS_COST_FROM_CALLER;
}

/* A call that failed before it used anything has nothing to be priced. */
static void
SetCostSource(GenopsSpanFacts *facts)
{
	if (facts->cost_source != GENOPS_COST_FROM_NOWHERE)
		return;
	facts->cost_source =
	    facts->ai_call && (genops_ai_has_usage(facts) || facts->status != GENOPS_STATUS_ERROR)
	        ? GENOPS_COST_UNPRICED
	        : GENOPS_COST_NONE;
}

/*
 * Status
 */
static GenopsStatus
StatusFromText(GenopsSlice text)
{
	if (text.length == 0 || genops_slice_equal(text, GENOPS_LITERAL("unset")))
		return GENOPS_STATUS_UNSET;
	if (genops_slice_equal(text, GENOPS_LITERAL("ok")))
		return GENOPS_STATUS_OK;
	if (genops_slice_equal(text, GENOPS_LITERAL("error")))
		return GENOPS_STATUS_ERROR;
	Complain(COMPLAINT_STATUS, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("unknown status \"%s\"", TextForMessage(text)),
	         errdetail("The status of a call is unset, ok or error."),
	         genops_slice_equal(text, GENOPS_LITERAL("success"))
	             ? errhint("Use \"ok\", or leave it out: a call that did not fail is unset.")
	             : errhint("Leave it out unless the call failed; the argument \"error\" sets it as "
	                       "well."));
	return GENOPS_STATUS_UNSET;
}

/* What HTTP says of a reply that is none. */
static void
SetHttpError(GenopsAiOutcome *outcome, const Reply *reply)
{
	if (reply->error.length > 0)
	{
		outcome->error_message = TextFromServer(reply->error, Min(TextLimit(), DRAFT_ERROR_MAX));
		outcome->error_type = ErrorTypeFromMessage(outcome->error_message);
		return;
	}
	outcome->error_message =
	    TextFromServer(genops_slice(psprintf("HTTP status %d", reply->http_status)), TextLimit());
	outcome->error_type =
	    TextFromServer(genops_slice(psprintf("%d", reply->http_status)), TextLimit());
}

static void
SetStatus(SpanDraft *draft, const CallOutcome *said, const GenopsReply *read)
{
	GenopsAiOutcome *outcome = &draft->outcome;
	GenopsStatus status = StatusFromText(said->status);
	bool failed = said->error.length > 0 || genops_slice_present(said->options.error_type);

	if (failed && status == GENOPS_STATUS_OK)
		Complain(COMPLAINT_STATUS, ERRCODE_INVALID_PARAMETER_VALUE,
		         errmsg("a call with an error cannot have status \"ok\""),
		         errdetail("An error implies the status \"error\"."),
		         errhint("Leave \"status\" out, or the error."));
	if (status == GENOPS_STATUS_UNSET && (ReplyFailed(&said->reply) || read->failed))
		failed = true;
	draft->facts.status = failed ? GENOPS_STATUS_ERROR : status;
	if (draft->facts.status != GENOPS_STATUS_ERROR)
		return;
	if (ReplyFailed(&said->reply))
		SetHttpError(outcome, &said->reply);
	if (read->failed)
	{
		outcome->error_type = read->error_type;
		if (read->error_message.length > 0)
			outcome->error_message = read->error_message;
	}
	if (said->error.length > 0)
	{
		outcome->error_message = TextFromServer(said->error, Min(TextLimit(), DRAFT_ERROR_MAX));
		outcome->error_type = ErrorTypeFromMessage(outcome->error_message);
	}
	if (said->options.error_type.length > 0)
		outcome->error_type = TextFromServer(said->options.error_type, ERROR_TYPE_MAX);
	if (outcome->error_type.length == 0)
		outcome->error_type = ERROR_TYPE_OTHER;
}

/*
 * The reply
 */
static void
SetReply(SpanDraft *draft, const CallOutcome *said, const GenopsReply *read)
{
	GenopsAiOutcome *outcome = &draft->outcome;
	const CallOptions *options = &said->options;

	outcome->response_id = genops_slice_present(options->response_id)
	                           ? TextFromServer(options->response_id, TextNameLimit())
	                           : read->id;
	outcome->response_model = genops_slice_present(options->response_model)
	                              ? TextFromServer(options->response_model, TextNameLimit())
	                              : read->model;
	draft->facts.text[GENOPS_TEXT_RESPONSE_MODEL] = outcome->response_model;
	for (int i = 0; i < options->finish_reason_count; i++)
		draft->finish_reasons[i] = TextFromServer(options->finish_reasons[i], FINISH_REASON_MAX);
	outcome->finish_reasons = draft->finish_reasons;
	outcome->finish_reason_count = options->finish_reason_count;
	if (options->finish_reason_count == 0)
	{
		outcome->finish_reasons = read->finish_reasons;
		outcome->finish_reason_count = read->finish_reason_count;
	}
}

/* It stays in the trace, but whoever sums up must not find it. */
static void
MarkDuplicate(GenopsSpanFacts *facts)
{
	genops_ai_uncharge(facts);
	facts->flags |= GENOPS_FLAG_DUPLICATE;
}

/* A span that is linked to one of its own id (which the caller gave to both) needs another. */
static void
LinkToFirst(SpanDraft *draft)
{
	draft->has_first = true;
	if (memcmp(draft->first.span_id, draft->facts.span_id, GENOPS_SPAN_ID_SIZE) != 0)
		return;
	TraceNewSpanId(&draft->place);
	memcpy(draft->facts.span_id, draft->place.own.span_id, GENOPS_SPAN_ID_SIZE);
	genops_otlp_patch_span_id(&draft->span, draft->facts.span_id);
}

static void
SetFate(SpanDraft *draft, const CallOutcome *said)
{
	KeyFate fate;

	KeySetReply(&draft->facts, draft->outcome.response_id);
	fate = KeysClaim(&draft->facts, &draft->first);

	if (fate != KEY_NEW)
		LinkToFirst(draft);
	if (fate == KEY_SUPPLEMENT)
		draft->facts.flags |= GENOPS_FLAG_SUPPLEMENT | GENOPS_FLAG_NO_DURATION;
	if (fate == KEY_DUPLICATE || said->repeated)
		MarkDuplicate(&draft->facts);
}

void
OutcomeSet(SpanDraft *draft, const CallOutcome *said, bool may_charge)
{
	GenopsSpanFacts *facts = &draft->facts;
	const GenopsReply *read;

	SetTokens(facts, said);
	if (may_charge)
		SetCost(facts, said);
	read = UsageRead(draft, said);
	SetStatus(draft, said, read);
	SetReply(draft, said, read);
	genops_ai_decide(facts, GENOPS_AI_PART_UNKNOWN, true, false);
	UsageCharge(draft);
	SetCostSource(facts);
	draft->outcome.untimed = said->untimed;
	if (said->untimed)
		facts->flags |= GENOPS_FLAG_UNTIMED;
	SetFate(draft, said);
}
