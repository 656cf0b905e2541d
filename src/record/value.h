/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops.value: what people and drivers pass as an id, a count, a cost, a duration or a
 * reply, whatever type they hold it in.
 *
 * It is a text.  Casts make texts of numbers, and of JSON what it stands for: strings
 * lose their quotes, null is NULL.  A jsonb object or array is not printed, as a reply may be
 * large and is going to be read as jsonb: it lies in the value as it is, behind four bytes
 * that no text begins with.  The output functions print it.
 */
#ifndef GENOPS_RECORD_VALUE_H
#define GENOPS_RECORD_VALUE_H

#include "postgres.h"

#include "core/base/slice.h"
#include "fmgr.h"
#include "utils/jsonb.h"

/* The jsonb in a value; NULL if it is a text.  May be a copy. */
extern Jsonb *ValueJsonb(Datum value);

/* The value of a jsonb: what the cast makes. */
extern Datum genops_value_of_jsonb(PG_FUNCTION_ARGS);

/* The text of a value, that of jsonb printed. */
extern GenopsSlice ValueText(Datum value);

#endif
