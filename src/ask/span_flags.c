/* SPDX-License-Identifier: PostgreSQL */
/*
 * The names of a span's flags.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/span/facts.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_span_flags);

/* In the order of the bits of GenopsFactFlag. */
static const char *const flag_names[GENOPS_FLAG_COUNT] = {
	"untimed",    "no_duration", "unfinished", "duplicate", "blocked",       "partial_stream",
	"tokens_cut", "supplement",  "container",  "unclear",   "cache_outside", "settles"
};

/* NULL if there is none that has a name. */
Datum
genops_span_flags(PG_FUNCTION_ARGS)
{
	int64 flags = PG_GETARG_INT64(0);
	Datum names[GENOPS_FLAG_COUNT];
	int count = 0;

	for (int i = 0; i < GENOPS_FLAG_COUNT; i++)
		if (flags & (INT64_C(1) << i))
			names[count++] = CStringGetTextDatum(flag_names[i]);
	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}
