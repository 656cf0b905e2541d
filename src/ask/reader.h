/*
 * Whose spans the current user may read (genops_grant).
 */
#ifndef GENOPS_ASK_READER_H
#define GENOPS_ASK_READER_H

#include "postgres.h"

/* Raises unless the user may read the ledger at all. */
extern void ReaderRequire(void);

/*
 * Raises unless the user may read the spans of a tenant, "a|b" for several, where
 * row security doesn't see to it: in Tempo.  Without a tenant (NULL) Tempo shows
 * everything it has.
 */
extern void ReaderRequireTenants(const char *tenants);

#endif
