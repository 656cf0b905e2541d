/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "fmgr.h"
#include "govern/rates_jsonb.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static void
Push(JsonbParseState **state, const char *key, JsonbValue *value)
{
	JsonbValue name = { .type = jbvString };

	name.val.string.val = unconstify(char *, key);
	name.val.string.len = (int) strlen(key);
	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, value);
}

void
PushText(JsonbParseState **state, const char *key, GenopsSlice text)
{
	JsonbValue value = { .type = jbvNull };

	if (genops_slice_present(text))
	{
		char *server =
		    pg_any_to_server(pnstrdup(text.data, text.length), (int) text.length, PG_UTF8);

		value.type = jbvString;
		value.val.string.val = server;
		value.val.string.len = (int) strlen(server);
	}
	Push(state, key, &value);
}

void
PushNumber(JsonbParseState **state, const char *key, const char *text)
{
	JsonbValue value = { .type = jbvNull };

	if (text != NULL)
	{
		value.type = jbvNumeric;
		value.val.numeric = DatumGetNumeric(DirectFunctionCall3(
		    numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	}
	Push(state, key, &value);
}

void
PushInteger(JsonbParseState **state, const char *key, int64 number)
{
	PushNumber(state, key, number == GENOPS_UNKNOWN_TOKENS ? NULL : psprintf(INT64_FORMAT, number));
}

Jsonb *
RatesJsonb(const GenopsRates *rates)
{
	JsonbParseState *state = NULL;
	char text[GENOPS_RATE_TEXT_SIZE];

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < GENOPS_RATE_EFFECTIVE_COUNT; i++)
	{
		if ((rates->known & 1u << i) == 0)
			continue;
		genops_rate_print(rates->rate[i], text);
		PushNumber(&state, genops_rate_name((GenopsRate) i), text);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
