/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names of Tempo's tenants (X-Scope-OrgID): 1 to TENANT_ID_MAX letters, digits
 * and characters of !-_.*'(), but not "." or "..".
 */
#ifndef GENOPS_CONFIGURE_TENANT_H
#define GENOPS_CONFIGURE_TENANT_H

#include "postgres.h"

#include "configure/configuration.h"

extern bool TenantIdValid(const char *tenant_id, Size length);

/*
 * Makes a valid name of any text, and different names of different texts: what
 * a name cannot have is written as "!" and two hexadecimal digits, as is "!"
 * itself, so that customers "a/b" and "a_b" never share a tenant.  A TenantName
 * starts zeroed; parts are appended, the literal ones as they are.
 */
typedef struct TenantName
{
	Size length; /* also of what no longer fits */
	uint64 hash; /* of everything appended */
	char text[TENANT_ID_MAX + 1];
} TenantName;

extern void TenantNameAppend(TenantName *name, GenopsSlice part, bool literal);

/* Writes the name; one that is too long is cut and ends in its hash. */
extern Size TenantNameFinish(TenantName *name, char out[TENANT_ID_MAX + 1]);

#endif
