/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a query says, for the checks: of the system catalogs mostly.
 */
#ifndef GENOPS_VALIDATE_SQL_TEXTS_H
#define GENOPS_VALIDATE_SQL_TEXTS_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* The first column of a query's rows, of type text: a List of char *, NULLs left out. */
extern List *SqlTexts(const char *query);

/* The first of them, or NULL. */
extern const char *SqlText(const char *query);

#endif
