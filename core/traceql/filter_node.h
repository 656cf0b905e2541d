/* SPDX-License-Identifier: PostgreSQL */
/*
 * A prepared filter: the query's tree with what is known before any span.
 * Shared by filter_prepare.c, which makes it, and filter.c, which evaluates it.
 */
#ifndef GENOPS_CORE_TRACEQL_FILTER_NODE_H
#define GENOPS_CORE_TRACEQL_FILTER_NODE_H

#include "core/traceql/filter.h"

#define GENOPS_USES_EVENT 1u
#define GENOPS_USES_LINK 2u

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

typedef struct GenopsFilterNode GenopsFilterNode;
struct GenopsFilterNode
{
	const GenopsField *field;
	GenopsFilterNode *operands; /* as many as the field's */
	unsigned uses;
	bool negates; /* has a "!" in it */
	bool certain; /* yields a boolean for every span */
	GenopsTraceqlValue literal;
	struct pcre2_real_code_8 *expression; /* MATCH and NOT_MATCH */
};

struct GenopsTraceqlFilter
{
	bool needs_trace;
	struct pcre2_real_match_data_8 *match_data;
	struct pcre2_real_match_context_8 *match_context;
	size_t count;
	GenopsFilterNode nodes[]; /* the first is the root */
};

#endif
