/* SPDX-License-Identifier: PostgreSQL */
/*
 * A hostile query over a hostile span: the text up to the first NUL, then the
 * bytes of a request.  Evaluation ends, and gives the same answer twice.
 */
#include <assert.h>
#include <stdint.h>

#include "core/traceql/filter.h"

#include "core/base/utf8.h"
#include "core/traceql/traceql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
match(const GenopsTraceqlFilter *filter, GenopsSlice request)
{
	GenopsSpanWalk walk = genops_walk_request(request);

	while (genops_walk_next(&walk))
	{
		GenopsTraceFacts trace = { .nested_set_left = 1, .nested_set_parent = -1 };
		GenopsTraceqlSpan span;
		GenopsError error;
		bool first = false;
		bool second = false;

		if (!genops_traceql_span_at(&walk, &trace, &span, &error))
			continue;
		if (genops_traceql_filter_match(filter, &span, &first, &error))
		{
			assert(genops_traceql_span_at(&walk, &trace, &span, &error));
			assert(genops_traceql_filter_match(filter, &span, &second, &error));
			assert(first == second);
		}
		else
			assert(error.message[0] != '\0' && genops_utf8_valid(genops_slice(error.message)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	size_t length = size == 0 ? 0 : strnlen(text, size);
	GenopsSlice rest = { text + length + 1, size > length ? size - length - 1 : 0 };
	GenopsTraceql query;
	GenopsTraceqlError error;

	if (length == size || !genops_traceql_parse((GenopsSlice){ text, length },
	                                            GENOPS_TRACEQL_DIALECT, &query, &error))
		return 0;
	for (size_t i = 0; query.query.pipeline != NULL && i < query.query.pipeline->count; i++)
	{
		const GenopsStage *stage = &query.query.pipeline->stages[i];
		GenopsTraceqlFilter *filter;

		if (stage->kind != GENOPS_STAGE_SPANSET || stage->spanset->kind != GENOPS_SPANSET_FILTER)
			continue;
		filter = genops_traceql_filter_prepare(stage->spanset->filter, &error.error);
		assert(filter != NULL);
		match(filter, rest);
		genops_traceql_filter_free(filter);
	}
	genops_traceql_free(&query);
	return 0;
}
