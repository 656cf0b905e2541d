/* SPDX-License-Identifier: PostgreSQL */
/*
 * Attribution that an administrator pinned for a role.
 */
#ifndef GENOPS_CONFIGURE_PIN_H
#define GENOPS_CONFIGURE_PIN_H

#include "postgres.h"

#include "configure/configuration.h"
#include "nodes/pg_list.h"

/* What is pinned for one role: absent where nothing is, empty where it is
 * pinned to none. */
struct PinnedRole
{
	Oid role;
	GenopsSlice text[GENOPS_TEXT_COUNT];
};

/* Makes them of the rows of genops.pin, in the order of the roles' oids, in the
 * current memory context. */
extern PinnedRole *PinsPrepare(List *stored, int *count);

/*
 * What is pinned for this session's roles goes over the texts; with tenant_only, no
 * other text is touched.  No catalog is looked at.
 */
extern void PinsApply(const PinnedRole *pins, int count, GenopsSlice text[GENOPS_TEXT_COUNT],
                      bool tenant_only);

#endif
