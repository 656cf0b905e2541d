/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rewrites a query so that Tempo gives the language's answer.
 *
 * Tempo does not evaluate a filter over the whole span.  Its storage first
 * fetches, for each comparison, only values of the literal's own type that
 * satisfy it, and only spans with something fetched (all that was asked for,
 * where the filter is a plain conjunction) reach the engine.  From that follows
 * what is fixed here:
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
 *   .x = nil            where .x is mentioned again: gives spans without .x a nil
 *                       that is a value to the rest; written !(.x != nil)
 *   .a + 1 = .b + 1     holds also where both are missing, but then nothing is fetched;
 *                       written with a condition that lets all spans through
 *   by(.x) | ...        as the first stage sees only spans with .x; written
 *                       { true } | by(.x) | ...
 *   sum_over_time(.x)   becomes nothing through a span without .x; the filter gets
 *                       .x != nil
 *   { .x = 5 || a } | rate() by (.x), max_over_time(.x)
 *                       see .x only where it is 5; the filter gets .x != nil
 *   select(.x) | ...    hides from what follows what was not fetched before; moved to
 *                       the end
 *   -.x, !.x            fail at a span for which .x is no number, no boolean; written
 *                       0 - .x and .x = false
 *   .flag || x          at times takes x where .flag is no boolean; written with
 *                       comparisons
 *   {} beside > << ~    leaves out spans whose parent is missing; written
 *                       { duration >= 0s }
 *   a &>> b             loses spans; written (a >> b) || (b << a)
 *   link:traceID != "x" holds for spans without links; written with the other id's
 *                       != "", and times and names of events alike
 *   duration > 0.5      and other columns of whole numbers with a float: refused or
 *                       wrong; written with an int
 *   { .a = .b } | rate() decided by the storage alone, which is not able to; written
 *                       with the condition that lets all spans through
 *
 * What is right already stays as it is.  Not fixed: what docs/traceql.md lists.
 */
#ifndef GENOPS_CORE_TRACEQL_NORMALISE_H
#define GENOPS_CORE_TRACEQL_NORMALISE_H

#include "core/traceql/traceql.h"

/* The notices of "normalised" say what was rewritten and why; none: nothing
 * was.  The caller frees it.  "traceql" is as it was. */
extern bool genops_traceql_normalise(const GenopsTraceql *traceql, GenopsTraceql *normalised,
                                     GenopsTraceqlError *error);

#endif
