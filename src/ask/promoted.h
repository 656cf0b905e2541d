/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which attributes and intrinsics of a query have a column in
 * genops.ledger_span.
 *
 * The column says what the attribute says in rows that are "exact"
 * (keep/segment.h), and in no others.
 */
#ifndef GENOPS_ASK_PROMOTED_H
#define GENOPS_ASK_PROMOTED_H

#include "postgres.h"

#include "core/traceql/ast.h"

typedef struct Promoted
{
	GenopsValueType type;
	const char *sql;    /* an expression over the row, NULL where the attribute is missing */
	bool has_missing;   /* it can be NULL */
	const char *text;   /* of a text: the same, cheaper, but '' where it is missing; or NULL */
	const char *number; /* of a number: the same as a whole number, to be added up exactly; */
	double per_unit;    /* so many make one of what metrics functions give (seconds, dollars) */
} Promoted;

/* NULL: it has none. */
extern const Promoted *PromotedFind(const GenopsAttribute *attribute);

#endif
