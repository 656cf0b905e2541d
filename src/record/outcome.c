#include "postgres.h"

#include "common/int.h"
#include "core/base/utf8.h"
#include "record/arguments.h"
#include "record/condition.h"
#include "record/duplicate.h"
#include "record/outcome.h"
#include "record/text.h"

void
OutcomeArgumentsInit(OutcomeArguments *arguments)
{
	memset(arguments, 0, offsetof(OutcomeArguments, options));
	arguments->prompt_tokens = GENOPS_UNKNOWN_TOKENS;
	arguments->completion_tokens = GENOPS_UNKNOWN_TOKENS;
	OptionsRead(NULL, OPTIONS_OF_END, &arguments->options);
}

static void
SetTokens(GenopsSpanFacts *facts, const OutcomeArguments *arguments)
{
	memcpy(facts->tokens, arguments->options.tokens, sizeof(facts->tokens));
	facts->tokens[GENOPS_TOKENS_INPUT] = arguments->prompt_tokens;
	facts->tokens[GENOPS_TOKENS_OUTPUT] = arguments->completion_tokens;
}

/* A total that isn't said is the sum of the parts that are. */
static GenopsMoney
SumOfParts(const CallOptions *options)
{
	GenopsMoney sum = 0;

	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		if (pg_add_s64_overflow(sum, options->cost[i], &sum))
			ereport(
			    ERROR,
			    (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			     errmsg("the parts of the cost are too large"),
			     errdetail("One call may cost up to 9.2 million units of a currency."),
			     errhint("Check the unit of \"input_cost\" and the other costs in \"options\".")));
	return sum;
}

static void
SetCost(SpanDraft *draft, const OutcomeArguments *arguments)
{
	GenopsSpanFacts *facts = &draft->facts;
	const CallOptions *options = &arguments->options;

	facts->known_costs = options->known_costs;
	memcpy(facts->cost, options->cost, sizeof(facts->cost));
	if (genops_slice_present(arguments->total_cost))
		facts->cost[GENOPS_COST_TOTAL] = MoneyFromText(arguments->total_cost, "total_cost");
	else if (options->known_costs != 0)
		facts->cost[GENOPS_COST_TOTAL] = SumOfParts(options);
	else
		return;
	facts->known_costs |= 1 << GENOPS_COST_TOTAL;
	facts->text[GENOPS_TEXT_CURRENCY] =
	    genops_slice_present(options->currency) ? options->currency : GENOPS_LITERAL("USD");
	draft->outcome.cost_source = GENOPS_LITERAL("caller");
}

static GenopsStatus
StatusFromText(GenopsSlice text)
{
	if (text.length == 0 || genops_slice_equal(text, GENOPS_LITERAL("unset")))
		return GENOPS_STATUS_UNSET;
	if (genops_slice_equal(text, GENOPS_LITERAL("ok")))
		return GENOPS_STATUS_OK;
	if (genops_slice_equal(text, GENOPS_LITERAL("error")))
		return GENOPS_STATUS_ERROR;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("unknown status \"%s\"", TextForMessage(text)),
	                errdetail("The status of a call is unset, ok or error."),
	                genops_slice_equal(text, GENOPS_LITERAL("success"))
	                    ? errhint("Use \"ok\", or leave it out: a call that did not fail is unset.")
	                    : errhint("Leave it out unless the call failed; the argument \"error\" "
	                              "sets it as well.")));
}

static void
SetStatus(SpanDraft *draft, const OutcomeArguments *arguments)
{
	GenopsAiOutcome *outcome = &draft->outcome;
	GenopsStatus status = StatusFromText(arguments->status);
	bool failed =
	    arguments->error.length > 0 || genops_slice_present(arguments->options.error_type);

	if (failed && status == GENOPS_STATUS_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a call with an error can't have status \"ok\""),
		                errdetail("An error implies the status \"error\"."),
		                errhint("Leave \"status\" out, or the error.")));
	draft->facts.status = failed ? GENOPS_STATUS_ERROR : status;
	if (draft->facts.status != GENOPS_STATUS_ERROR)
		return;
	if (arguments->error.length > 0)
		outcome->error_message =
		    TextFromServer(arguments->error, Min(TextLimit(), DRAFT_ERROR_MAX));
	outcome->error_type = genops_slice_present(arguments->options.error_type)
	                          ? arguments->options.error_type
	                          : ErrorTypeFromMessage(outcome->error_message);
}

static GenopsSlice
ReplyId(Jsonb *response)
{
	JsonbValue id;

	if (response == NULL || !JB_ROOT_IS_OBJECT(response) ||
	    getKeyJsonValueFromContainer(&response->root, "id", 2, &id) == NULL ||
	    id.type != jbvString || id.val.string.len == 0)
		return GENOPS_ABSENT;
	return TextFromServer((GenopsSlice){ id.val.string.val, id.val.string.len }, TextNameLimit());
}

static void
SetReply(SpanDraft *draft, const OutcomeArguments *arguments)
{
	GenopsAiOutcome *outcome = &draft->outcome;
	const CallOptions *options = &arguments->options;

	outcome->response_id = genops_slice_present(options->response_id)
	                           ? options->response_id
	                           : ReplyId(arguments->response);
	outcome->response_model = options->response_model;
	outcome->finish_reasons = options->finish_reasons;
	outcome->finish_reason_count = options->finish_reason_count;
	if (!genops_slice_present(outcome->response_id))
		return;
	draft->reply_key = DuplicateKey(outcome->response_id, &draft->facts);
	draft->duplicate = DuplicateSeen(draft->reply_key);
}

/* It stays in the trace, but whoever sums up must not find it. */
static void
ChargeNothing(SpanDraft *draft)
{
	GenopsSpanFacts *facts = &draft->facts;

	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts->tokens[i] = GENOPS_UNKNOWN_TOKENS;
	memset(facts->cost, 0, sizeof(facts->cost));
	facts->known_costs = 0;
	facts->text[GENOPS_TEXT_CURRENCY] = GENOPS_ABSENT;
	draft->outcome.cost_source = GENOPS_ABSENT;
}

/* Tokens or a cost make it one if provider and model didn't. */
static bool
HasUsage(const GenopsSpanFacts *facts)
{
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (facts->tokens[i] != GENOPS_UNKNOWN_TOKENS)
			return true;
	return facts->known_costs != 0;
}

void
OutcomeSet(SpanDraft *draft, const OutcomeArguments *arguments)
{
	GenopsSpanFacts *facts = &draft->facts;
	bool used;

	SetTokens(facts, arguments);
	SetCost(draft, arguments);
	SetStatus(draft, arguments);
	SetReply(draft, arguments);
	if (draft->duplicate)
	{
		ChargeNothing(draft);
		facts->ai_call = false;
		return;
	}
	used = HasUsage(facts);
	facts->ai_call = facts->ai_call || used;
	/* A call that failed before it used anything has nothing to be priced. */
	if (facts->ai_call && facts->known_costs == 0 && (used || facts->status != GENOPS_STATUS_ERROR))
		draft->outcome.cost_source = GENOPS_LITERAL("unpriced");
}
