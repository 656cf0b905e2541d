/* SPDX-License-Identifier: PostgreSQL */
/*
 * Evaluates a filter, or another expression, over spans, one at a time.
 *
 * A filter is prepared once per query.  Evaluating it allocates nothing and does
 * bounded work, on the bytes of the segment (span_field.h).
 *
 * Meaning: traceql.md 5.2 to 5.6 over the whole span.
 * - "&&" and "||" are true or false; what is no boolean makes them false.  They
 *   stop at the operand that decides, so an error behind it does not happen.
 * - "= nil" holds for what is not there, of an unscoped attribute if neither
 *   the span nor the resource has it.
 * - A comparison with an event's field holds if it does for one of the events.
 *   The operands of one "&&" that hold "!" nowhere must hold for the same event;
 *   "!" over such a comparison means for no event.  Links likewise.
 */
#ifndef GENOPS_CORE_TRACEQL_FILTER_H
#define GENOPS_CORE_TRACEQL_FILTER_H

#include "core/traceql/span_field.h"

typedef struct GenopsTraceqlFilter GenopsTraceqlFilter;

/* "field" has been checked (check.h) and must live as long as the filter. */
extern GenopsTraceqlFilter *genops_traceql_filter_prepare(const GenopsField *field,
                                                          GenopsError *error);
extern void genops_traceql_filter_free(GenopsTraceqlFilter *filter);

/* Whether the filter looks at GenopsTraceFacts. */
extern bool genops_traceql_filter_needs_trace(const GenopsTraceqlFilter *filter);

/* Not from two threads at once with the same filter.  False for an error, which
 * ends the query: a division by zero, no boolean where one must be, too much work. */
extern bool genops_traceql_filter_match(const GenopsTraceqlFilter *filter, GenopsTraceqlSpan *span,
                                        bool *matches, GenopsError *error);

/* What an expression that need not be a filter is for the span; of an event's or
 * a link's field what the first has that has it.  A text is valid as long as the
 * span and its bytes, that of a link's id until another one is looked up. */
extern bool genops_traceql_filter_value(const GenopsTraceqlFilter *filter, GenopsTraceqlSpan *span,
                                        GenopsTraceqlValue *value, GenopsError *error);

#endif
