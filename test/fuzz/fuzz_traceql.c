/* SPDX-License-Identifier: PostgreSQL */
/*
 * Hostile queries: what parses prints as text that parses to the same tree,
 * and is normalised to a query that is one, too; what does not has a message
 * and a place in the text.
 */
#include <assert.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/traceql/normalise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
print_and_parse(const GenopsTraceql *query)
{
	GenopsBytes text = genops_bytes_growing();
	GenopsTraceql again;
	GenopsTraceqlError error;

	genops_traceql_print(&text, &query->query);
	assert(!text.failed);
	if (text.length <= GENOPS_TRACEQL_MAX_LENGTH)
	{
		/* What the dialect read prints as the language. */
		assert(genops_traceql_parse((GenopsSlice){ (const char *) text.data, text.length },
		                            GENOPS_TRACEQL_STRICT, &again, &error));
		assert(genops_traceql_equal(&query->query, &again.query));
		genops_traceql_free(&again);
	}
	genops_bytes_free(&text);
}

/* Only a tree that grows beyond the limit cannot be normalised. */
static void
normalise(const GenopsTraceql *query)
{
	GenopsTraceql normalised;
	GenopsTraceqlError error;

	if (genops_traceql_normalise(query, &normalised, &error))
	{
		GenopsBytes text = genops_bytes_growing();
		GenopsTraceql again;

		genops_traceql_print(&text, &normalised.query);
		if (genops_traceql_parse((GenopsSlice){ (const char *) text.data, text.length },
		                         GENOPS_TRACEQL_STRICT, &again, &error))
			genops_traceql_free(&again);
		else
			assert(error.error.code == GENOPS_TOO_LARGE);
		genops_bytes_free(&text);
		genops_traceql_free(&normalised);
	}
	else
		assert(error.error.code == GENOPS_TOO_LARGE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GenopsSlice text = { (const char *) data, size };

	for (int mode = GENOPS_TRACEQL_STRICT; mode <= GENOPS_TRACEQL_DIALECT; mode++)
	{
		GenopsTraceql query;
		GenopsTraceqlError error;

		if (genops_traceql_parse(text, (GenopsTraceqlMode) mode, &query, &error))
		{
			print_and_parse(&query);
			normalise(&query);
			genops_traceql_free(&query);
		}
		else
		{
			assert(error.error.message[0] != '\0' && error.offset <= size);
			assert(genops_utf8_valid(genops_slice(error.error.message)));
			assert(genops_utf8_valid(genops_slice(error.error.detail)));
			assert(genops_utf8_valid(genops_slice(error.error.hint)));
		}
	}
	return 0;
}
