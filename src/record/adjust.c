/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a correction belongs.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/configuration.h"
#include "configure/utf8_text.h"
#include "fmgr.h"
#include "server_text.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_adjusted_tenant);

/* In the order of the arguments. */
static const GenopsFactText given[] = { GENOPS_TEXT_TENANT_ID,   GENOPS_TEXT_TEAM,
	                                    GENOPS_TEXT_PROJECT,     GENOPS_TEXT_CUSTOMER_ID,
	                                    GENOPS_TEXT_COST_CENTER, GENOPS_TEXT_ENVIRONMENT,
	                                    GENOPS_TEXT_FEATURE,     GENOPS_TEXT_PROVIDER,
	                                    GENOPS_TEXT_MODEL,       GENOPS_TEXT_OPERATION };

/* The tenant of what has these texts, as a span that is ingested gets it: the pin beats the
 * argument, which beats the route and the configuration. */
Datum
genops_adjusted_tenant(PG_FUNCTION_ARGS)
{
	GenopsSpanFacts facts = { 0 };
	char buffer[TENANT_ID_MAX + 1];
	GenopsSlice tenant;

	for (int i = 0; i < (int) lengthof(given); i++)
		if (!PG_ARGISNULL(i))
			facts.text[given[i]] =
			    genops_slice(Utf8FromServer(text_to_cstring(PG_GETARG_TEXT_PP(i))));
	(void) ConfigurationResolve(&facts, buffer, PINS_FOR_INGEST);
	if (!genops_slice_present(facts.text[GENOPS_TEXT_TENANT_ID]))
		PG_RETURN_NULL();
	tenant = ServerText(facts.text[GENOPS_TEXT_TENANT_ID]);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(tenant.data, (int) tenant.length));
}
