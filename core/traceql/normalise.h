/*
 * Rewrites a query so that Tempo gives the language's answer.
 *
 * Tempo does not evaluate a filter over the whole span.  Its storage first
 * fetches, for each comparison, only values of the literal's own type that
 * satisfy it, and only spans with something fetched (all that was asked for,
 * where the filter is a plain conjunction) reach the engine.  From that follows
 * what is mended here:
 *
 *   5 < .x              the storage reads .x < 5; written .x > 5
 *   .x > 5              sees no 5.5, as the literal is an int; written
 *                       .x > 5 || .x > 5.0, or with the literal of the known type
 *   .x != 5             sees ints only, and of an array only what differs;
 *                       written .x != 5 && .x != nil, which fetches everything
 *   !(.x = 5)           fetches what equals 5 and then drops it; written with
 *                       the opposite and the nil case where the type is known, else
 *                       with a condition that lets all spans through
 *   .x = 5 || true      only spans with .x = 5 are fetched; written true
 *   .x = nil            holds if the span or the resource lacks it; written with
 *                       both scopes
 *   by(.x) | ...        as the first stage sees only spans with .x; written
 *                       { true } | by(.x) | ...
 *   sum_over_time(.x)   becomes nothing through a span without .x; the filter gets
 *                       .x != nil
 *
 * What is right already stays as it is.  Not mended: values of event and link
 * attributes under ||, where Tempo looks at the first event only; comparisons
 * within by() and aggregates; sums over attributes that are text in some spans.
 */
#ifndef GENOPS_CORE_TRACEQL_NORMALISE_H
#define GENOPS_CORE_TRACEQL_NORMALISE_H

#include "core/traceql/traceql.h"

/* The notices of "normalised" say what was rewritten and why; none: nothing
 * was.  The caller frees it.  "traceql" is as it was. */
extern bool genops_traceql_normalise(const GenopsTraceql *traceql, GenopsTraceql *normalised,
                                     GenopsTraceqlError *error);

#endif
