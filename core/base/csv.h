/* SPDX-License-Identifier: PostgreSQL */
/*
 * Comma-separated values as RFC 4180 has them: quotes around a field that has a comma, a
 * quote (twice) or a new line in it.
 */
#ifndef GENOPS_CORE_BASE_CSV_H
#define GENOPS_CORE_BASE_CSV_H

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

typedef struct GenopsCsv
{
	GenopsSlice rest;
	size_t line; /* of the record last read, from 1 */
	size_t next_line;
	GenopsBytes quoted; /* fields of that record without their quotes */
} GenopsCsv;

/* Borrows the text; genops_csv_free in any case. */
extern GenopsCsv genops_csv(GenopsSlice text);
extern void genops_csv_free(GenopsCsv *csv);

/*
 * The next record; empty lines are none.  Fields are valid until the next call.  False at
 * the end, with the error's code GENOPS_OK, or for what is no record; of a record with more
 * fields than "limit" the count alone says so.
 */
extern bool genops_csv_next(GenopsCsv *csv, GenopsSlice *fields, size_t limit, size_t *count,
                            GenopsError *error);

#endif
