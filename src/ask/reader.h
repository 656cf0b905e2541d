/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whose spans the current user may read (genops_grant).
 */
#ifndef GENOPS_ASK_READER_H
#define GENOPS_ASK_READER_H

#include "postgres.h"

#include "core/base/slice.h"
#include "utils/array.h"

/* Raises unless the user may read the ledger at all. */
extern void ReaderRequire(void);

/* Whether spans of a tenant (in the server's encoding) are granted to the user, or those
 * of all. */
extern bool ReaderMay(GenopsSlice tenant);

/*
 * The tenants that a user may read, where the ledger is read without the executor and so
 * without row security.
 */
typedef struct Readership
{
	Oid user;
	bool all;
	GenopsSlice *tenants; /* in the server's encoding; sorted, not by the alphabet */
	int count;
} Readership;

/* That of the current user, in "context": the one that is known already, if it is
 * the user's.  Raises unless the user may read the ledger.  No longer than for a
 * statement, after which rights may change. */
extern const Readership *ReadershipOfUser(const Readership *known, MemoryContext context);

/* Makes it that of these tenants, a text[] that must live as long; NULLs are none. */
extern void ReadershipSet(Readership *readership, ArrayType *tenants);

/* In the server's encoding; "" for spans without a tenant. */
extern bool ReadershipHas(const Readership *readership, GenopsSlice tenant);

/*
 * Raises unless the user may read the spans of a tenant, "a|b" for several, where
 * row security does not see to it: in Tempo.  Without a tenant (NULL) Tempo shows
 * everything it has, and so does one that does not keep tenants apart.
 */
extern void ReaderRequireTenants(const char *tenants);

#endif
