/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "govern/jsonb_item.h"
#include "govern/price_reply.h"
#include "record/charge.h"
#include "record/text.h"
#include "record/usage.h"

/* Of the current draft, as long as it lasts. */
static GenopsReply reply;
static GenopsPricing pricing;
static char currency[8];
static char flags[GENOPS_USAGE_FLAG_COUNT * GENOPS_USAGE_FLAG_TEXT_SIZE];

/* The headers that HTTP's client hands over, then those of the options. */
static GenopsSlice
Header(void *context, GenopsSlice name)
{
	const CallOutcome *said = context;
	GenopsSlice value = ReplyHeader(&said->reply, name);
	GenopsJsonItem options;

	if (genops_slice_present(value) || said->options.headers == NULL)
		return value;
	options = JsonItemOfJsonb(said->options.headers);
	return genops_reply_header_of_json(&options, name);
}

static GenopsUsage
UsageOf(const GenopsSpanFacts *facts)
{
	GenopsUsage usage = GENOPS_NO_USAGE;

	usage.input = facts->tokens[GENOPS_TOKENS_INPUT];
	usage.output = facts->tokens[GENOPS_TOKENS_OUTPUT];
	usage.cache_read = facts->tokens[GENOPS_TOKENS_CACHE_READ];
	usage.cache_write = facts->tokens[GENOPS_TOKENS_CACHE_WRITE];
	usage.reasoning = facts->tokens[GENOPS_TOKENS_REASONING];
	return usage;
}

static GenopsPricedCall
CallOf(const GenopsSpanFacts *facts)
{
	return (GenopsPricedCall){ .provider = facts->text[GENOPS_TEXT_PROVIDER],
		                       .model = facts->text[GENOPS_TEXT_MODEL],
		                       .operation = facts->text[GENOPS_TEXT_OPERATION],
		                       .service_tier = facts->text[GENOPS_TEXT_SERVICE_TIER],
		                       .at = facts->start_ns / 1000,
		                       .usage = UsageOf(facts) };
}

static void
SetUsage(GenopsSpanFacts *facts)
{
	const GenopsUsage *usage = &pricing.usage;

	facts->tokens[GENOPS_TOKENS_INPUT] = usage->input;
	facts->tokens[GENOPS_TOKENS_OUTPUT] = usage->output;
	facts->tokens[GENOPS_TOKENS_CACHE_READ] = usage->cache_read;
	facts->tokens[GENOPS_TOKENS_CACHE_WRITE] = usage->cache_write;
	facts->tokens[GENOPS_TOKENS_REASONING] = usage->reasoning;
	facts->cache_write_1h = usage->cache_write_1h;
}

const GenopsReply *
UsageRead(SpanDraft *draft, const CallOutcome *said)
{
	GenopsSpanFacts *facts = &draft->facts;
	GenopsPricedCall call = CallOf(facts);
	ReplyBody body = { .jsonb = said->reply.jsonb,
		               .text = said->reply.text,
		               .http_status = said->reply.http_status,
		               .header = Header,
		               .header_context = unconstify(CallOutcome *, said) };

	if (said->options.service_tier.length > 0)
		call.service_tier = TextFromServer(said->options.service_tier, TextNameLimit());
	call.base_model = TextFromServer(said->options.base_model, TextNameLimit());
	call.may_charge = ChargeGranted();
	PriceReply(&body, &call, &reply, &pricing);

	/* Where there is no reply, it lacks nothing. */
	if (!said->reply.given)
		reply.flags.set &= ~(1u << GENOPS_USAGE_FLAG_NO_USAGE);
	if (pricing.has_usage)
		SetUsage(facts);
	if (pricing.service_tier.length > 0)
		facts->text[GENOPS_TEXT_SERVICE_TIER] = pricing.service_tier;
	return &reply;
}

static GenopsCostSource
SourceOf(GenopsPricedBy source)
{
	return source == GENOPS_PRICED_BY_TABLE      ? GENOPS_COST_FROM_PRICES
	       : source == GENOPS_PRICED_BY_PROVIDER ? GENOPS_COST_FROM_PROVIDER
	                                             : GENOPS_COST_FROM_NOWHERE;
}

static void
SetCost(GenopsSpanFacts *facts)
{
	memcpy(facts->cost, pricing.cost.part, sizeof(facts->cost));
	facts->known_costs = pricing.has_parts ? (1 << GENOPS_COST_COUNT) - 1 : 1 << GENOPS_COST_TOTAL;
	facts->has_reasoning_cost = pricing.has_parts && pricing.usage.reasoning > 0;
	facts->reasoning_cost = pricing.cost.reasoning;
	facts->cost_source = SourceOf(pricing.source);
	facts->price_id = pricing.has_price ? pricing.price.id : 0;

	/* The price list may change before the span is handed over. */
	strlcpy(currency, "USD", sizeof(currency));
	if (pricing.currency.length < sizeof(currency))
	{
		memcpy(currency, pricing.currency.data, pricing.currency.length);
		currency[pricing.currency.length] = '\0';
	}
	facts->text[GENOPS_TEXT_CURRENCY] = genops_slice(currency);
}

/* One a line. */
static void
SetFlags(GenopsSpanFacts *facts)
{
	size_t length = 0;

	for (int i = 0; i < GENOPS_USAGE_FLAG_COUNT; i++)
	{
		if (!genops_usage_flagged(&reply.flags, (GenopsUsageFlag) i))
			continue;
		if (length > 0)
			flags[length++] = '\n';
		length += genops_usage_flag_print(&reply.flags, (GenopsUsageFlag) i, flags + length);
	}
	if (length > 0)
		facts->text[GENOPS_TEXT_USAGE_FLAGS] = (GenopsSlice){ flags, length };
	if (genops_usage_flagged(&reply.flags, GENOPS_USAGE_FLAG_PARTIAL_STREAM))
		facts->flags |= GENOPS_FLAG_PARTIAL_STREAM;
}

/* A cost that the caller stated, and was allowed to, stays. */
static void
Charge(GenopsSpanFacts *facts)
{
	bool stated = facts->cost_source != GENOPS_COST_FROM_NOWHERE;

	if (!facts->ai_call)
		return;
	if (!stated && pricing.has_cost)
		SetCost(facts);
	if (stated)
		reply.flags.set &= ~(1u << GENOPS_USAGE_FLAG_UNKNOWN_MODEL);
	SetFlags(facts);
}

void
UsageCharge(SpanDraft *draft)
{
	Charge(&draft->facts);
}

void
UsageChargeSpan(GenopsSpanFacts *facts)
{
	const ReplyBody none = { 0 };
	GenopsPricedCall call = CallOf(facts);

	if (!facts->ai_call || facts->cost_source != GENOPS_COST_UNPRICED)
		return;
	if (facts->text[GENOPS_TEXT_RESPONSE_MODEL].length > 0)
		call.model = facts->text[GENOPS_TEXT_RESPONSE_MODEL];
	call.may_charge = true;
	PriceReply(&none, &call, &reply, &pricing);
	facts->cost_source = GENOPS_COST_FROM_NOWHERE;
	Charge(facts);
	if (facts->cost_source == GENOPS_COST_FROM_NOWHERE)
		facts->cost_source = GENOPS_COST_UNPRICED;
}
