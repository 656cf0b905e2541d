/*
 * What the system catalogs say, for the checks.
 */
#ifndef GENOPS_VALIDATE_CATALOG_H
#define GENOPS_VALIDATE_CATALOG_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* The first column of a query's rows, of type text: a List of char *, NULLs left out. */
extern List *CatalogTexts(const char *query);

/* The first of them, or NULL. */
extern const char *CatalogText(const char *query);

#endif
