/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the tests of TraceQL share: parsing, and printing into a text.
 */
#ifndef GENOPS_TEST_CORE_TRACEQL_H
#define GENOPS_TEST_CORE_TRACEQL_H

#include "core/traceql/traceql.h"
#include "test/core/check.h"

/* The query must parse; the caller frees. */
static inline GenopsTraceql
parse_valid(const char *text, GenopsTraceqlMode mode)
{
	GenopsTraceql query;
	GenopsTraceqlError error;

	if (!genops_traceql_parse(genops_slice(text), mode, &query, &error))
		fail_msg("%s\n%s\n%s", error.error.message, error.error.detail, error.error.hint);
	return query;
}

/* The query must not parse. */
static inline GenopsTraceqlError
parse_invalid(const char *text, GenopsTraceqlMode mode)
{
	GenopsTraceql query;
	GenopsTraceqlError error;

	if (genops_traceql_parse(genops_slice(text), mode, &query, &error))
		fail_msg("parsed: %s", text);
	return error;
}

/* NUL-terminated, in a growing buffer that the caller frees. */
static inline const char *
print_query(GenopsBytes *out, const GenopsQuery *query)
{
	genops_bytes_clear(out);
	genops_traceql_print(out, query);
	genops_bytes_put(out, "", 1);
	assert_false(out->failed);
	return (const char *) out->data;
}

/* How the query prints. */
static inline void
check_prints(const char *text, GenopsTraceqlMode mode, const char *expected, const char *file,
             int line)
{
	GenopsTraceql query = parse_valid(text, mode);
	GenopsBytes out = genops_bytes_growing();

	_assert_string_equal(print_query(&out, &query.query), expected, file, line);
	genops_bytes_free(&out);
	genops_traceql_free(&query);
}

#define assert_prints(text, expected) \
	check_prints(text, GENOPS_TRACEQL_STRICT, expected, __FILE__, __LINE__)
#define assert_dialect_prints(text, expected) \
	check_prints(text, GENOPS_TRACEQL_DIALECT, expected, __FILE__, __LINE__)

#endif
