#include "postgres.h"

#include "configure/tenant.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/text.h"
#include "settings.h"

void
AttributionCheckTenant(GenopsSlice tenant)
{
	if (tenant.length == 0 || TenantIdValid(tenant.data, tenant.length))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid tenant \"%s\"", TextForMessage(tenant)),
	         errdetail("A tenant has up to %d letters, digits and characters of !-_.*'().",
	                   TENANT_ID_MAX),
	         errhint("Check the argument \"tenant_id\" or the setting \"genops.tenant_id\".")));
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

static const GenopsSampler *
Resolve(SpanDraft *draft)
{
	GenopsSpanFacts *facts = &draft->facts;
	const GenopsSampler *sampler;

	AttributionCheckTenant(facts->text[GENOPS_TEXT_TENANT_ID]);
	sampler = ConfigurationResolve(facts, draft->tenant, PINS_FOR_CALL);
	if (facts->text[GENOPS_TEXT_NAME].length == 0)
		facts->text[GENOPS_TEXT_NAME] =
		    genops_ai_call_name(draft->name, sizeof(draft->name),
		                        facts->text[GENOPS_TEXT_OPERATION], facts->text[GENOPS_TEXT_MODEL]);
	if (facts->text[GENOPS_TEXT_NAME].length == 0)
		facts->text[GENOPS_TEXT_NAME] = GENOPS_LITERAL("call");
	return sampler;
}

const GenopsSampler *
AttributionSet(SpanDraft *draft, FunctionCallInfo fcinfo, const AttributionArguments *arguments,
               GenopsSlice customer_id, GenopsSlice user_id)
{
	GenopsSlice *texts = draft->facts.text;
	size_t limit = TextNameLimit();

	texts[GENOPS_TEXT_CUSTOMER_ID] = TextFromServer(customer_id, limit);
	texts[GENOPS_TEXT_USER_ID] = TextFromServer(user_id, limit);
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
	{
		int number = arguments->number[i];

		if (number >= 0)
			texts[i] = TextFromServer(ArgumentText(fcinfo, number), limit);
		if (!genops_slice_present(texts[i]))
			texts[i] = FromSession(i);
	}
	return Resolve(draft);
}

const GenopsSampler *
AttributionOfSession(SpanDraft *draft)
{
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		draft->facts.text[i] = FromSession(i);
	return Resolve(draft);
}
