/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "compat.h"
#include "configure/tenant.h"
#include "core/span/ai_provider.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/complaint.h"
#include "record/text.h"
#include "settings.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_fold_provider);

static bool
IsTenant(GenopsSlice tenant)
{
	return tenant.length == 0 || TenantIdValid(tenant.data, tenant.length);
}

bool
AttributionTenantValid(GenopsSlice tenant)
{
	if (IsTenant(tenant))
		return true;
	Complain(COMPLAINT_TENANT, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("invalid tenant \"%s\"", TextForMessage(tenant)),
	         errdetail("A tenant has up to %d letters, digits and characters of !-_.*'(). The span "
	                   "is kept without a tenant and sent nowhere.",
	                   TENANT_ID_MAX),
	         errhint("Check the argument \"tenant_id\" or the setting \"genops.tenant_id\"."));
	return false;
}

/* A setting that is empty is unset: set_config(..., NULL) makes it so. */
static GenopsSlice
FromSession(GenopsFactText which)
{
	const char *setting = setting_attribution[which];

	if (setting == NULL || setting[0] == '\0')
		return GENOPS_ABSENT;
	return TextFromSetting(setting, TextNameLimit());
}

/* Whoever it was meant for, it was not meant for anybody else. */
static const GenopsSampler *
KeepFromEverybody(SpanDraft *draft)
{
	GenopsSpanFacts *facts = &draft->facts;
	static const GenopsSampler nothing = { .never = true, .asks_anew = true };

	facts->text[GENOPS_TEXT_TENANT_ID] = GENOPS_ABSENT;
	facts->text[GENOPS_TEXT_ROUTE] = GENOPS_ABSENT;
	draft->sent_nowhere = true;
	return &nothing;
}

/* What was called differently is grouped as one. */
static void
FoldProvider(SpanDraft *draft)
{
	GenopsSlice *provider = &draft->facts.text[GENOPS_TEXT_PROVIDER];

	draft->said_provider = *provider;
	if (provider->length > 0)
		*provider = genops_ai_provider_fold(draft->provider, sizeof(draft->provider), *provider);
}

static const GenopsSampler *
Resolve(SpanDraft *draft)
{
	GenopsSpanFacts *facts = &draft->facts;
	bool valid = AttributionTenantValid(facts->text[GENOPS_TEXT_TENANT_ID]);
	const GenopsSampler *sampler;

	FoldProvider(draft);
	sampler = ConfigurationResolve(facts, draft->tenant, PINS_FOR_CALL);
	if (!valid && !IsTenant(facts->text[GENOPS_TEXT_TENANT_ID]))
		sampler = KeepFromEverybody(draft); /* no pin has replaced it */
	if (facts->text[GENOPS_TEXT_NAME].length == 0)
		facts->text[GENOPS_TEXT_NAME] =
		    genops_ai_call_name(draft->name, sizeof(draft->name),
		                        facts->text[GENOPS_TEXT_OPERATION], facts->text[GENOPS_TEXT_MODEL]);
	if (facts->text[GENOPS_TEXT_NAME].length == 0)
		facts->text[GENOPS_TEXT_NAME] = GENOPS_LITERAL("call");
	return sampler;
}

const GenopsSampler *
AttributionSet(SpanDraft *draft, const GenopsSlice said[GENOPS_TEXT_COUNT])
{
	GenopsSlice *texts = draft->facts.text;
	size_t limit = TextNameLimit();

	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		texts[i] =
		    genops_slice_present(said[i]) ? TextFromServer(said[i], limit) : FromSession(i);
	return Resolve(draft);
}

const GenopsSampler *
AttributionOfSession(SpanDraft *draft)
{
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		draft->facts.text[i] = FromSession(i);
	return Resolve(draft);
}

/* The name that calls of a provider are grouped by; ASCII is folded in any encoding. */
Datum
genops_fold_provider(PG_FUNCTION_ARGS)
{
	char folded[DRAFT_NAME_MAX];
	GenopsSlice name = genops_ai_provider_fold(folded, sizeof(folded), ArgumentText(fcinfo, 0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(name.data, (int) name.length));
}
